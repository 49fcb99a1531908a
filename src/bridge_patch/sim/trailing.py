"""Trailing stops: an extreme that only ever gets better, and a level behind it.

For a long the order sells: from the activation price on it keeps the highest price seen and
fires at the highest × (1 − callback), cut to the tick below; for a short everything is
mirrored. At the venue such an order carries a quantity and is reduce-only; here it closes
what is open, which is what a reduce-only order of the whole position does.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from bridge_patch.domain.intent import Side
from bridge_patch.domain.money import HUNDRED, ONE, floor_to
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import TrailingSet, VenueEvent
from bridge_patch.sim.commands import ArmTrailing
from bridge_patch.sim.legs import Fault
from bridge_patch.sim.orders import REDUCE_ONLY, duplicate_fault
from bridge_patch.sim.trades import Scene

CALLBACK_MIN_PCT: Final = Decimal("0.1")
CALLBACK_MAX_PCT: Final = Decimal(20)


def decide_trailing(scene: Scene, command: ArmTrailing) -> tuple[VenueEvent, ...]:
    """Rest a trailing stop beside whatever rests already, or refuse it."""
    fault = _fault(scene, command) or duplicate_fault(scene, command.order_id)
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    given = command.activation_usd
    return (
        TrailingSet(
            book=scene.book,
            at_ms=scene.now_ms,
            symbol=command.symbol,
            side=command.side,
            callback_pct=command.callback_pct,
            activation_usd=scene.last_usd if given is None else given,
            best_usd=scene.last_usd if given is None else None,
            order_id=command.order_id,
            intent_id=command.intent_id,
        ),
    )


def after(trail: TrailingSet, price_usd: Decimal) -> TrailingSet:
    """Return how the order stands once the price has been there; the same if unmoved."""
    sign = trail.side.opposite.sign
    threshold = trail.activation_usd if trail.best_usd is None else trail.best_usd
    gain = sign * (price_usd - threshold)
    if gain > 0 or (gain == 0 and trail.best_usd is None):
        return replace(trail, best_usd=price_usd)
    return trail


def trail_level(trail: TrailingSet, price_tick: Decimal) -> Decimal | None:
    """Return the price that fires the order as it stands; None before its activation."""
    best = trail.best_usd
    if best is None:
        return None
    share = trail.callback_pct / HUNDRED
    if trail.side is Side.SELL:
        return floor_to(best * (ONE - share), price_tick)
    level = best * (ONE + share)
    cut = floor_to(level, price_tick)
    return cut if cut == level else cut + price_tick


def _fault(scene: Scene, command: ArmTrailing) -> Fault | None:
    position, callback = scene.position, command.callback_pct
    if position is None or command.side is not position.side.opposite:
        return REDUCE_ONLY
    if not callback.is_finite() or not CALLBACK_MIN_PCT <= callback <= CALLBACK_MAX_PCT:
        return "-2007", "Invalid callBack rate."
    given = command.activation_usd
    return None if given is None else _activation_fault(scene, position, given)


def _activation_fault(
    scene: Scene, position: Position, activation_usd: Decimal
) -> Fault | None:
    if not activation_usd.is_finite() or activation_usd <= 0:
        return "-4135", "Invalid activation price."
    if activation_usd % scene.instrument.price_tick != 0:
        return "-4014", "Price not increased by tick size."
    if position.side.sign * (activation_usd - scene.last_usd) <= 0:
        return "-2021", "Order would immediately trigger."
    return None
