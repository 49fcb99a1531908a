"""What happens at a venue or in a simulated book: the part of the journal that is money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias, final

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId


class Book(StrEnum):
    """Whose money an event is about; every book but ACCOUNT is simulated and says so."""

    ACCOUNT = "account"
    ASKED = "shadow-asked"
    GOVERNED = "shadow-governed"
    BASELINE = "shadow-baseline"


class FillKind(StrEnum):
    """Why a trade happened."""

    ENTRY = "entry"
    REDUCE = "reduce"
    STOP = "stop"
    LIQUIDATION = "liquidation"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A trade at the venue, or in a shadow book.

    `side` is the order's. `margin_usd` is posted (positive) or released (negative);
    `realised_usd` is the price gain of what was closed, before `fee_usd`.
    """

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    side: Side
    kind: FillKind
    quantity_base: Decimal
    price_usd: Decimal
    fee_usd: Decimal
    realised_usd: Decimal
    margin_usd: Decimal
    order_id: ClientOrderId
    trade_id: str
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StopArmed:
    """A stop rests at the venue; `side` is the stop order's.

    It closes all there is where `quantity_base` is None, else that much of it at most.
    """

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    side: Side
    stop_price_usd: Decimal
    order_id: ClientOrderId
    intent_id: IntentId
    quantity_base: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingSet:
    """A close-all trailing stop rests at the venue and stands like this.

    Told when it is armed, and again whenever its extreme has moved: the last telling is how
    it stands. `best_usd` is the extreme since the price reached `activation_usd`, None
    before; coming back from there by `callback_pct` fires it. `side` is the order's.
    """

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    side: Side
    callback_pct: Decimal
    activation_usd: Decimal
    best_usd: Decimal | None
    order_id: ClientOrderId
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded:
    """An order is gone without a (further) fill: cancelled, expired or displaced.

    An order that traded in part before it ended stays a filled one.
    """

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    order_id: ClientOrderId
    reason: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused:
    """The venue said no; `code` is the venue's own."""

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    order_id: ClientOrderId
    code: str
    message: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPaid:
    """Funding settled on an open position; negative `amount_usd` was paid by us."""

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    amount_usd: Decimal
    rate_fraction: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InsuranceCleared:
    """The venue's insurance fund squared a liquidation; it follows the fill that closed.

    Negative `amount_usd` was taken from what the position had left, positive was paid in
    because the loss was larger than the position's margin.
    """

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    amount_usd: Decimal
    order_id: ClientOrderId
    intent_id: IntentId


VenueEvent: TypeAlias = (
    Filled
    | StopArmed
    | TrailingSet
    | OrderEnded
    | OrderRefused
    | FundingPaid
    | InsuranceCleared
)
