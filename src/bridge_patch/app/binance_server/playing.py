"""Time and the market: a tick is played whole, and timers run out where they are due.

Order of one tick: timers due before it, then funding that settled since the last one, then
each bar with what it does to resting orders and positions, then what the market streams
are told.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Final

from bridge_patch.app.binance_server.account import upkeep_usd
from bridge_patch.app.binance_server.booking import tell_funding
from bridge_patch.app.binance_server.market_streams import tell_bar
from bridge_patch.app.binance_server.matching import play_bar
from bridge_patch.app.binance_server.shapes import usd
from bridge_patch.app.binance_server.upkeep import due_ms, run_timers
from bridge_patch.app.binance_server.venue import BARS_KEPT, Venue
from bridge_patch.app.binance_server.wire import Json, plain
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.venue_events import FundingPaid

#: Maintenance margin as a share of the position's equity from which the exchange warns.
CALL_FRACTION: Final = Decimal("0.8")


def play_tick(venue: Venue, tick: Tick) -> int:
    """Play one instant; return how many user events it told.

    The last bar played again happened once: whoever paces us repeats it after a restart,
    and what was armed or opened at its close was not there during it.
    """
    told = move_on(venue, tick.at_ms)
    for terms in tick.terms:
        venue.terms[terms.symbol] = terms
    for funding in tick.fundings:
        venue.settled.append(funding)
        for event in venue.exchange.on_funding((funding,)):
            if isinstance(event, FundingPaid):
                tell_funding(venue, event)
    new = [bar for bar in tick.bars if _is_new(venue, bar)]
    for bar in new:
        venue.bars.setdefault(bar.symbol, deque(maxlen=BARS_KEPT)).append(bar)
        play_bar(venue, bar)
        _call(venue, bar.symbol)
    told += venue.flush()
    for bar in new:
        tell_bar(venue, bar)
    return told


def _is_new(venue: Venue, bar: Bar) -> bool:
    """Tell whether a bar is of a listed symbol, not too old, and not the last one again."""
    if bar.symbol not in venue.symbols or bar.close_ms < venue.exchange.now_ms:
        return False
    known = venue.bars.get(bar.symbol)
    return not known or bar != known[-1]


def move_on(venue: Venue, to_ms: int) -> int:
    """Let time pass, stopping at each timer; return how many user events that told."""
    told = 0
    while (due := due_ms(venue)) is not None and due <= to_ms:
        venue.clock.move_to(due)
        run_timers(venue)
        told += venue.flush()
    venue.clock.move_to(to_ms)
    return told


def _call(venue: Venue, symbol: Symbol) -> None:
    """Warn once when a position's equity comes near its maintenance margin."""
    position, last = venue.position(symbol), venue.last_usd(symbol)
    if position is None or last is None:
        venue.modes.called.discard(symbol)
        return
    upkeep = upkeep_usd(venue, position)
    equity = position.margin_usd + position.unrealised_usd(last)
    if upkeep < CALL_FRACTION * equity:
        venue.modes.called.discard(symbol)
        return
    if symbol in venue.modes.called:
        return
    venue.modes.called.add(symbol)
    warned: Json = {
        "s": symbol,
        "ps": "LONG" if position.signed_base > 0 else "SHORT",
        "pa": plain(position.signed_base),
        "mt": "CROSSED" if venue.modes.is_crossed(symbol) else "ISOLATED",
        "iw": usd(position.margin_usd),
        "mp": plain(last),
        "up": usd(position.unrealised_usd(last)),
        "mm": usd(upkeep),
    }
    venue.emit("MARGIN_CALL", {"cw": usd(venue.available_usd()), "p": [warned]})
