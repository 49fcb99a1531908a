"""What a bar does to a position, in the worst order its four prices allow.

A bar tells neither when its extremes came nor what lay between them. So, for the position:

1. the **open** first. If it lies at or beyond the liquidation price, the position is
   liquidated, even where a stop lay nearer: the price gapped through both. Else, if it lies
   at or beyond a stop, that stop fills at the open.
2. then the **adverse extreme** (the low for a long). A stop nearer than the liquidation
   price fills at its level; otherwise the position is liquidated.
3. then the **favourable extreme**, for what remains: it helps nobody before the adverse one
   has done its harm.

A stop trades at the worse of its level and the open, plus slippage in fast tape. Of several
stops the one nearest to the price fires, and the others end with the position. A
liquidation trades at the bankruptcy price, whatever the bar's prices, and its fee takes
what is left of the margin. The last price stands in for the mark price: real marks are
smoother, so this triggers at least as early.
"""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.instrument import Instrument, liquidation_price
from bridge_patch.domain.intent import Side
from bridge_patch.domain.market import Bar
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import FillKind, StopArmed, VenueEvent
from bridge_patch.sim.costs import fill_price
from bridge_patch.sim.trades import Order, Scene, bankruptcy_price, closing, stops_ended


def liquidation_level(position: Position, instrument: Instrument) -> Decimal:
    """Return the price at which the position is liquidated; zero where none is."""
    return liquidation_price(
        instrument,
        side=position.side,
        quantity=Quantity(position.quantity_base),
        entry=Price(position.entry_price_usd),
        margin_usd=position.margin_usd,
    )


def nearest_stop(scene: Scene, position: Position, bar: Bar) -> StopArmed | None:
    """Return the stop that the price reaches first, of those that stood during the bar."""
    nearest: StopArmed | None = None
    sign = position.side.sign
    for stop in scene.ledger.stops.get(scene.symbol, {}).values():
        if stop.at_ms >= bar.close_ms:
            continue
        if nearest is None or sign * (stop.stop_price_usd - nearest.stop_price_usd) > 0:
            nearest = stop
    return nearest


def decide_bar(scene: Scene, bar: Bar, liquidation_usd: Decimal) -> tuple[VenueEvent, ...]:
    """Return what the bar does to the symbol's position.

    What was opened or armed at the bar's close or later was not there: a bar that is played
    again after a restart changes nothing.
    """
    position = scene.position
    if position is None or position.opened_ms >= bar.close_ms:
        return ()
    stop = nearest_stop(scene, position, bar)
    sign = position.side.sign
    level = None if stop is None else sign * stop.stop_price_usd
    ruin, at_open = sign * liquidation_usd, sign * bar.open
    if at_open <= ruin:
        return _liquidated(scene, position)
    if stop is not None and level is not None and at_open <= level:
        return _stopped(scene, position, stop, bar.open)
    extreme = sign * (bar.low if sign > 0 else bar.high)
    if stop is not None and level is not None and extreme <= level and level > ruin:
        return _stopped(scene, position, stop, stop.stop_price_usd)
    return _liquidated(scene, position) if extreme <= ruin else ()


def _stopped(
    scene: Scene, position: Position, stop: StopArmed, from_usd: Decimal
) -> tuple[VenueEvent, ...]:
    price = fill_price(
        scene.costs,
        scene.instrument,
        side=stop.side,
        quantity_base=position.quantity_base,
        last_usd=from_usd,
        fast_tape=True,
    )
    fill = closing(
        scene,
        Order(kind=FillKind.STOP, order_id=stop.order_id, intent_id=stop.intent_id),
        position,
        quantity_base=position.quantity_base,
        price_usd=price,
        fee_fraction=scene.costs.taker_fraction,
    )
    return (fill, *stops_ended(scene, besides=stop.order_id))


def _liquidated(scene: Scene, position: Position) -> tuple[VenueEvent, ...]:
    """Close at the bankruptcy price under the exchange's own order id."""
    order_id = ClientOrderId(f"autoclose-{scene.now_ms}-{scene.symbol}")
    fill = closing(
        scene,
        Order(
            kind=FillKind.LIQUIDATION,
            order_id=order_id,
            intent_id=scene.ledger.opened_by[scene.symbol],
        ),
        position,
        quantity_base=position.quantity_base,
        price_usd=bankruptcy_price(position, scene.instrument),
        fee_fraction=scene.costs.liquidation_fraction,
    )
    return (fill, *stops_ended(scene))


def stop_price(
    position: Position | None, stops: dict[ClientOrderId, StopArmed]
) -> Decimal | None:
    """Return the level that protects the position now: of several stops, the nearest."""
    if position is None or not stops:
        return None
    best = max if position.side is Side.BUY else min
    return best(stop.stop_price_usd for stop in stops.values())
