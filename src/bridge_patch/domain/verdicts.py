"""What the Governor answered, as the journal keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import final

from bridge_patch.domain.case_record import CaseRecord
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs


class Verdict(StrEnum):
    """The Governor's answer: as asked, less, or no."""

    ACCEPT = "ACCEPT"
    CLAMP = "CLAMP"
    REJECT = "REJECT"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRecord:
    """What one rule said: ALLOW, CAP, WARN or DENY, with the numbers it compared."""

    rule: str
    vote: str
    code: str
    detail: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict and all that went into it; `case` is enough to judge an entry again.

    For a reduction the proposed and approved margins are None and `quantity_base` is what
    may be closed. `codes` begins with the headline; `binding` names the rule whose cap won.
    `build` is the program that judged, "" in journals from before it was kept.
    """

    at_ms: UnixMs
    intent_id: IntentId
    symbol: Symbol
    action: str
    mode: Mode
    verdict: Verdict
    codes: tuple[str, ...]
    detail: str
    binding: str
    raised: bool
    confidence: Decimal | None
    proposed_margin_usd: Decimal | None
    proposed_leverage: Decimal | None
    margin_usd: Decimal | None
    leverage: Decimal | None
    quantity_base: Decimal | None
    notional_usd: Decimal | None
    stop_fraction: Decimal | None
    harvest_policy: HarvestPolicy | None
    votes: tuple[VoteRecord, ...]
    case: CaseRecord | None
    limits_hash: str
    build: str = ""
