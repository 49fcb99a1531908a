"""What happened to the account: its trades, and every movement of its wallet."""

from __future__ import annotations

from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.modes import symbol_of
from bridge_patch.app.binance_server.orders import LIST_DEFAULT, LIST_MAX
from bridge_patch.app.binance_server.shapes import income_query, trade_query
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params

_INCOME_DEFAULT = 100
_DAY_MS = 86_400_000
#: How old trades may be that are asked for, and how long a time is told at once.
_TRADES_KEPT_DAYS = 90
_TRADES_SPAN_DAYS = 7


def trades(venue: Venue, params: Params) -> Json:
    """Return a symbol's trades, oldest first."""
    symbol = symbol_of(venue, params)
    order_id, first = params.whole("orderId"), params.whole("fromId")
    start, end = _window(venue, params)
    most = params.within("limit", default=LIST_DEFAULT, most=LIST_MAX)
    shown = [
        trade_query(t)
        for t in venue.records.trades
        if t.symbol == symbol
        and order_id in {None, t.order_id}
        and (first is None or t.trade_id >= first)
        and (start is None or t.at_ms >= start)
        and (end is None or t.at_ms <= end)
        and t.at_ms + venue.conditions.rest_lag_ms <= venue.now_ms
    ]
    return shown[:most] if first is not None else shown[-most:]


def incomes(venue: Venue, params: Params) -> Json:
    """Return the wallet's movements, oldest first."""
    symbol, kind = params.symbol(), params.text("incomeType")
    start, end = params.whole("startTime"), params.whole("endTime")
    most = params.within("limit", default=_INCOME_DEFAULT, most=LIST_MAX)
    shown = [
        income_query(i)
        for i in venue.records.incomes
        if symbol in {None, i.symbol}
        and kind in {None, i.kind}
        and (start is None or i.at_ms >= start)
        and (end is None or i.at_ms <= end)
    ]
    return shown[-most:]


def _window(venue: Venue, params: Params) -> tuple[int | None, int | None]:
    """Return from when to when trades are told: seven days, of the last three months."""
    start, end = params.whole("startTime"), params.whole("endTime")
    span_ms = _TRADES_SPAN_DAYS * _DAY_MS
    if start is not None and start < venue.now_ms - _TRADES_KEPT_DAYS * _DAY_MS:
        raise Refusal(-4166)
    if start is not None and end is not None and end - start > span_ms:
        raise Refusal(-4165)
    if start is not None and end is None:
        return start, start + span_ms
    return start, end
