"""The algo service: conditional orders, in an id space of their own."""

from __future__ import annotations

from bridge_patch.app.binance_server.asking import Ask, Trigger, read_ask, read_trigger
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.modes import symbol_of
from bridge_patch.app.binance_server.orders import LIST_DEFAULT, LIST_MAX
from bridge_patch.app.binance_server.records import (
    AlgoRecord,
    AlgoStatus,
    OrderType,
    TimeInForce,
)
from bridge_patch.app.binance_server.rulebook import (
    CONDITIONALS_MAX,
    check_room,
    check_status,
)
from bridge_patch.app.binance_server.shapes import algo_query, algo_reply
from bridge_patch.app.binance_server.teller import tell_algo
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import Book, TrailingSet
from bridge_patch.sim.trades import Scene

_UPWARDS_BUY = frozenset({OrderType.STOP, OrderType.STOP_MARKET})


def place(venue: Venue, params: Params) -> Json:
    """Take a conditional order; margin is not asked for before it fires."""
    if params.given("algoType") != "CONDITIONAL":
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    ask = read_ask(venue, params, id_name="clientAlgoId")
    trigger = read_trigger(venue, ask, params)
    check_status(venue, ask.symbol, reduces=ask.reduce_only or ask.close_all)
    if len(venue.records.open_algos()) >= CONDITIONALS_MAX:
        raise Refusal(-4045)
    check_room(venue, ask.symbol)
    _check_unique(venue, ask)
    scene = venue.scene(ask.symbol)
    _check_not_reached(ask, trigger, scene)
    if ask.tif is TimeInForce.GTE_GTC and venue.position(ask.symbol) is None:
        raise Refusal(-4509)
    algo = _record(venue, ask, trigger, scene)
    venue.records.add_algo(algo)
    tell_algo(venue, algo)
    return algo_reply(algo)


def _check_unique(venue: Venue, ask: Ask) -> None:
    """Refuse an id, or with `one_close_all` a close-all order, that is open already."""
    for other in venue.records.open_algos():
        if ask.client_id and other.client_id == ask.client_id:
            raise Refusal(-4116)
        same = (other.symbol, other.side, other.kind) == (ask.symbol, ask.side, ask.kind)
        if venue.conditions.one_close_all and same and other.close_all and ask.close_all:
            words = (
                "An open stop or take profit order with GTE and closePosition in the"
                " direction is existing."
            )
            raise Refusal(-4130, words)


def _check_not_reached(ask: Ask, trigger: Trigger, scene: Scene) -> None:
    """Refuse what would fire at once, and a trail that is active on the wrong side."""
    last = scene.last_usd
    if trigger.callback_pct is not None:
        activate = trigger.activate_usd
        if activate is None:
            return
        wrong = activate >= last if ask.side is Side.BUY else activate <= last
    elif (ask.side is Side.BUY) == (ask.kind in _UPWARDS_BUY):
        wrong = last >= trigger.price_usd
    else:
        wrong = last <= trigger.price_usd
    if wrong:
        raise Refusal(-2021)


def _record(venue: Venue, ask: Ask, trigger: Trigger, scene: Scene) -> AlgoRecord:
    now, algo_id = venue.now_ms, venue.records.next_algo_id()
    trail = None
    if trigger.callback_pct is not None:
        given = trigger.activate_usd
        trail = TrailingSet(
            book=Book.ACCOUNT,
            at_ms=UnixMs(now),
            symbol=ask.symbol,
            side=ask.side,
            callback_pct=trigger.callback_pct,
            activation_usd=scene.last_usd if given is None else given,
            best_usd=scene.last_usd if given is None else None,
            order_id=ClientOrderId(str(algo_id)),
            intent_id=IntentId(str(algo_id)),
        )
    return AlgoRecord(
        algo_id=algo_id,
        client_id=ask.client_id or f"sim-a-{algo_id}",
        symbol=ask.symbol,
        side=ask.side,
        kind=ask.kind,
        tif=ask.tif,
        quantity_base=None if ask.close_all else ask.quantity_base,
        price_usd=ask.price_usd,
        trigger_usd=trigger.price_usd,
        working=ask.working,
        price_protect=trigger.protected,
        reduce_only=ask.reduce_only,
        close_all=ask.close_all,
        placed_ms=now,
        updated_ms=now,
        shown_ms=now + max(venue.conditions.algo_hidden_ms, venue.conditions.rest_lag_ms),
        good_till_ms=ask.good_till_ms,
        callback_pct=trigger.callback_pct,
        activate_usd=trail.activation_usd if trail else trigger.price_usd,
        trail=trail,
    )


def found(venue: Venue, params: Params, code: int) -> AlgoRecord:
    """Return the conditional order that is meant; refuse with `code` where none shows."""
    algo_id, client_id = params.whole("algoId"), params.text("clientAlgoId")
    algo = None
    if algo_id is not None:
        algo = venue.records.algos.get(algo_id)
    elif client_id is not None:
        algo = venue.records.algo_by_client(client_id)
    else:
        params.require("algoId")
    if algo is None:
        raise Refusal(code)
    return algo


def query(venue: Venue, params: Params) -> Json:
    """Return a conditional order; one that does not show yet does not exist."""
    algo = found(venue, params, -2013)
    if not _shows(venue, algo):
        raise Refusal(-2013)
    return algo_query(algo, venue.records)


def cancel(venue: Venue, params: Params) -> Json:
    """Cancel what waits; one that is being triggered has won the race."""
    algo = found(venue, params, -2011)
    if algo.status is AlgoStatus.TRIGGERING:
        raise Refusal(-4117)
    if not algo.is_open:
        raise Refusal(-2011)
    _cancel(venue, algo)
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_id,
        "code": "200",
        "msg": "success",
    }


def cancel_all(venue: Venue, params: Params) -> Json:
    """Cancel what waits on a symbol."""
    cancel_open(venue, symbol_of(venue, params))
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def cancel_open(venue: Venue, symbol: Symbol) -> None:
    """Cancel what waits; what is being triggered goes on."""
    for algo in venue.records.open_algos(symbol):
        if algo.status is AlgoStatus.NEW:
            _cancel(venue, algo)


def _cancel(venue: Venue, algo: AlgoRecord) -> None:
    algo.status, algo.updated_ms = AlgoStatus.CANCELED, venue.now_ms
    tell_algo(venue, algo)


def list_open(venue: Venue, params: Params) -> Json:
    """Return what waits, of one symbol or of all, or the one that is named."""
    symbol, algo_id = params.symbol(), params.whole("algoId")
    return [
        algo_query(a, venue.records)
        for a in venue.records.open_algos(symbol)
        if _shows(venue, a) and algo_id in {None, a.algo_id}
    ]


def list_all(venue: Venue, params: Params) -> Json:
    """Return conditional orders of any status, newest last."""
    symbol, first = params.symbol(), params.whole("algoId")
    start, end = params.whole("startTime"), params.whole("endTime")
    most = params.within("limit", default=LIST_DEFAULT, most=LIST_MAX)
    shown = [
        algo_query(a, venue.records)
        for a in venue.records.algos.values()
        if symbol in {None, a.symbol}
        and _shows(venue, a)
        and (first is None or a.algo_id >= first)
        and (start is None or a.placed_ms >= start)
        and (end is None or a.placed_ms <= end)
    ]
    return shown[-most:]


def _shows(venue: Venue, algo: AlgoRecord) -> bool:
    return algo.shown_ms <= venue.now_ms
