"""An answer to "why": every part of it a value, for a screen or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import final

from bridge_patch.domain.events import BulkExpired, Filled, RunStarted, Sending
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.services.messages import DeadLetter
from bridge_patch.services.ports import Stored


class Kind(StrEnum):
    """What an id turned out to be."""

    ENTRY = "entry"
    REDUCTION = "reduction"
    EXPIRED = "expired"
    DEAD_LETTER = "dead letter"
    UNDECIDED = "undecided"
    WAITING = "waiting"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What was found about an id; `about` is the journal's, `letters` are the bus's.

    `fills` are the venue's or the governed book's, oldest first, from a time at which the
    symbol was flat; `sent` are the symbol's orders as they left, where that was one.
    """

    intent_id: IntentId
    about: tuple[Stored, ...] = ()
    run: RunStarted | None = None
    bulk: BulkExpired | None = None
    fills: tuple[Filled, ...] = ()
    sent: tuple[Sending, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
    waiting: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one rule said, with its numbers, its settings and what would have to change.

    `decided` marks the headline of a refusal, or the cap that set the final value.
    """

    rule: str
    vote: str
    code: str
    detail: str
    meaning: str
    settings: Mapping[str, str]
    change: str
    decided: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A proposal or what was left of it; None where it was not stated or not allowed."""

    margin_usd: Decimal | None = None
    leverage: Decimal | None = None
    notional_usd: Decimal | None = None
    quantity_base: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the message asked for, in its own words and numbers."""

    symbol: str
    action: str
    size: Size
    confidence: Decimal | None
    stop_pct: Decimal | None
    policy: str | None
    source: str
    reason: str
    stop_at_usd: Decimal | None
    created_ms: UnixMs | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended; `codes` and `detail` are what was said after the verdict."""

    at_ms: UnixMs
    status: str
    codes: tuple[str, ...]
    detail: str
    filled_quantity_base: Decimal | None
    filled_price_usd: Decimal | None
    fee_usd: Decimal | None
    stop_price_usd: Decimal | None
    order_ids: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade that took something off a position."""

    at_ms: UnixMs
    kind: str
    quantity_base: Decimal
    price_usd: Decimal
    realised_usd: Decimal
    fee_usd: Decimal
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The position that an entry opened, or that a reduction was about.

    `before_base` stood before the first of `trades`, `left_base` after the last. Realised
    and fees are those of the trades, `fees_usd` with what opening cost for an entry.
    """

    opened_by: IntentId
    opened_ms: UnixMs
    side: str
    entry_price_usd: Decimal
    before_base: Decimal
    left_base: Decimal
    trades: tuple[Trade, ...]
    realised_usd: Decimal
    fees_usd: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that was not judged, and what became of it."""

    entry_id: str
    at_ms: UnixMs | None
    what: str
    faults: tuple[str, ...] = ()
    payload: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything there is to say about one id; `headline` says it in one sentence."""

    intent_id: IntentId
    kind: Kind
    headline: str
    verdict: str | None = None
    mode: str | None = None
    run_id: str | None = None
    fail_open: str = ""
    judged_ms: UnixMs | None = None
    asked: Asked | None = None
    saw: Mapping[str, Decimal | str] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    allowing_rules: int = 0
    notes: tuple[str, ...] = ()
    allowed: Size | None = None
    outcome: Outcome | None = None
    held: Held | None = None
    messages: tuple[Message, ...] = ()
