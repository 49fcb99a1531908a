"""What is kept alive, and what runs out: listen keys, the dead-man switch, timers."""

from __future__ import annotations

from typing import Final

from bridge_patch.app.binance_server import algo, orders
from bridge_patch.app.binance_server.booking import end_order
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.matching import finish, trade_limit
from bridge_patch.app.binance_server.modes import symbol_of
from bridge_patch.app.binance_server.records import AlgoStatus, Status
from bridge_patch.app.binance_server.triggering import execute
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params

KEY_LIFE_MS: Final = 3_600_000


def create_key(venue: Venue, _: Params) -> Json:
    """Return the listen key, a new one where none is valid; either way it is extended."""
    modes = venue.modes
    if not modes.listen_key:
        modes.listen_key = f"sim{venue.numbered:08d}{venue.now_ms:016d}".ljust(64, "k")
    modes.listen_key_until_ms = venue.now_ms + KEY_LIFE_MS
    return {"listenKey": modes.listen_key}


def extend_key(venue: Venue, _: Params) -> Json:
    """Extend the listen key, if there is one."""
    if not venue.modes.listen_key:
        raise Refusal(-1125)
    return create_key(venue, _)


def close_key(venue: Venue, _: Params) -> Json:
    """Close the listen key; nothing more is told on its streams."""
    if not venue.modes.listen_key:
        raise Refusal(-1125)
    venue.modes.listen_key = ""
    return {}


def expire_key(venue: Venue) -> None:
    """Let the listen key run out, and say so on its streams, which stay open."""
    key = venue.modes.listen_key
    if key:
        venue.emit("listenKeyExpired", {"listenKey": key})
        venue.flush()
        venue.modes.listen_key = ""


def set_countdown(venue: Venue, params: Params) -> Json:
    """Start, renew or (with zero) stop a symbol's dead-man switch."""
    symbol, length_ms = symbol_of(venue, params), params.the_whole("countdownTime")
    if length_ms > 0:
        venue.modes.countdowns[symbol] = venue.now_ms + length_ms
    else:
        venue.modes.countdowns.pop(symbol, None)
    return {"symbol": symbol, "countdownTime": str(length_ms)}


def due_ms(venue: Venue) -> int | None:
    """Return when the next timer runs out; None where none runs."""
    times = [*venue.modes.countdowns.values()]
    if venue.modes.listen_key:
        times.append(venue.modes.listen_key_until_ms)
    times += [o.good_till_ms for o in venue.records.open_orders() if o.good_till_ms]
    times += [
        a.due_ms for a in venue.records.open_algos() if a.status is AlgoStatus.TRIGGERING
    ]
    return min(times, default=None)


def run_timers(venue: Venue) -> None:
    """Do what is due by now."""
    now = venue.now_ms
    for symbol, at_ms in list(venue.modes.countdowns.items()):
        if at_ms <= now:
            del venue.modes.countdowns[symbol]
            orders.cancel_open(venue, symbol)
            if venue.conditions.countdown_cancels_algos:
                algo.cancel_open(venue, symbol)
    if venue.modes.listen_key and venue.modes.listen_key_until_ms <= now:
        expire_key(venue)
    for order in venue.records.open_orders():
        if 0 < order.good_till_ms <= now:
            end_order(venue, order, Status.EXPIRED)
    for waiting in venue.records.open_algos():
        if waiting.status is AlgoStatus.TRIGGERING and waiting.due_ms <= now:
            last = venue.scene(waiting.symbol).last_usd
            child = execute(venue, waiting, last)
            if child is not None:
                trade_limit(venue, child)
                finish(venue, child)
