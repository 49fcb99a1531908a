"""An order as a client asks for it: read once from its parameters, whole from there on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.records import (
    OrderType,
    PositionSide,
    TimeInForce,
    WorkingType,
)
from bridge_patch.app.binance_server.rulebook import (
    check_client_id,
    check_notional,
    check_price,
    check_quantity,
)
from bridge_patch.app.binance_server.shapes import CONDITIONAL
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Params
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.money import ZERO

_GTD_AHEAD_MS = 600_000
_CALLBACK_MIN, _CALLBACK_MAX = Decimal("0.1"), Decimal(20)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What both services read alike; `client_id` is empty where the exchange makes one."""

    symbol: Symbol
    side: Side
    kind: OrderType
    tif: TimeInForce
    quantity_base: Decimal | None
    price_usd: Decimal
    reduce_only: bool
    close_all: bool
    client_id: str
    working: WorkingType
    good_till_ms: int
    wants_result: bool


def read_ask(venue: Venue, params: Params, *, id_name: str) -> Ask:
    """Read an order; refuse what is malformed, unknown, or against the account's mode."""
    symbol = params.the_symbol()
    venue.instrument(symbol)
    side = params.the_choice("side", Side, -1117)
    kind = params.the_choice("type", OrderType, -1116)
    if kind is OrderType.LIQUIDATION:
        raise Refusal(-1116, "Invalid orderType.")
    check_position_side(venue, params)
    client_id = params.text(id_name) or ""
    if client_id:
        check_client_id(client_id)
    tif = params.choice("timeInForce", TimeInForce, -1115)
    return Ask(
        symbol=symbol,
        side=side,
        kind=kind,
        tif=tif or TimeInForce.GTC,
        quantity_base=params.number("quantity"),
        price_usd=params.number("price") or ZERO,
        reduce_only=params.flag("reduceOnly"),
        close_all=params.flag("closePosition"),
        client_id=client_id,
        working=params.choice("workingType", WorkingType, -1128)
        or WorkingType.CONTRACT_PRICE,
        good_till_ms=params.whole("goodTillDate") or 0,
        wants_result=params.text("newOrderRespType") == "RESULT",
    )


def check_position_side(venue: Venue, params: Params) -> None:
    """Refuse a position side that the mode does not have.

    In hedge mode the exchange wants LONG or SHORT and no reduceOnly. Two positions of one
    symbol are not simulated: such an order is refused plainly.
    """
    side = params.choice("positionSide", PositionSide, -4060) or PositionSide.BOTH
    if venue.modes.dual_side:
        params.forbid("reduceOnly")
        if side is PositionSide.BOTH:
            raise Refusal(-4061)
        raise Refusal(
            -1020, "This operation is not supported: hedge mode is not simulated."
        )
    if side is not PositionSide.BOTH:
        raise Refusal(-4061)


def check_plain(venue: Venue, ask: Ask, params: Params) -> None:
    """Refuse a LIMIT or MARKET order that its own filters do not let through."""
    if ask.kind in CONDITIONAL:
        raise Refusal(-4120)
    if ask.close_all:
        raise Refusal(-4136)
    quantity = params.the_number("quantity")
    scene = venue.scene(ask.symbol)
    instrument = scene.instrument
    if ask.kind is OrderType.MARKET:
        params.forbid("timeInForce", "price")
        if not ask.reduce_only:
            check_quantity(instrument, quantity)
            check_notional(instrument, quantity, scene.last_usd)
        return
    params.require("timeInForce", "price")
    check_price(instrument, ask.price_usd)
    check_quantity(instrument, quantity)
    if not ask.reduce_only:
        check_notional(instrument, quantity, ask.price_usd)
    _check_life(venue, ask)


def _check_life(venue: Venue, ask: Ask) -> None:
    if ask.tif is TimeInForce.GTE_GTC:
        raise Refusal(-1115, "Invalid timeInForce.")
    dated = ask.tif is TimeInForce.GTD
    if dated and ask.good_till_ms <= venue.now_ms + _GTD_AHEAD_MS:
        words = "The goodTillDate must be greater than the current time plus 600 seconds."
        raise Refusal(-5040, words)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When a conditional order is sent, beside what it then is."""

    price_usd: Decimal
    callback_pct: Decimal | None
    activate_usd: Decimal | None
    protected: bool


def read_trigger(venue: Venue, ask: Ask, params: Params) -> Trigger:
    """Read and check a conditional order's own parameters."""
    if ask.kind not in CONDITIONAL:
        raise Refusal(-4120, "Order type not supported for this endpoint.")
    instrument = venue.instrument(ask.symbol)
    _check_size(ask, instrument, params)
    protected = params.flag("priceProtect")
    if ask.kind is OrderType.TRAILING_STOP_MARKET:
        callback = params.the_number("callbackRate")
        if not _CALLBACK_MIN <= callback <= _CALLBACK_MAX:
            raise Refusal(-2007)
        activate = params.number("activatePrice")
        if activate is not None:
            check_price(instrument, activate)
        return Trigger(
            price_usd=ZERO,
            callback_pct=callback,
            activate_usd=activate,
            protected=protected,
        )
    price = params.the_number("triggerPrice")
    if price <= 0:
        raise Refusal(-4006, "Stop price less than or equal to zero.")
    check_price(instrument, price)
    if ask.kind in {OrderType.STOP, OrderType.TAKE_PROFIT}:
        params.require("price")
        check_price(instrument, ask.price_usd)
    return Trigger(
        price_usd=price, callback_pct=None, activate_usd=None, protected=protected
    )


def _check_size(ask: Ask, instrument: Instrument, params: Params) -> None:
    """Refuse a size that does not go with the kind: a quantity, or all there is."""
    if ask.close_all:
        if ask.kind not in {OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET}:
            raise Refusal(-4136)
        if params.has("quantity") and ask.quantity_base:
            raise Refusal(-4137)
        params.forbid("reduceOnly")
        return
    check_quantity(instrument, params.the_number("quantity"))
