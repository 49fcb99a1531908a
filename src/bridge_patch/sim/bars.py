"""What a bar does to a position, in the worst order its four prices allow.

A bar tells neither when its extremes came nor what lay between them. So, for the position:

1. the **open** first. If it lies at or beyond the liquidation price, the position is
   liquidated, even where a stop lay nearer: the price gapped through both. Else, if it lies
   at or beyond a stop, that stop fills at the open.
2. then the **adverse extreme** (the low for a long). A stop nearer than the liquidation
   price fills at its level; otherwise the position is liquidated at its liquidation price.
3. then the **favourable extreme**, for what remains: it helps nobody before the adverse one
   has done its harm. It pulls the trailing stops along, and one whose new level the adverse
   extreme has reached fires there: that extreme may have come second, and the position is
   then worth less than at the close.

A stop trades at the worse of its level and the open, plus slippage in fast tape. Of several
stops the one nearest to the price fires, and the others end with the position. A
liquidation trades in fast tape too, at the worse of its price and the open. The last price
stands in for the mark price: real marks are smoother, so this triggers at least as early.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

from bridge_patch.domain.instrument import Instrument, liquidation_price
from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.market import Bar, Mark
from bridge_patch.domain.money import ZERO, Price, Quantity
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import FillKind, StopArmed, TrailingSet, VenueEvent
from bridge_patch.sim.costs import fill_price
from bridge_patch.sim.trades import Order, Scene, closing, liquidating, stops_ended
from bridge_patch.sim.trailing import after, trail_level


@final
@dataclass(frozen=True, slots=True)
class Level:
    """A resting order and the price that fires it; `trail` is how a trailing one stands."""

    price_usd: Decimal
    order_id: ClientOrderId
    intent_id: IntentId
    trail: TrailingSet | None = None


def moment(mark: Mark) -> Bar:
    """Return a mark as the bar of one moment, in which nothing was traded."""
    usd = mark.mark_usd
    return Bar(
        symbol=mark.symbol,
        open_ms=mark.at_ms,
        close_ms=mark.at_ms,
        open=usd,
        high=usd,
        low=usd,
        close=usd,
        volume=ZERO,
    )


def liquidation_level(position: Position, instrument: Instrument) -> Decimal:
    """Return the price at which the position is liquidated; zero where none is."""
    return liquidation_price(
        instrument,
        side=position.side,
        quantity=Quantity(position.quantity_base),
        entry=Price(position.entry_price_usd),
        margin_usd=position.margin_usd,
    )


def nearest(
    side: Side,
    stops: Iterable[StopArmed],
    trails: Iterable[TrailingSet],
    price_tick: Decimal,
) -> Level | None:
    """Return what the price reaches first, of all that protects a position on `side`."""
    sign, nearest_usd = side.sign, None
    first: StopArmed | TrailingSet | None = None
    for stop in stops:
        level = sign * stop.stop_price_usd
        if nearest_usd is None or level > nearest_usd:
            first, nearest_usd = stop, level
    for trail in trails:
        price = trail_level(trail, price_tick)
        if price is not None and (nearest_usd is None or sign * price > nearest_usd):
            first, nearest_usd = trail, sign * price
    if first is None or nearest_usd is None:
        return None
    moving = first if isinstance(first, TrailingSet) else None
    return Level(sign * nearest_usd, first.order_id, first.intent_id, moving)


def decide_bar(scene: Scene, bar: Bar, liquidation_usd: Decimal) -> tuple[VenueEvent, ...]:
    """Return what the bar does to the symbol's position.

    What was opened, armed or moved at the bar's close or later was not there: a bar that is
    played again after a restart changes nothing.
    """
    position, ledger = scene.position, scene.ledger
    if position is None or position.opened_ms >= bar.close_ms:
        return ()
    stops = ledger.stops.get(scene.symbol, {}).values()
    trails = ledger.trails.get(scene.symbol, {}).values()
    at_open = [after(t, bar.open) for t in trails if t.at_ms < bar.close_ms]
    level = nearest(
        position.side,
        (stop for stop in stops if stop.at_ms < bar.close_ms),
        at_open,
        scene.instrument.price_tick,
    )
    return _against(scene, position, bar, level, liquidation_usd) or _in_favour(
        scene, position, bar, at_open
    )


def _against(
    scene: Scene,
    position: Position,
    bar: Bar,
    level: Level | None,
    liquidation_usd: Decimal,
) -> tuple[VenueEvent, ...]:
    """Play the open and the adverse extreme."""
    sign = position.side.sign
    opened, worst = sign * bar.open, sign * (bar.low if sign > 0 else bar.high)
    ruin = sign * liquidation_usd
    if opened <= ruin:
        return _liquidated(scene, position, bar.open)
    if level is not None and worst <= (fires := sign * level.price_usd) and fires > ruin:
        return _stopped(scene, position, level, sign * min(opened, fires))
    return _liquidated(scene, position, liquidation_usd) if worst <= ruin else ()


def _in_favour(
    scene: Scene, position: Position, bar: Bar, trails: list[TrailingSet]
) -> tuple[VenueEvent, ...]:
    """Play the favourable extreme: it pulls the trails, and may make one fire."""
    sign = position.side.sign
    worst, best = (bar.low, bar.high) if sign > 0 else (bar.high, bar.low)
    pulled = [after(trail, best) for trail in trails]
    level = nearest(position.side, (), pulled, scene.instrument.price_tick)
    if level is not None and sign * worst <= sign * level.price_usd:
        return _stopped(scene, position, level, level.price_usd)
    known = scene.ledger.trails.get(scene.symbol, {})
    return tuple(_told(scene, trail) for trail in pulled if trail != known[trail.order_id])


def _stopped(
    scene: Scene, position: Position, level: Level, from_usd: Decimal
) -> tuple[VenueEvent, ...]:
    """Close all at a resting order's price; a trail that moved first is told too."""
    known = scene.ledger.trails.get(scene.symbol, {}).get(level.order_id)
    moved: tuple[VenueEvent, ...] = ()
    if level.trail is not None and level.trail != known:
        moved = (_told(scene, level.trail),)
    fill = closing(
        scene,
        Order(kind=FillKind.STOP, order_id=level.order_id, intent_id=level.intent_id),
        position,
        quantity_base=position.quantity_base,
        price_usd=_fast_price(scene, position, from_usd),
        fee_fraction=scene.costs.taker_fraction,
    )
    return (*moved, fill, *stops_ended(scene, besides=level.order_id))


def _liquidated(
    scene: Scene, position: Position, from_usd: Decimal
) -> tuple[VenueEvent, ...]:
    """Close under the exchange's own order id, and let the insurance fund square it."""
    order = Order(
        kind=FillKind.LIQUIDATION,
        order_id=ClientOrderId(f"autoclose-{scene.now_ms}-{scene.symbol}"),
        intent_id=scene.ledger.opened_by[scene.symbol],
    )
    price = _fast_price(scene, position, from_usd)
    return (*liquidating(scene, order, position, price), *stops_ended(scene))


def _told(scene: Scene, trail: TrailingSet) -> TrailingSet:
    return replace(trail, at_ms=scene.now_ms)


def _fast_price(scene: Scene, position: Position, from_usd: Decimal) -> Decimal:
    return fill_price(
        scene.costs,
        scene.instrument,
        side=position.side.opposite,
        quantity_base=position.quantity_base,
        last_usd=from_usd,
        fast_tape=True,
    )
