"""What the exchange does with a command: filters, brackets, margin; then trade or refuse.

Checks stand in the order in which they are made; the first that objects answers, with the
venue's own code. Nothing here changes anything: the events returned are the decision.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.position import Position, wallet_change
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.sim.commands import ArmStop, Cancel, Enter, Reduce
from bridge_patch.sim.ledger import CANCEL_REFUSED, Ledger
from bridge_patch.sim.trades import (
    Order,
    Scene,
    closing,
    market_price,
    opening,
    stops_ended,
)

LEVERAGE_MAX: Final = 125

Fault: TypeAlias = tuple[str, str]

_REDUCE_ONLY: Final[Fault] = ("-2022", "ReduceOnly Order is rejected.")
_LEVERAGE_DOWN: Final[Fault] = (
    "-4161",
    "Leverage cannot be lowered in isolated mode while a position is open.",
)


def decide_enter(scene: Scene, command: Enter) -> tuple[VenueEvent, ...]:
    """Fill a market order that may open, enlarge, close or flip; or refuse it whole."""
    position = scene.position
    fault = (
        _leverage_fault(scene, command.leverage)
        or _quantity_fault(scene.instrument, command.quantity_base)
        or _notional_fault(scene, command.quantity_base)
        or _duplicate_fault(scene, command.order_id)
    )
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    price = market_price(scene, command.side, command.quantity_base)
    order = Order(
        kind=FillKind.ENTRY, order_id=command.order_id, intent_id=command.intent_id
    )
    closed = _closed_first(scene, command, position, price)
    rest = command.quantity_base - (closed.quantity_base if closed else ZERO)
    if rest == 0:
        return _flattened(scene, closed)
    opened = opening(
        scene,
        order,
        side=command.side,
        quantity_base=rest,
        price_usd=price,
        leverage=command.leverage,
        ahead=2 if closed else 1,
    )
    fault = _size_fault(scene, command, opened) or _margin_fault(scene, closed, opened)
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    return (*_flattened(scene, closed), opened)


def decide_reduce(scene: Scene, command: Reduce) -> tuple[VenueEvent, ...]:
    """Close up to the quantity asked, never past zero; refuse where nothing is open."""
    position = scene.position
    if position is None or command.side is not position.side.opposite:
        return (scene.refusal(command.order_id, *_REDUCE_ONLY),)
    whole = command.quantity_base == position.quantity_base
    fault = None if whole else _quantity_fault(scene.instrument, command.quantity_base)
    fault = fault or _duplicate_fault(scene, command.order_id)
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    quantity = min(command.quantity_base, position.quantity_base)
    fill = closing(
        scene,
        Order(kind=FillKind.REDUCE, order_id=command.order_id, intent_id=command.intent_id),
        position,
        quantity_base=quantity,
        price_usd=market_price(scene, command.side, quantity),
        fee_fraction=scene.costs.taker_fraction,
    )
    if quantity == position.quantity_base:
        return (fill, *stops_ended(scene))
    return (fill,)


def decide_stop(scene: Scene, command: ArmStop) -> tuple[VenueEvent, ...]:
    """Rest a close-all stop beside those that rest already, or refuse it."""
    fault = _stop_fault(scene, command) or _duplicate_fault(scene, command.order_id)
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    return (
        StopArmed(
            book=scene.book,
            at_ms=scene.now_ms,
            symbol=command.symbol,
            side=command.side,
            stop_price_usd=command.stop_price_usd,
            order_id=command.order_id,
            intent_id=command.intent_id,
        ),
    )


def decide_cancel(
    ledger: Ledger, command: Cancel, *, book: Book, now_ms: UnixMs
) -> OrderEnded | OrderRefused:
    """End a resting order, or say that none of that id rests. No price is needed."""
    if command.order_id in ledger.stops.get(command.symbol, {}):
        return OrderEnded(
            book=book,
            at_ms=now_ms,
            symbol=command.symbol,
            order_id=command.order_id,
            reason="cancelled",
        )
    return OrderRefused(
        book=book,
        at_ms=now_ms,
        symbol=command.symbol,
        order_id=command.order_id,
        code=CANCEL_REFUSED,
        message="Unknown order sent.",
    )


def _closed_first(
    scene: Scene, command: Enter, position: Position | None, price: Decimal
) -> Filled | None:
    """In one-way mode an order against the position closes before it opens."""
    if position is None or position.side is command.side:
        return None
    order = Order(
        kind=FillKind.REDUCE, order_id=command.order_id, intent_id=command.intent_id
    )
    return closing(
        scene,
        order,
        position,
        quantity_base=min(command.quantity_base, position.quantity_base),
        price_usd=price,
        fee_fraction=scene.costs.taker_fraction,
    )


def _flattened(scene: Scene, closed: Filled | None) -> tuple[VenueEvent, ...]:
    if closed is None or scene.position is None:
        return ()
    if closed.quantity_base < scene.position.quantity_base:
        return (closed,)
    return (closed, *stops_ended(scene))


def _leverage_fault(scene: Scene, leverage: int) -> Fault | None:
    if not 1 <= leverage <= LEVERAGE_MAX:
        return "-4028", f"Leverage {leverage} is not valid"
    position = scene.position
    if position is not None and leverage < scene.ledger.leverages.get(scene.symbol, 1):
        return _LEVERAGE_DOWN
    return None


def _quantity_fault(instrument: Instrument, quantity: Decimal) -> Fault | None:
    if not quantity.is_finite() or quantity <= 0:
        return "-4003", "Quantity less than or equal to zero."
    if quantity % instrument.quantity_step != 0:
        return "-1111", "Precision is over the maximum defined for this asset."
    if quantity < instrument.quantity_min:
        return "-4004", f"Quantity less than min quantity {instrument.quantity_min}."
    if quantity > instrument.quantity_max:
        return "-4005", f"Quantity greater than max quantity {instrument.quantity_max}."
    return None


def _notional_fault(scene: Scene, quantity: Decimal) -> Fault | None:
    least = scene.instrument.notional_min
    if quantity * scene.last_usd < least:
        said = f"Order's notional must be no smaller than {least}"
        return "-4164", f"{said} (unless you choose reduce only)."
    return None


def _duplicate_fault(scene: Scene, order_id: ClientOrderId) -> Fault | None:
    """Ids are unique among open orders only: the venue's id is no idempotency key."""
    if scene.ledger.orders.get((scene.symbol, order_id)) is OrderState.OPEN:
        return "-4116", "ClientOrderId is duplicated."
    return None


def _size_fault(scene: Scene, command: Enter, opened: Filled) -> Fault | None:
    """Compare the leverage with the bracket of what would be open afterwards."""
    quantity, position = opened.quantity_base, scene.position
    if position is not None and position.side is command.side:
        quantity += position.quantity_base
    bracket = scene.instrument.bracket_at(quantity * opened.price_usd)
    if command.leverage > bracket.leverage_max or (
        quantity * opened.price_usd > scene.instrument.brackets[-1].notional_cap
    ):
        return "-2027", "Exceeded the maximum allowable position at current leverage."
    return None


def _margin_fault(scene: Scene, closed: Filled | None, opened: Filled) -> Fault | None:
    free = scene.ledger.available_usd
    if closed is not None:
        free += wallet_change(closed) - closed.margin_usd
    if opened.margin_usd + opened.fee_usd > free:
        return "-2019", "Margin is insufficient."
    return None


def _stop_fault(scene: Scene, command: ArmStop) -> Fault | None:
    position, stop = scene.position, command.stop_price_usd
    if position is None or command.side is not position.side.opposite:
        return _REDUCE_ONLY
    if not stop.is_finite() or stop <= 0:
        return "-4006", "Stop price less than or equal to zero."
    if stop % scene.instrument.price_tick != 0:
        return "-4014", "Price not increased by tick size."
    reached = (
        stop >= scene.last_usd if command.side is Side.SELL else stop <= scene.last_usd
    )
    if reached:
        return "-2021", "Order would immediately trigger."
    return None
