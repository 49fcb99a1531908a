"""Conditional orders: what waits for a price, and what happens when it is reached.

NEW → TRIGGERING (sent to matching) → TRIGGERED (resting or executing) → FINISHED, told step
by step. Margin is asked for only now, so an entry may be REJECTED here; so may a reduction
that has nothing left to reduce. A fired market order fills whole, in fast tape, as the
simulator's stops do.
"""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.app.binance_server.booking import book_fills, open_order
from bridge_patch.app.binance_server.records import (
    AlgoRecord,
    AlgoStatus,
    OrderRecord,
    OrderType,
    TimeInForce,
)
from bridge_patch.app.binance_server.teller import tell_algo
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import FillKind
from bridge_patch.sim.costs import fill_price
from bridge_patch.sim.legs import Fault, Legs, Taking, legs, margin_fault, size_fault
from bridge_patch.sim.orders import REDUCE_ONLY
from bridge_patch.sim.trades import Scene
from bridge_patch.sim.working import Condition, Conditional, Pull, Resting

_STOPS = frozenset({OrderType.STOP, OrderType.STOP_MARKET})
_AT_A_PRICE = frozenset({OrderType.STOP, OrderType.TAKE_PROFIT})


def conditionals(venue: Venue, symbol: Symbol) -> list[Resting]:
    """Return what waits on the symbol, as the walk past a bar knows it."""
    waiting: list[Resting] = []
    for algo in venue.records.open_algos(symbol):
        if algo.status is not AlgoStatus.NEW:
            continue
        if algo.trail is not None:
            waiting.append(algo.trail)
            continue
        condition = Condition.STOP if algo.kind in _STOPS else Condition.TAKE_PROFIT
        known = ClientOrderId(str(algo.algo_id))
        waiting.append(Conditional(known, algo.side, condition, algo.trigger_usd))
    return waiting


def pull(venue: Venue, moved: Pull) -> None:
    """Take in how trailing orders stand; their activation is told."""
    for trail in moved.trails:
        algo = venue.records.algos[int(trail.order_id)]
        activated = algo.trail is not None and algo.trail.best_usd is None
        algo.trail = trail
        if activated:
            algo.updated_ms = venue.now_ms
            tell_algo(venue, algo)


def fire(venue: Venue, algo: AlgoRecord, price_usd: Decimal) -> OrderRecord | None:
    """Send a conditional order to matching; return a limit order that is to be matched."""
    algo.status, algo.triggered_ms = AlgoStatus.TRIGGERING, venue.now_ms
    algo.updated_ms = venue.now_ms
    tell_algo(venue, algo)
    if venue.conditions.trigger_takes_ms:
        algo.due_ms = venue.now_ms + venue.conditions.trigger_takes_ms
        return None
    return execute(venue, algo, price_usd)


def execute(venue: Venue, algo: AlgoRecord, price_usd: Decimal) -> OrderRecord | None:
    """Make the real order of a conditional one; a market order is filled at once."""
    scene, position = venue.scene(algo.symbol), venue.position(algo.symbol)
    reduces = position is not None and position.side is not algo.side
    if algo.close_all and not reduces:
        over(venue, algo, AlgoStatus.EXPIRED, "No position to close.")
        return None
    if venue.conditions.trigger_rejects:
        over(venue, algo, AlgoStatus.REJECTED, venue.conditions.trigger_rejects)
        return None
    if algo.reduce_only and not reduces:
        over(venue, algo, AlgoStatus.REJECTED, REDUCE_ONLY[1])
        return None
    quantity = algo.quantity_base or ZERO
    if position is not None and (algo.close_all or algo.reduce_only):
        open_base = position.quantity_base
        quantity = open_base if algo.close_all else min(quantity, open_base)
    order = _order_of(venue, algo, quantity)
    at_limit = algo.kind in _AT_A_PRICE
    price = algo.price_usd if at_limit else _market_price(scene, algo, quantity, price_usd)
    planned = _taking(venue, order)
    traded = legs(scene, planned, quantity, price)
    if fault := _fault(venue, scene, planned, traded):
        over(venue, algo, AlgoStatus.REJECTED, fault[1])
        return None
    algo.status, algo.order_id = AlgoStatus.TRIGGERED, order.order_id
    tell_algo(venue, algo)
    open_order(venue, order)
    if at_limit:
        return order
    book_fills(venue, order, traded)
    algo.status, algo.updated_ms = AlgoStatus.FINISHED, venue.now_ms
    tell_algo(venue, algo)
    return None


def over(venue: Venue, algo: AlgoRecord, status: AlgoStatus, reason: str) -> None:
    """End a conditional order without a trade, and say why."""
    algo.status, algo.reason, algo.updated_ms = status, reason, venue.now_ms
    tell_algo(venue, algo)


def _order_of(venue: Venue, algo: AlgoRecord, quantity_base: Decimal) -> OrderRecord:
    """Return the real order; it carries the conditional order's client id, or its own."""
    limit, renamed = algo.kind in _AT_A_PRICE, venue.conditions.trigger_renames
    tif = TimeInForce.GTC if algo.tif is TimeInForce.GTE_GTC else algo.tif
    return OrderRecord(
        order_id=venue.records.next_order_id(),
        client_id=f"algo_{algo.algo_id}" if renamed else algo.client_id,
        symbol=algo.symbol,
        side=algo.side,
        kind=OrderType.LIMIT if limit else OrderType.MARKET,
        original_kind=algo.kind,
        tif=tif,
        quantity_base=quantity_base,
        price_usd=algo.price_usd if limit else ZERO,
        reduce_only=algo.reduce_only or algo.close_all,
        close_all=algo.close_all,
        stop_usd=algo.trigger_usd,
        working=algo.working,
        placed_ms=venue.now_ms,
        updated_ms=venue.now_ms,
        shown_ms=venue.now_ms,
    )


def _taking(venue: Venue, order: OrderRecord) -> Taking:
    return Taking(
        side=order.side,
        leverage=venue.modes.leverage(order.symbol),
        order_id=ClientOrderId(str(order.order_id)),
        intent_id=IntentId(str(order.order_id)),
        closes=FillKind.STOP,
    )


def _market_price(
    scene: Scene, algo: AlgoRecord, quantity_base: Decimal, from_usd: Decimal
) -> Decimal:
    return fill_price(
        scene.costs,
        scene.instrument,
        side=algo.side,
        quantity_base=quantity_base,
        last_usd=from_usd,
        fast_tape=True,
    )


def _fault(venue: Venue, scene: Scene, planned: Taking, traded: Legs) -> Fault | None:
    closed, opened = traded
    if opened is None:
        return None
    return size_fault(scene, planned.leverage, opened) or margin_fault(
        scene, closed, opened, venue.held_usd()
    )
