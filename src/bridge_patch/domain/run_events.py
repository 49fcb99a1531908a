"""What begins a run, and what a person decided about its mode."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.intent import Mode, UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A process began to judge; `feed` and `venue` say what is simulated.

    `equity_usd` is the starting wallet of the paper venue and of the shadow books; what an
    account anywhere else is worth its first EquityMarked says. `market` names whose prices
    are followed, "replay" where nobody's are; `gate` is what the gate said to this start.
    Both are "" in journals from before there was a promotion.
    """

    at_ms: UnixMs
    run_id: str
    mode: Mode
    build: str
    limits_hash: str
    limits: str
    feed: str
    venue: str
    equity_usd: Decimal
    market: str = ""
    gate: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModeOrdered:
    """A person ordered a mode, and the reason; a promotion names what it is for.

    `limits_hash` and `market` are those that the evidence was gathered under, `evidence`
    says in a sentence what it was; all are "" for an order back to shadow. An override has
    `expires_ms`: it is a promotion without the evidence, and ends by itself.
    """

    at_ms: UnixMs
    mode: Mode
    who: str
    why: str
    limits_hash: str = ""
    market: str = ""
    evidence: str = ""
    expires_ms: UnixMs | None = None
    command_id: str = ""
