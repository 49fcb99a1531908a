"""What a bar says on the market streams: candle, trades made up from it, book, mark price.

A bar holds no trades. Four are told for it, a quarter of the volume each, at the open, the
two extremes in the order that the matching plays for nobody's position, and the close.
"""

from __future__ import annotations

from typing import Final

from bridge_patch.app.binance_server.market import INTERVALS_MS, book_ticker, premium
from bridge_patch.app.binance_server.shapes import usd
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, plain
from bridge_patch.domain.market import Bar

_NAMES: Final = {length: name for name, length in INTERVALS_MS.items()}


def tell_bar(venue: Venue, bar: Bar) -> None:
    """Tell everyone who listens what the bar was."""
    if not venue.hub.market_heard():
        return
    stem, hub, now = bar.symbol.lower(), venue.hub, venue.clock.stated_ms
    for number, (price, sold) in enumerate(_trades(bar)):
        trade: Json = {
            "e": "aggTrade",
            "E": now,
            "s": bar.symbol,
            "a": bar.open_ms // 1000 * 4 + number,
            "p": price,
            "q": plain(bar.volume / 4),
            "f": bar.open_ms // 1000 * 4 + number,
            "l": bar.open_ms // 1000 * 4 + number,
            "T": bar.open_ms + (bar.close_ms - bar.open_ms) * number // 4,
            "m": sold,
        }
        hub.push_market(f"{stem}@aggTrade", trade)
    interval = _NAMES.get(bar.close_ms - bar.open_ms)
    if interval is not None:
        hub.push_market(f"{stem}@kline_{interval}", _kline(bar, interval, now))
    top = book_ticker(venue, bar.symbol)
    book: Json = {
        "e": "bookTicker",
        "u": now,
        "E": now,
        "T": now,
        "s": bar.symbol,
        "b": top["bidPrice"],
        "B": top["bidQty"],
        "a": top["askPrice"],
        "A": top["askQty"],
    }
    hub.push_market(f"{stem}@bookTicker", book)
    hub.push_market("!bookTicker", book)
    mark = premium(venue, bar.symbol)
    told: Json = {
        "e": "markPriceUpdate",
        "E": now,
        "s": bar.symbol,
        "p": mark["markPrice"],
        "i": mark["indexPrice"],
        "P": mark["estimatedSettlePrice"],
        "r": mark["lastFundingRate"],
        "T": mark["nextFundingTime"],
    }
    for name in (f"{stem}@markPrice", f"{stem}@markPrice@1s"):
        hub.push_market(name, told)
    for name in ("!markPrice@arr", "!markPrice@arr@1s"):
        hub.push_market(name, [told])


def _trades(bar: Bar) -> tuple[tuple[str, bool], ...]:
    """Return the four made-up trades: the price, and whether the seller was the taker."""
    rose = bar.close >= bar.open
    first, second = (bar.low, bar.high) if rose else (bar.high, bar.low)
    return (
        (plain(bar.open), not rose),
        (plain(first), rose),
        (plain(second), not rose),
        (plain(bar.close), not rose),
    )


def _kline(bar: Bar, interval: str, now: int) -> Json:
    quote = bar.volume * bar.close
    return {
        "e": "kline",
        "E": now,
        "s": bar.symbol,
        "k": {
            "t": bar.open_ms,
            "T": bar.close_ms - 1,
            "s": bar.symbol,
            "i": interval,
            "f": bar.open_ms // 1000 * 4,
            "L": bar.open_ms // 1000 * 4 + 3,
            "o": plain(bar.open),
            "c": plain(bar.close),
            "h": plain(bar.high),
            "l": plain(bar.low),
            "v": plain(bar.volume),
            "n": 4,
            "x": True,
            "q": usd(quote),
            "V": plain(bar.volume / 2),
            "Q": usd(quote / 2),
            "B": "0",
        },
    }
