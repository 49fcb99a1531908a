"""What is known of one order of ours, and how its trades are stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.events import Sending
from bridge_patch.domain.instrument import CostRates
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg, OrderState
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import Book, Filled, FillKind

#: Client ids of orders that the exchange itself makes: always believed, never ours.
EXCHANGE_MADE: Final = ("autoclose-", "adl_autoclose", "settlement_autoclose-")
#: The books of the exchange have eight decimals.
_BOOKED: Final = Decimal("0.00000001")
#: Assets in which a fee is its amount in USD.
_USD_ASSETS: Final = frozenset({"USDT", "USDC", "FDUSD", "BUSD", "USD"})
_KINDS: Final = MappingProxyType(
    {
        Leg.ENTRY: FillKind.ENTRY,
        Leg.STOP: FillKind.STOP,
        Leg.REDUCE: FillKind.REDUCE,
        Leg.FLATTEN: FillKind.REDUCE,
    }
)
#: A word about an order counts where it says more than the one before.
_RANK: Final[Mapping[OrderState | None, int]] = MappingProxyType(
    {
        None: 0,
        OrderState.OPEN: 1,
        OrderState.REJECTED: 2,
        OrderState.CANCELLED: 2,
        OrderState.FILLED: 3,
    }
)


@final
@dataclass(slots=True, kw_only=True)
class OrderFacts:
    """One order: what was asked, what the venue says of it, and what was told of it.

    `state` is the venue's word, None while there is none; `executed_base` what it says has
    traded, `told_base` what trades were told for. `sent_ms` is our time of the newest send,
    `venue_id` the venue's number of the (real) order. A stop `rests` once that was told,
    over `stop_base`, or over all there is where that is None.
    `adopted_base` is what a person's word has counted and the venue has not told yet.
    `absent` is that it ended in an earlier life as one that never came: then whatever the
    venue says of it is news.
    `end_reason` is why an order that traded ended before it was whole; that is told when
    all of its trades were.
    """

    order_id: ClientOrderId
    intent_id: IntentId
    leg: Leg
    symbol: Symbol
    side: Side
    quantity_base: Decimal
    leverage: int | None = None
    stop_price_usd: Decimal | None = None
    stop_base: Decimal | None = None
    sent_ms: int = 0
    venue_id: int | None = None
    state: OrderState | None = None
    executed_base: Decimal = ZERO
    told_base: Decimal = ZERO
    adopted_base: Decimal = ZERO
    rests: bool = False
    ended: bool = False
    refused: bool = False
    absent: bool = False
    end_reason: str | None = None

    @property
    def conditional(self) -> bool:
        """Tell whether it lives at the algo service."""
        return self.leg is Leg.STOP

    def appear(self) -> None:
        """Take in that the venue knows it: one that was to have never come begins anew."""
        if self.absent:
            self.absent = False
            self.state = OrderState.FILLED if self.told_base > 0 else None


def order_of(sending: Sending) -> OrderFacts:
    """Return what an announced order asks for; it may have left at the journal's time."""
    return OrderFacts(
        order_id=sending.order_id,
        intent_id=sending.intent_id,
        leg=sending.leg,
        symbol=sending.symbol,
        side=sending.side,
        quantity_base=sending.quantity_base,
        leverage=sending.leverage,
        stop_price_usd=sending.stop_price_usd,
        sent_ms=sending.at_ms,
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade as the venue states it, from the stream or from a query.

    `venue_id` is the venue's number of the order; `client_id` is None where a query does
    not name it.
    """

    symbol: Symbol
    side: Side
    trade_id: int
    venue_id: int
    client_id: str | None
    price_usd: Decimal
    quantity_base: Decimal
    realised_usd: Decimal
    fee: Decimal
    fee_asset: str
    at_ms: UnixMs

    def is_same(self, other: Trade) -> bool:
        """Tell whether this is a trade that was told before."""
        return (self.symbol, self.trade_id) == (other.symbol, other.trade_id)


def filled_of(
    trade: Trade,
    *,
    order_id: ClientOrderId,
    intent_id: IntentId,
    kind: FillKind,
    leverage: int | None,
    position: Position | None,
) -> Filled:
    """State a trade as the journal keeps it; `position` is the one before it."""
    with exactly():
        return Filled(
            book=Book.ACCOUNT,
            at_ms=trade.at_ms,
            symbol=trade.symbol,
            side=trade.side,
            kind=kind,
            quantity_base=trade.quantity_base,
            price_usd=trade.price_usd,
            fee_usd=_fee_usd(trade),
            realised_usd=trade.realised_usd,
            margin_usd=_margin_usd(trade, kind, leverage, position),
            order_id=order_id,
            trade_id=trade_id_of(trade.symbol, trade.trade_id),
            intent_id=intent_id,
        )


def says_more(state: OrderState | None, than: OrderState | None) -> bool:
    """Tell whether a word about an order adds to what is known; FILLED is the last."""
    return _RANK[state] > _RANK[than]


def kind_of(leg: Leg) -> FillKind:
    """Return why an order of this leg trades."""
    return _KINDS[leg]


def trade_id_of(symbol: Symbol, number: int) -> str:
    """Return a trade's id: the venue counts for each symbol by itself."""
    return f"{symbol}-{number}"


def is_exchange_made(client_id: str) -> bool:
    """Tell whether the exchange made this order: liquidation, deleveraging, settlement."""
    return client_id.startswith(EXCHANGE_MADE)


def _fee_usd(trade: Trade) -> Decimal:
    """Return the fee in USD; one paid in another coin counts as the taker's full rate.

    The discount for paying in the exchange's coin is not known here, so it is left out.
    """
    if trade.fee_asset in _USD_ASSETS:
        return trade.fee
    notional = trade.quantity_base * trade.price_usd
    return (notional * CostRates().taker_fraction).quantize(_BOOKED, rounding=ROUND_UP)


def _margin_usd(
    trade: Trade, kind: FillKind, leverage: int | None, position: Position | None
) -> Decimal:
    """Return what the trade posts (positive) or releases (negative) of isolated margin.

    Only an entry posts: a reduction of what is not told yet releases margin unknown here.
    """
    closed, released = ZERO, ZERO
    if position is not None and position.side is not trade.side:
        closed = min(trade.quantity_base, position.quantity_base)
        whole = closed == position.quantity_base
        share = position.margin_usd * closed / position.quantity_base
        released = position.margin_usd if whole else share.quantize(_BOOKED)
    if kind is not FillKind.ENTRY:
        return -released
    opened = (trade.quantity_base - closed) * trade.price_usd
    posted = (opened / (leverage or 1)).quantize(_BOOKED, rounding=ROUND_UP)
    return posted - released
