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
    """A close-all stop rests at the venue; `side` is the stop order's."""

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    side: Side
    stop_price_usd: Decimal
    order_id: ClientOrderId
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded:
    """A resting order is gone without a (further) fill: cancelled, expired or displaced."""

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


VenueEvent: TypeAlias = Filled | StopArmed | OrderEnded | OrderRefused | FundingPaid
