"""The order service: place, test, modify, cancel and query LIMIT and MARKET orders."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from bridge_patch.app.binance_server.asking import Ask, check_plain, read_ask
from bridge_patch.app.binance_server.booking import end_order, open_order
from bridge_patch.app.binance_server.errors import Refusal, malformed
from bridge_patch.app.binance_server.matching import (
    check_entry,
    crosses,
    fills_whole,
    finish,
    trade_limit,
    trade_market,
)
from bridge_patch.app.binance_server.modes import symbol_of
from bridge_patch.app.binance_server.records import (
    OrderRecord,
    OrderType,
    Status,
    TimeInForce,
)
from bridge_patch.app.binance_server.rulebook import (
    check_band,
    check_price,
    check_quantity,
    check_room,
    check_status,
)
from bridge_patch.app.binance_server.shapes import order_query, order_reply
from bridge_patch.app.binance_server.teller import tell_order
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO

BATCH_MAX: Final = 5
LIST_DEFAULT, LIST_MAX = 500, 1000
#: Three days, after which the exchange no longer finds an order that ended without a fill.
_EMPTY_SHOWN_MS: Final = 3 * 86_400_000
Read = TypeVar("Read")


def place(venue: Venue, params: Params) -> Json:
    """Take a new order, or refuse it; ACK shows it before it was matched."""
    ask, order = _asked(venue, params)
    acknowledged = order_reply(order, old=venue.conditions.old_replies)
    if order.kind is OrderType.MARKET:
        trade_market(venue, order)
    else:
        _enter_limit(venue, order)
    if not ask.wants_result:
        return acknowledged
    return order_reply(order, old=venue.conditions.old_replies)


def test(venue: Venue, params: Params) -> Json:
    """Check an order as far as that goes without matching it."""
    _, order = _asked(venue, params)
    if order.kind is OrderType.LIMIT:
        check_entry(venue, order)
    return order_reply(order, old=venue.conditions.old_replies)


def _asked(venue: Venue, params: Params) -> tuple[Ask, OrderRecord]:
    ask = read_ask(venue, params, id_name="newClientOrderId")
    check_plain(venue, ask, params)
    check_status(venue, ask.symbol, reduces=ask.reduce_only)
    scene = venue.scene(ask.symbol)
    if ask.client_id and _open_by_client(venue, ask.client_id):
        raise Refusal(-4116)
    if ask.kind is OrderType.LIMIT:
        check_room(venue, ask.symbol)
        check_band(ask.side, ask.price_usd, scene.last_usd)
        _check_reduces(venue, ask)
    now, order_id = venue.now_ms, venue.records.next_order_id()
    return ask, OrderRecord(
        order_id=order_id,
        client_id=ask.client_id or f"sim-{order_id}",
        symbol=ask.symbol,
        side=ask.side,
        kind=ask.kind,
        original_kind=ask.kind,
        tif=ask.tif,
        quantity_base=ask.quantity_base or ZERO,
        price_usd=ask.price_usd if ask.kind is OrderType.LIMIT else ZERO,
        reduce_only=ask.reduce_only,
        placed_ms=now,
        updated_ms=now,
        shown_ms=now + venue.conditions.rest_lag_ms,
        good_till_ms=ask.good_till_ms,
        working=ask.working,
    )


def _check_reduces(venue: Venue, ask: Ask) -> None:
    position = venue.position(ask.symbol)
    if ask.reduce_only and (position is None or position.side is ask.side):
        raise Refusal(-2022)


def _open_by_client(venue: Venue, client_id: str) -> bool:
    return any(order.client_id == client_id for order in venue.records.open_orders())


def _enter_limit(venue: Venue, order: OrderRecord) -> None:
    check_entry(venue, order)
    if order.tif is TimeInForce.GTX and crosses(venue.scene(order.symbol), order):
        raise Refusal(-5022)
    if order.tif is TimeInForce.FOK and not fills_whole(venue, order):
        raise Refusal(-5021)
    open_order(venue, order)
    trade_limit(venue, order)


def found(venue: Venue, params: Params, code: int) -> OrderRecord:
    """Return the order that is meant; refuse with `code` where none can be seen."""
    symbol, order_id = params.the_symbol(), params.whole("orderId")
    client_id = params.text("origClientOrderId")
    if client_id is None:
        params.require("orderId")
    order = None
    if order_id is not None:
        order = venue.records.orders.get(order_id)
    elif client_id is not None:
        order = venue.records.order_by_client(symbol, client_id)
    if order is None or order.symbol != symbol:
        raise Refusal(code)
    return order


def query(venue: Venue, params: Params) -> Json:
    """Return an order; one that does not show yet does not exist."""
    order = found(venue, params, -2013)
    if not _shows(venue, order):
        raise Refusal(-2013)
    return order_query(order)


def query_open(venue: Venue, params: Params) -> Json:
    """Return an order if it is open."""
    order = found(venue, params, -2013)
    if not order.is_open or not _shows(venue, order):
        raise Refusal(-2013)
    return order_query(order)


def cancel(venue: Venue, params: Params) -> Json:
    """Cancel an order that works; what is over, or another service's, is unknown here."""
    order = found(venue, params, -2011)
    if not order.is_open:
        raise Refusal(-2011)
    _cancel(venue, order)
    return order_reply(order, old=venue.conditions.old_replies)


def _cancel(venue: Venue, order: OrderRecord) -> None:
    end_order(venue, order, Status.CANCELED)
    finish(venue, order)


def cancel_all(venue: Venue, params: Params) -> Json:
    """Cancel every order of a symbol; conditional orders are another service's."""
    cancel_open(venue, symbol_of(venue, params))
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def cancel_open(venue: Venue, symbol: Symbol) -> None:
    """Cancel what works on the symbol."""
    for order in venue.records.open_orders(symbol):
        _cancel(venue, order)


def modify(venue: Venue, params: Params) -> Json:
    """Change price and quantity of a limit order; an objection leaves it as it is."""
    order = found(venue, params, -2013)
    if order.kind is not OrderType.LIMIT:
        raise Refusal(-5025)
    if not order.is_open:
        raise Refusal(-2013)
    quantity, price = params.the_number("quantity"), params.the_number("price")
    if params.given("side") != order.side:
        raise Refusal(-1117, "Invalid side.")
    instrument = venue.instrument(order.symbol)
    check_price(instrument, price)
    check_quantity(instrument, quantity)
    if (quantity, price) == (order.quantity_base, order.price_usd):
        raise Refusal(-5027)
    scene = venue.scene(order.symbol)
    check_band(order.side, price, scene.last_usd)
    before = order.quantity_base, order.price_usd
    order.quantity_base, order.price_usd = quantity, price
    if quantity <= order.executed_base or (
        order.tif is TimeInForce.GTX and crosses(scene, order)
    ):
        order.quantity_base, order.price_usd = before
        _cancel(venue, order)
        return order_reply(order, old=venue.conditions.old_replies)
    try:
        check_entry(venue, order)
    except Refusal:
        order.quantity_base, order.price_usd = before
        raise
    order.amendments += 1
    order.updated_ms = venue.now_ms
    tell_order(venue, order, "AMENDMENT")
    trade_limit(venue, order)
    return order_reply(order, old=venue.conditions.old_replies)


def list_open(venue: Venue, params: Params) -> Json:
    """Return what works, of one symbol or of all."""
    symbol = params.symbol()
    return [order_query(o) for o in venue.records.open_orders(symbol) if _shows(venue, o)]


def list_all(venue: Venue, params: Params) -> Json:
    """Return orders, newest last, within the time and from the id that were asked."""
    symbol, first = params.symbol(), params.whole("orderId")
    start, end = params.whole("startTime"), params.whole("endTime")
    most = params.within("limit", default=LIST_DEFAULT, most=LIST_MAX)
    shown = [
        order_query(o)
        for o in venue.records.orders.values()
        if symbol in {None, o.symbol}
        and _shows(venue, o)
        and (first is None or o.order_id >= first)
        and (start is None or o.placed_ms >= start)
        and (end is None or o.placed_ms <= end)
    ]
    return shown[:most] if first is not None else shown[-most:]


def place_batch(venue: Venue, params: Params) -> Json:
    """Take up to five orders; each succeeds or fails alone."""
    return [_alone(venue, one) for one in _batch(params)]


def _alone(venue: Venue, one: Params) -> Json:
    try:
        return place(venue, one)
    except Refusal as refusal:
        return {"code": refusal.code, "msg": refusal.words}


def _batch(params: Params) -> list[Params]:
    text = params.given("batchOrders")
    asked = _read(text, "batchOrders", list[dict[str, str | int | bool | float]])
    if not 1 <= len(asked) <= BATCH_MAX:
        raise Refusal(-4082, "Invalid number of batch place orders.")
    return [Params({name: _written(value) for name, value in one.items()}) for one in asked]


def _read(text: str, name: str, kind: type[Read]) -> Read:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError:
        raise malformed(name) from None


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def cancel_batch(venue: Venue, params: Params) -> Json:
    """Cancel up to ten orders of a symbol by their ids; each succeeds or fails alone."""
    symbol = symbol_of(venue, params)
    wanted: list[Params] = []
    for name, one in (
        ("orderIdList", "orderId"),
        ("origClientOrderIdList", "origClientOrderId"),
    ):
        text = params.text(name)
        if text is not None:
            ids = _read(text, name, list[int | str])
            wanted += [Params({"symbol": symbol, one: str(i)}) for i in ids]
    answers: list[Json] = []
    for one_order in wanted:
        try:
            answers.append(cancel(venue, one_order))
        except Refusal as refusal:
            answers.append({"code": refusal.code, "msg": refusal.words})
    return answers


def _shows(venue: Venue, order: OrderRecord) -> bool:
    """Tell whether queries see an order: not yet, or, ended without a fill, no longer."""
    empty = order.status in {Status.CANCELED, Status.EXPIRED} and not order.executed_base
    gone = empty and venue.now_ms - order.updated_ms > _EMPTY_SHOWN_MS
    return order.shown_ms <= venue.now_ms and not gone
