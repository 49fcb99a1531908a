"""The account as told so far: a fold of our own events, the same after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.domain.events import Resolved
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState
from bridge_patch.domain.position import Position, apply_fill, apply_funding
from bridge_patch.domain.reconcile_events import FilledLate, is_adopted, uncounted
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.plans import MAY_REST

#: How many orders, and how many trades, are remembered at least; older ones are over.
ORDERS_KEPT: Final = 10_000
TRADES_KEPT: Final = 100_000
NOBODY: Final = IntentId("venue")
_HOUR_MS: Final = 3_600_000
#: The answers after which nothing more comes of an order. One that is said to be filled is
#: over with its trades, and not before.
_ENDS: Final[Mapping[str, OrderState]] = MappingProxyType(
    {
        OrderEvent.CANCELLED: OrderState.CANCELLED,
        OrderEvent.REJECTED: OrderState.REJECTED,
        OrderEvent.FOUND_ABSENT: OrderState.REJECTED,
    }
)


@final
@dataclass(slots=True)
class Fold:
    """Orders by client id, positions by symbol, and what must not be told again.

    `newest_ms` is the newest trade of each symbol that was told.
    """

    orders: dict[ClientOrderId, OrderFacts] = field(default_factory=dict)
    positions: dict[Symbol, Position] = field(default_factory=dict)
    opened_by: dict[Symbol, IntentId] = field(default_factory=dict)
    told: dict[str, None] = field(default_factory=dict)
    funded: set[tuple[Symbol, int]] = field(default_factory=set)
    cleared: set[tuple[Symbol, int, Decimal]] = field(default_factory=set)
    liquidated: dict[Symbol, tuple[ClientOrderId, IntentId]] = field(default_factory=dict)
    newest_ms: dict[Symbol, int] = field(default_factory=dict)

    def announce(self, order: OrderFacts) -> OrderFacts:
        """Remember an order that is about to leave.

        An id may come again once its order is over: then this is another order.
        """
        self.orders[order.order_id] = order
        if len(self.orders) > 2 * ORDERS_KEPT:
            self._forget()
        return order

    def apply(self, event: VenueEvent) -> None:
        """Take in one event of the account."""
        match event:
            case Filled():
                self._filled(event)
            case FundingPaid():
                self._funded(event)
            case InsuranceCleared():
                self.cleared.add((event.symbol, event.at_ms, event.amount_usd))
            case _:
                order = self.orders.get(event.order_id)
                if order is not None:
                    _marked(order, event)

    def answered(self, answer: Resolved) -> None:
        """Take in the answer that an order got in an earlier life."""
        order, state = self.orders.get(answer.order_id), _ENDS.get(answer.event)
        if order is not None and state is not None:
            _over(order, state)
            order.absent = answer.event == OrderEvent.FOUND_ABSENT

    def opener(self, symbol: Symbol) -> IntentId:
        """Return the intent that opened what is held on a symbol."""
        return self.opened_by.get(symbol, NOBODY)

    def opened(self, symbol: Symbol) -> Position | None:
        """Return the position that an entry opened.

        What stands otherwise is what a reduction took of an entry that is not told yet: the
        sum is the venue's all the same, and so shows that something is missing.
        """
        return self.positions.get(symbol) if symbol in self.opened_by else None

    def stops(self, symbol: Symbol) -> tuple[OrderFacts, ...]:
        """Return the stops of a symbol that rest, as far as was told."""
        return tuple(o for o in self.orders.values() if o.rests and o.symbol == symbol)

    def is_funded(self, symbol: Symbol, at_ms: int) -> bool:
        """Tell whether the settlement of that hour was told."""
        return (symbol, hour_of(at_ms)) in self.funded

    def count_late(self, late: FilledLate) -> None:
        """Take in that a trade was told of an order that a person's word had ended."""
        self.told[late.trade_id] = None
        order = self.orders.get(late.order_id)
        if order is not None:
            order.adopted_base -= late.counted_base

    def apply_beside(self, fill: Filled, order: OrderFacts) -> None:
        """Take in a trade of which a person's word has counted some, or all, already."""
        counted_base = min(order.adopted_base, fill.quantity_base)
        order.adopted_base -= counted_base
        self.told[fill.trade_id] = None
        self._told_at(fill)
        if counted_base < fill.quantity_base:
            self.apply(uncounted(fill, counted_base))

    def _told_at(self, fill: Filled) -> None:
        newest_ms = self.newest_ms.get(fill.symbol, 0)
        self.newest_ms[fill.symbol] = max(newest_ms, fill.at_ms)

    def _filled(self, fill: Filled) -> None:
        self.told[fill.trade_id] = None
        if len(self.told) > 2 * TRADES_KEPT:
            self.told = dict.fromkeys(list(self.told)[-TRADES_KEPT:])
        self._told_at(fill)
        order = self.orders.get(fill.order_id)
        if order is not None:
            order.told_base += fill.quantity_base
            if is_adopted(fill):
                order.adopted_base += fill.quantity_base
            order.executed_base = max(order.executed_base, order.told_base)
            order.rests = False
            if order.told_base >= order.quantity_base:
                order.state = OrderState.FILLED
        if fill.kind is FillKind.LIQUIDATION:
            self.liquidated[fill.symbol] = fill.order_id, fill.intent_id
        position = self._after(fill)
        if position is None:
            if order is not None and order.leg is not Leg.ENTRY:
                order.state = OrderState.FILLED  # it had less to close than it asked for
            self.positions.pop(fill.symbol, None)
            self.opened_by.pop(fill.symbol, None)
            return
        self.positions[fill.symbol] = position
        if fill.kind is FillKind.ENTRY:
            self.opened_by.setdefault(fill.symbol, fill.intent_id)

    def _after(self, fill: Filled) -> Position | None:
        """Return what stands after a fill.

        Of an entry that was reduced in part before it was told, that part's margin is gone.
        """
        position = apply_fill(self.positions.get(fill.symbol), fill)
        told = fill.kind is not FillKind.ENTRY or self.opened(fill.symbol) is not None
        if told or position is None or position.quantity_base >= fill.quantity_base:
            return position
        share = position.quantity_base / fill.quantity_base
        return replace(position, margin_usd=fill.margin_usd * share)

    def _funded(self, paid: FundingPaid) -> None:
        self.funded.add((paid.symbol, hour_of(paid.at_ms)))
        position = self.positions.get(paid.symbol)
        if position is not None:
            self.positions[paid.symbol] = apply_funding(position, paid)

    def _forget(self) -> None:
        """Drop the oldest orders that are over and whose every trade was told."""
        over = [
            order.order_id
            for order in self.orders.values()
            if order.state not in (None, OrderState.OPEN)
            and order.told_base >= order.executed_base
        ]
        for order_id in over[: len(self.orders) - ORDERS_KEPT]:
            del self.orders[order_id]


def hour_of(at_ms: int) -> int:
    """Return the hour that a settlement belongs to: it is booked some seconds late."""
    return (at_ms + _HOUR_MS // 6) // _HOUR_MS


def _marked(order: OrderFacts, event: VenueEvent) -> None:
    match event:
        case StopArmed():
            order.rests, order.ended = order.leg is Leg.STOP, False
            order.state = OrderState.OPEN
            order.stop_base = event.quantity_base
        case OrderEnded(reason=reason):
            order.rests, order.ended = False, True
            if reason in MAY_REST:
                order.state = None
            else:
                _over(order, OrderState.CANCELLED)
        case OrderRefused():
            order.refused = True
            _over(order, OrderState.REJECTED)
        case _:
            pass


def _over(order: OrderFacts, state: OrderState) -> None:
    """End an order; one that traded before it ended stays a filled one."""
    order.state = OrderState.FILLED if order.told_base > 0 else state
