"""What an order at a known price closes, what it opens, and whether that is allowed.

In one-way mode an order against the position closes before it opens. `reserved_usd` is what
resting entries already hold of the free balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias, final

from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.money import ZERO, floor_to
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import wallet_change
from bridge_patch.domain.venue_events import Filled, FillKind
from bridge_patch.sim.costs import usd_down, usd_up
from bridge_patch.sim.trades import Order, Scene, closing, opening

Fault: TypeAlias = tuple[str, str]
Legs: TypeAlias = tuple[Filled | None, Filled | None]

SIZE: Final[Fault] = (
    "-2027",
    "Exceeded the maximum allowable position at current leverage.",
)
MARGIN: Final[Fault] = ("-2019", "Margin is insufficient.")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """An order about to trade; `closes` is what its closing trade is called."""

    side: Side
    leverage: int
    order_id: ClientOrderId
    intent_id: IntentId
    closes: FillKind = FillKind.REDUCE


def legs(scene: Scene, order: Taking, quantity_base: Decimal, price_usd: Decimal) -> Legs:
    """Return the trade that closes and the trade that opens; None where there is none."""
    position = scene.position
    closed, rest = None, quantity_base
    if position is not None and position.side is not order.side:
        closed = closing(
            scene,
            Order(kind=order.closes, order_id=order.order_id, intent_id=order.intent_id),
            position,
            quantity_base=min(quantity_base, position.quantity_base),
            price_usd=price_usd,
            fee_fraction=scene.costs.taker_fraction,
        )
        rest -= closed.quantity_base
    if rest == 0:
        return closed, None
    opened = opening(
        scene,
        Order(kind=FillKind.ENTRY, order_id=order.order_id, intent_id=order.intent_id),
        side=order.side,
        quantity_base=rest,
        price_usd=price_usd,
        leverage=order.leverage,
        ahead=2 if closed else 1,
    )
    return closed, opened


def size_fault(scene: Scene, leverage: int, opened: Filled) -> Fault | None:
    """Compare the leverage with the bracket of what would be open afterwards."""
    quantity, position = opened.quantity_base, scene.position
    if position is not None and position.side is opened.side:
        quantity += position.quantity_base
    notional = quantity * opened.price_usd
    bracket = scene.instrument.bracket_at(notional)
    if leverage > bracket.leverage_max or (
        notional > scene.instrument.brackets[-1].notional_cap
    ):
        return SIZE
    return None


def margin_fault(
    scene: Scene, closed: Filled | None, opened: Filled, reserved_usd: Decimal = ZERO
) -> Fault | None:
    """Tell whether margin and fee of what opens are free once the closing leg is booked."""
    free = scene.ledger.available_usd - reserved_usd
    if closed is not None:
        free += wallet_change(closed) - closed.margin_usd
    if opened.margin_usd + opened.fee_usd > free:
        return MARGIN
    return None


def maker(scene: Scene) -> Scene:
    """Return the same scene for an order that rested: it pays the maker's rate."""
    costs = replace(scene.costs, taker_fraction=scene.costs.maker_fraction)
    return replace(scene, costs=costs)


def parted(fill: Filled, parts: int, step: Decimal) -> Iterator[Filled]:
    """Yield a trade as up to `parts` trades of whole steps; their sums are the trade's.

    The exchange meets several counterparties; our matching knows one. All carry the id of
    the whole: who books them numbers them.
    """
    each = floor_to(fill.quantity_base / parts, step)
    if parts <= 1 or each <= 0:
        yield fill
        return
    fee, realised, margin = fill.fee_usd, fill.realised_usd, fill.margin_usd
    left = fill.quantity_base
    for index in range(parts):
        last = index == parts - 1
        quantity = left if last else each
        share = quantity / fill.quantity_base
        part = replace(
            fill,
            quantity_base=quantity,
            fee_usd=fee if last else usd_down(fill.fee_usd * share),
            realised_usd=realised if last else usd_up(fill.realised_usd * share),
            margin_usd=margin if last else usd_down(fill.margin_usd * share),
        )
        yield part
        left -= quantity
        fee -= part.fee_usd
        realised -= part.realised_usd
        margin -= part.margin_usd
