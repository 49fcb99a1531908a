"""What the exchange does with a command: filters, brackets, margin; then trade or refuse.

Checks stand in the order in which they are made; the first that objects answers, with the
venue's own code. Nothing here changes anything: the events returned are the decision.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.money import ZERO, floor_to
from bridge_patch.domain.order import ClientOrderId, OrderState
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
from bridge_patch.sim.legs import (
    Fault,
    Legs,
    Taking,
    legs,
    margin_fault,
    size_fault,
)
from bridge_patch.sim.trades import (
    Order,
    Scene,
    closing,
    market_price,
    rest_expired,
    stops_ended,
    takeable_base,
)

LEVERAGE_MAX: Final = 125

_UNFILLABLE: Final[Fault] = ("-2020", "Unable to fill.")
REDUCE_ONLY: Final[Fault] = ("-2022", "ReduceOnly Order is rejected.")
_LEVERAGE_DOWN: Final[Fault] = (
    "-4161",
    "Leverage cannot be lowered in isolated mode while a position is open.",
)


def decide_enter(
    scene: Scene, command: Enter, reserved_usd: Decimal = ZERO
) -> tuple[VenueEvent, ...]:
    """Fill a market order that may open, enlarge, close or flip; or refuse it whole.

    It is checked as asked. What exceeds a bar's share of volume expires unfilled.
    `reserved_usd` is what resting entries hold of the free balance.
    """
    asked = command.quantity_base
    fault = (
        _leverage_fault(scene, command.leverage)
        or _quantity_fault(scene.instrument, asked)
        or _notional_fault(scene, asked)
        or duplicate_fault(scene, command.order_id)
    )
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    closed, opened = _legs(scene, command, asked)
    if opened is not None:
        fault = size_fault(scene, command.leverage, opened) or margin_fault(
            scene, closed, opened, reserved_usd
        )
    room = takeable_base(scene)
    if fault is None and room is not None and room < asked:
        quantity = floor_to(room, scene.instrument.quantity_step)
        if quantity >= scene.instrument.quantity_min:
            closed, opened = _legs(scene, command, quantity)
            return (*_traded(scene, closed, opened), rest_expired(scene, command.order_id))
        fault = _UNFILLABLE
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    return _traded(scene, closed, opened)


def decide_reduce(scene: Scene, command: Reduce) -> tuple[VenueEvent, ...]:
    """Close up to the quantity asked, never past zero; refuse where nothing is open.

    What exceeds a bar's share of volume expires, but the least quantity always trades, and
    a remainder below it goes too.
    """
    position, instrument = scene.position, scene.instrument
    if position is None or command.side is not position.side.opposite:
        return (scene.refusal(command.order_id, *REDUCE_ONLY),)
    whole = command.quantity_base == position.quantity_base
    fault = None if whole else _quantity_fault(instrument, command.quantity_base)
    fault = fault or duplicate_fault(scene, command.order_id)
    if fault:
        return (scene.refusal(command.order_id, *fault),)
    asked = min(command.quantity_base, position.quantity_base)
    room, quantity = takeable_base(scene), asked
    if room is not None and room < asked:
        least = max(room, instrument.quantity_min)
        quantity = min(asked, instrument.reducible(position.quantity_base, least))
    fill = closing(
        scene,
        Order(kind=FillKind.REDUCE, order_id=command.order_id, intent_id=command.intent_id),
        position,
        quantity_base=quantity,
        price_usd=market_price(scene, command.side, quantity),
        fee_fraction=scene.costs.taker_fraction,
    )
    rest = () if quantity == asked else (rest_expired(scene, command.order_id),)
    return (*_flattened(scene, fill), *rest)


def decide_stop(scene: Scene, command: ArmStop) -> tuple[VenueEvent, ...]:
    """Rest a close-all stop beside those that rest already, or refuse it."""
    fault = _stop_fault(scene, command) or duplicate_fault(scene, command.order_id)
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
    symbol, order_id = command.symbol, command.order_id
    if any(order_id in kind.get(symbol, {}) for kind in (ledger.stops, ledger.trails)):
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


def _legs(scene: Scene, command: Enter, quantity_base: Decimal) -> Legs:
    """Return what a market order of this quantity closes, and what it opens."""
    order = Taking(
        side=command.side,
        leverage=command.leverage,
        order_id=command.order_id,
        intent_id=command.intent_id,
    )
    price = market_price(scene, command.side, quantity_base)
    return legs(scene, order, quantity_base, price)


def _traded(
    scene: Scene, closed: Filled | None, opened: Filled | None
) -> tuple[VenueEvent, ...]:
    return (*_flattened(scene, closed), *((opened,) if opened else ()))


def _flattened(scene: Scene, closed: Filled | None) -> tuple[VenueEvent, ...]:
    """Return a closing trade, and the end of the stops where it leaves nothing open."""
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


def duplicate_fault(scene: Scene, order_id: ClientOrderId) -> Fault | None:
    """Ids are unique among open orders only: the venue's id is no idempotency key."""
    if scene.ledger.order_state(scene.symbol, order_id) is OrderState.OPEN:
        return "-4116", "ClientOrderId is duplicated."
    return None


def _stop_fault(scene: Scene, command: ArmStop) -> Fault | None:
    position, stop = scene.position, command.stop_price_usd
    if position is None or command.side is not position.side.opposite:
        return REDUCE_ONLY
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
