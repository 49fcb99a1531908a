"""Orders against the market: on arrival, and while a bar is played past what rests.

Prices, sizes and margins are the pure simulator's (`sim`): a market order, a stop and a
liquidation cost here what they cost the paper venue. A resting order pays the maker's rate
and takes, with all others of the bar, at most the bar's share of volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.app.binance_server.booking import (
    book_fills,
    end_order,
    open_order,
)
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.forced import liquidate
from bridge_patch.app.binance_server.records import (
    AlgoStatus,
    OrderRecord,
    OrderType,
    Status,
    TimeInForce,
)
from bridge_patch.app.binance_server.teller import (
    EXPIRED_IOC,
    EXPIRED_MARKET,
    tell_algo,
)
from bridge_patch.app.binance_server.triggering import conditionals, fire, pull
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.domain.intent import IntentId, Side, Symbol
from bridge_patch.domain.market import Bar
from bridge_patch.domain.money import floor_to
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    OrderRefused,
)
from bridge_patch.sim.bars import liquidation_level
from bridge_patch.sim.commands import Enter, Reduce
from bridge_patch.sim.legs import Taking, legs, maker, margin_fault, size_fault
from bridge_patch.sim.orders import decide_enter, decide_reduce
from bridge_patch.sim.trades import (
    Scene,
    market_price,
    takeable_base,
)
from bridge_patch.sim.working import Limit, Pull, Resting, Ruin, Touch, Walk


@final
@dataclass(frozen=True, slots=True)
class Quote:
    """The best prices around the last one, half a spread away on the tick."""

    bid_usd: Decimal
    ask_usd: Decimal


def quote_of(scene: Scene) -> Quote:
    """Return the book's top; the same half-spread that market orders pay."""
    depth = scene.costs.depths.get(scene.symbol, scene.costs.depth_other)
    half = scene.last_usd * depth.half_spread_bp / 10_000
    tick = scene.instrument.price_tick
    bid = max(floor_to(scene.last_usd - half, tick), tick)
    above = scene.last_usd + half
    ask = floor_to(above, tick)
    ask += tick if ask < above else 0
    return Quote(bid, ask if ask > bid else bid + tick)


def identity(order: OrderRecord) -> tuple[ClientOrderId, IntentId]:
    """Return the ids under which the pure exchange knows an order: the numeric one."""
    return ClientOrderId(str(order.order_id)), IntentId(str(order.order_id))


def taking(venue: Venue, order: OrderRecord, closes: FillKind) -> Taking:
    """Return an order as the pure exchange trades it."""
    order_id, intent_id = identity(order)
    return Taking(
        side=order.side,
        leverage=venue.modes.leverage(order.symbol),
        order_id=order_id,
        intent_id=intent_id,
        closes=closes,
    )


def trade_market(venue: Venue, order: OrderRecord) -> None:
    """Fill a market order at once, as far as the bar's volume goes; or refuse it."""
    scene = venue.scene(order.symbol)
    order_id, intent_id = identity(order)
    if order.reduce_only:
        command = Reduce(
            symbol=order.symbol,
            side=order.side,
            quantity_base=order.quantity_base,
            order_id=order_id,
            intent_id=intent_id,
        )
        events = decide_reduce(scene, command)
    else:
        entry = Enter(
            symbol=order.symbol,
            side=order.side,
            quantity_base=order.quantity_base,
            leverage=venue.modes.leverage(order.symbol),
            order_id=order_id,
            intent_id=intent_id,
        )
        events = decide_enter(scene, entry, venue.held_usd())
    for event in events:
        if isinstance(event, OrderRefused):
            raise Refusal(int(event.code), event.message)
    open_order(venue, order)
    book_fills(venue, order, [e for e in events if isinstance(e, Filled)])
    if order.is_open:
        end_order(venue, order, Status.EXPIRED, expiry=EXPIRED_MARKET)


def check_entry(venue: Venue, order: OrderRecord) -> None:
    """Refuse a limit order that the brackets or the free margin do not carry."""
    if order.reduce_only:
        return
    scene = venue.scene(order.symbol)
    planned = taking(venue, order, FillKind.REDUCE)
    closed, opened = legs(scene, planned, order.left_base, order.price_usd)
    if opened is None:
        return
    fault = size_fault(scene, planned.leverage, opened) or margin_fault(
        scene, closed, opened, venue.held_usd(order)
    )
    if fault:
        raise Refusal(int(fault[0]), fault[1])


def crosses(scene: Scene, order: OrderRecord) -> bool:
    """Tell whether a limit order would trade at once."""
    quote = quote_of(scene)
    if order.side is Side.BUY:
        return order.price_usd >= quote.ask_usd
    return order.price_usd <= quote.bid_usd


def trade_limit(venue: Venue, order: OrderRecord, scene: Scene | None = None) -> None:
    """Trade what crosses; the rest rests, or expires, as its time in force says.

    The order is open already. `scene` is where the price is, if not at the last one.
    """
    scene = scene or venue.scene(order.symbol)
    if crosses(scene, order):
        worst = max if order.side is Side.SELL else min
        quantity = _takeable(venue, order, scene)
        if quantity > 0:
            price = worst(market_price(scene, order.side, quantity), order.price_usd)
            planned = taking(venue, order, FillKind.REDUCE)
            book_fills(venue, order, legs(scene, planned, quantity, price))
    if order.is_open and order.tif in {TimeInForce.IOC, TimeInForce.FOK}:
        end_order(venue, order, Status.EXPIRED, expiry=EXPIRED_IOC)


def fills_whole(venue: Venue, order: OrderRecord) -> bool:
    """Tell whether a limit order would fill at once and whole, as FOK asks."""
    scene = venue.scene(order.symbol)
    return crosses(scene, order) and _takeable(venue, order, scene) == order.left_base


def _takeable(venue: Venue, order: OrderRecord, scene: Scene) -> Decimal:
    """Return how much of an order trades now: whole steps, within volume and position."""
    quantity, room = order.left_base, takeable_base(scene)
    if room is not None:
        quantity = min(quantity, floor_to(room, scene.instrument.quantity_step))
    if order.reduce_only:
        position = venue.position(order.symbol)
        if position is None or position.side is order.side:
            return Decimal(0)
        quantity = min(quantity, position.quantity_base)
    return quantity


def play_bar(venue: Venue, bar: Bar) -> None:
    """Lead the price through a bar: limits fill, conditionals fire, ruin liquidates."""
    venue.exchange.see(bar)
    symbol = bar.symbol
    if venue.position(symbol) is None and not _resting(venue, symbol, set()):
        return
    instrument = venue.instrument(symbol)
    walk = Walk(bar, venue.position(symbol), instrument.price_tick)
    spent: set[ClientOrderId] = set()
    while (
        step := walk.next(_resting(venue, symbol, spent), _ruin(venue, symbol))
    ) is not None:
        if isinstance(step, Pull):
            pull(venue, step)
            continue
        _reach(venue, symbol, step, spent)


def _reach(venue: Venue, symbol: Symbol, touch: Touch, spent: set[ClientOrderId]) -> None:
    match touch.reached:
        case Ruin():
            liquidate(venue, symbol, touch.price_usd)
        case Limit(order_id=order_id):
            spent.add(order_id)
            _fill_resting(venue, venue.records.orders[int(order_id)])
        case reached:
            child = fire(venue, venue.records.algos[int(reached.order_id)], touch.price_usd)
            if child is not None and child.is_open:
                scene = venue.scene(symbol)
                trade_limit(venue, child, _moved(scene, touch.price_usd))
                finish(venue, child)


def _moved(scene: Scene, price_usd: Decimal) -> Scene:
    return Scene(
        book=scene.book,
        now_ms=scene.now_ms,
        ledger=scene.ledger,
        costs=scene.costs,
        instrument=scene.instrument,
        last_usd=price_usd,
        volume_base=scene.volume_base,
    )


def _resting(venue: Venue, symbol: Symbol, spent: set[ClientOrderId]) -> list[Resting]:
    limits: list[Resting] = [
        Limit(ClientOrderId(str(order.order_id)), order.side, order.price_usd)
        for order in venue.records.open_orders(symbol)
        if order.kind is OrderType.LIMIT and str(order.order_id) not in spent
    ]
    return limits + conditionals(venue, symbol)


def _ruin(venue: Venue, symbol: Symbol) -> Ruin | None:
    position = venue.position(symbol)
    if position is None:
        return None
    return Ruin(position.side, liquidation_level(position, venue.instrument(symbol)))


def _fill_resting(venue: Venue, order: OrderRecord) -> None:
    """Fill a resting order at its own price, as a maker."""
    scene = maker(venue.scene(order.symbol))
    quantity = _takeable(venue, order, scene)
    if quantity > 0:
        planned = taking(venue, order, FillKind.REDUCE)
        fills = legs(scene, planned, quantity, order.price_usd)
        book_fills(venue, order, fills, maker=True)
        finish(venue, order)


def finish(venue: Venue, order: OrderRecord) -> None:
    """Finish the conditional order that became this one, once this one is over."""
    if order.is_open or order.original_kind is order.kind:
        return
    for algo in venue.records.algos.values():
        if algo.order_id == order.order_id and algo.status is AlgoStatus.TRIGGERED:
            algo.status, algo.updated_ms = AlgoStatus.FINISHED, venue.now_ms
            tell_algo(venue, algo)
