"""The closed union that the journal stores. Every screen and every state is a fold of it.

Records are flat: plain decimals with the unit in the name, so that they can be written,
read back and hashed without knowing what they mean. Optional fields are None where the
thing does not exist (a refusal has no order), never where somebody forgot to fill them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias, final

from bridge_patch.domain.account_events import (
    EquityMarked,
    LatchSet,
    Rearmed,
    TradingState,
    Transferred,
)
from bridge_patch.domain.case_record import CaseRecord
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.progress import ExitsBlind, Stage, TickReached
from bridge_patch.domain.protection_events import CloseForced
from bridge_patch.domain.reconcile_events import (
    DifferenceFound,
    DifferenceGone,
    FilledLate,
    OrderVouched,
    PositionVouched,
    WalletCounted,
)
from bridge_patch.domain.run_events import ModeOrdered, RunStarted
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    StopArmed,
    TrailingSet,
    VenueEvent,
)
from bridge_patch.domain.verdicts import Judged, Verdict, VoteRecord

__all__ = [
    "Book",
    "BulkExpired",
    "CaseRecord",
    "CloseForced",
    "DeadLettered",
    "DifferenceFound",
    "DifferenceGone",
    "DuplicateSeen",
    "EquityMarked",
    "Event",
    "ExitsBlind",
    "Expired",
    "FillKind",
    "Filled",
    "FilledLate",
    "FundingPaid",
    "InstrumentSeen",
    "InsuranceCleared",
    "IntentReceived",
    "Judged",
    "LatchSet",
    "ModeOrdered",
    "OrderEnded",
    "OrderRefused",
    "OrderVouched",
    "PositionVouched",
    "Rearmed",
    "Resolved",
    "RunStarted",
    "Sending",
    "Settled",
    "Stage",
    "Status",
    "StopArmed",
    "TickReached",
    "TradingState",
    "TrailingSet",
    "Transferred",
    "VenueEvent",
    "Verdict",
    "VoteRecord",
    "WalletCounted",
]


class Status(StrEnum):
    """How an intent ended."""

    FILLED = "FILLED"
    RESTING = "RESTING"
    SIMULATED = "SIMULATED"
    REFUSED = "REFUSED"
    VENUE_REFUSED = "VENUE_REFUSED"
    UNKNOWN = "UNKNOWN"
    EXPIRED = "EXPIRED"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSeen:
    """The venue's trading rules for a symbol, as this run read them; anew on a change."""

    at_ms: UnixMs
    instrument: Instrument


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IntentReceived:
    """An intent was understood; `payload` is its text as it came, all fields kept."""

    at_ms: UnixMs
    intent_id: IntentId
    entry_id: str
    source: str
    created_ms: UnixMs
    payload: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An order is about to leave; written before it does.

    An entry carries what is needed to finish it after a crash: leverage, margin, the stop
    as a fraction of the entry, and the policy. Those are None for a reduction;
    `stop_price_usd` is None for an order at market.
    """

    at_ms: UnixMs
    intent_id: IntentId
    order_id: ClientOrderId
    leg: Leg
    symbol: Symbol
    side: Side
    quantity_base: Decimal
    leverage: int | None = None
    margin_usd: Decimal | None = None
    stop_fraction: Decimal | None = None
    harvest_policy: HarvestPolicy | None = None
    stop_price_usd: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """An order that had been sent got its answer; `event` is a word of the order table."""

    at_ms: UnixMs
    intent_id: IntentId
    order_id: ClientOrderId
    leg: Leg
    event: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The one outcome of an intent: what `execution.result` carries.

    Proposed is what was asked, approved what the Governor allowed, filled what the venue
    reported. Times are milliseconds of data time. `entry_id` is the message's, and "" where
    the bus had lost it.
    """

    at_ms: UnixMs
    intent_id: IntentId
    entry_id: str
    symbol: Symbol
    action: str
    mode: Mode
    status: Status
    verdict: Verdict
    codes: tuple[str, ...]
    detail: str
    confidence: Decimal | None
    proposed_margin_usd: Decimal | None
    proposed_leverage: Decimal | None
    approved_margin_usd: Decimal | None
    approved_leverage: Decimal | None
    approved_quantity_base: Decimal | None
    notional_usd: Decimal | None
    filled_quantity_base: Decimal | None
    filled_price_usd: Decimal | None
    fee_usd: Decimal | None
    order_ids: tuple[ClientOrderId, ...]
    harvest_policy: HarvestPolicy | None
    stop_price_usd: Decimal | None
    source: str
    limits_hash: str
    build: str
    created_ms: UnixMs
    received_ms: UnixMs
    judged_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """An entry too old to be judged; its outcome is the bulk expiry that names it."""

    at_ms: UnixMs
    intent_id: IntentId
    entry_id: str
    created_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BulkExpired:
    """Entries that were too old, ended by one outcome that names them all."""

    at_ms: UnixMs
    intent_ids: tuple[IntentId, ...]
    entry_ids: tuple[str, ...]
    age_max_sec: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettered:
    """A message set aside with its faults; its bytes are in the dead-letter stream.

    `source` is who sent it, "" where it does not say.
    """

    at_ms: UnixMs
    entry_id: str
    reason: str
    faults: tuple[str, ...]
    source: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateSeen:
    """A second message with an id that was taken; acknowledged, counted, not acted upon."""

    at_ms: UnixMs
    intent_id: IntentId
    entry_id: str


Event: TypeAlias = (
    RunStarted
    | ModeOrdered
    | InstrumentSeen
    | IntentReceived
    | Judged
    | Sending
    | Resolved
    | Settled
    | Expired
    | BulkExpired
    | DeadLettered
    | DuplicateSeen
    | LatchSet
    | Rearmed
    | Transferred
    | EquityMarked
    | TickReached
    | ExitsBlind
    | DifferenceFound
    | DifferenceGone
    | WalletCounted
    | OrderVouched
    | PositionVouched
    | FilledLate
    | CloseForced
    | VenueEvent
)
