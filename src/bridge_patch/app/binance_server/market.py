"""What the market shows: last prices, tickers, candles, a book, funding.

All of it is made of the bars that were played. The book is one level deep on each side,
half a spread from the last price; there is no index price, and mark is the last price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.matching import quote_of
from bridge_patch.app.binance_server.modes import symbol_of
from bridge_patch.app.binance_server.shapes import usd
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params, plain
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar
from bridge_patch.domain.money import ZERO

DAY_MS: Final = 86_400_000
INTERVALS_MS: Final = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": DAY_MS,
}
_FUNDING_MS: Final = 28_800_000


def time(venue: Venue, _: Params) -> Json:
    """Return the exchange's time."""
    return {"serverTime": venue.clock.stated_ms}


def ping(_venue: Venue, _: Params) -> Json:
    """Answer."""
    return {}


def _each(venue: Venue, params: Params) -> tuple[list[Symbol], bool]:
    """Return the symbols that are asked for and have a price, and whether it is one."""
    symbol = params.symbol()
    if symbol is not None:
        venue.scene(symbol)
        return [symbol], True
    return [s for s in venue.symbols if venue.last_usd(s) is not None], False


def prices(venue: Venue, params: Params) -> Json:
    """Return last prices."""
    symbols, one = _each(venue, params)
    shown = [
        {
            "symbol": s,
            "price": plain(venue.last_usd(s) or ZERO),
            "time": venue.now_ms,
        }
        for s in symbols
    ]
    return shown[0] if one else shown


def book_tickers(venue: Venue, params: Params) -> Json:
    """Return the best prices of each book."""
    symbols, one = _each(venue, params)
    shown = [book_ticker(venue, s) for s in symbols]
    return shown[0] if one else shown


def book_ticker(venue: Venue, symbol: Symbol) -> dict[str, Json]:
    """Return one book's best prices, each with a share of the bar's volume."""
    scene = venue.scene(symbol)
    quote, size = quote_of(scene), plain(depth_base(venue, symbol))
    return {
        "symbol": symbol,
        "bidPrice": plain(quote.bid_usd),
        "bidQty": size,
        "askPrice": plain(quote.ask_usd),
        "askQty": size,
        "time": venue.now_ms,
        "lastUpdateId": venue.now_ms,
    }


def depth_base(venue: Venue, symbol: Symbol) -> Decimal:
    """Return what stands on each side: what market orders may take of the bar."""
    scene = venue.scene(symbol)
    share = (scene.volume_base or ZERO) * scene.costs.volume_share_max
    return max(share, scene.instrument.quantity_min)


def depth(venue: Venue, params: Params) -> Json:
    """Return the book, one level deep."""
    symbol = symbol_of(venue, params)
    scene = venue.scene(symbol)
    quote, size = quote_of(scene), plain(depth_base(venue, symbol))
    return {
        "lastUpdateId": venue.now_ms,
        "E": venue.now_ms,
        "T": venue.now_ms,
        "bids": [[plain(quote.bid_usd), size]],
        "asks": [[plain(quote.ask_usd), size]],
    }


def day_tickers(venue: Venue, params: Params) -> Json:
    """Return what the last 24 hours did."""
    symbols, one = _each(venue, params)
    shown = [_day(venue, s) for s in symbols]
    return shown[0] if one else shown


def _day(venue: Venue, symbol: Symbol) -> Json:
    since = venue.now_ms - DAY_MS
    bars = [b for b in venue.bars.get(symbol, ()) if b.close_ms > since]
    if not bars:
        raise Refusal(-1112)
    first, last = bars[0], bars[-1]
    volume = sum((b.volume for b in bars), ZERO)
    quote = sum((b.volume * b.close for b in bars), ZERO)
    change = last.close - first.open
    return {
        "symbol": symbol,
        "priceChange": plain(change),
        "priceChangePercent": f"{change / first.open * 100:.3f}",
        "weightedAvgPrice": usd(quote / volume if volume else last.close),
        "lastPrice": plain(last.close),
        "lastQty": plain(last.volume),
        "openPrice": plain(first.open),
        "highPrice": plain(max(b.high for b in bars)),
        "lowPrice": plain(min(b.low for b in bars)),
        "volume": plain(volume),
        "quoteVolume": usd(quote),
        "openTime": first.open_ms,
        "closeTime": venue.now_ms,
        "firstId": first.open_ms,
        "lastId": last.close_ms,
        "count": 4 * len(bars),
    }


def premiums(venue: Venue, params: Params) -> Json:
    """Return mark prices and what funding is next."""
    symbols, one = _each(venue, params)
    shown = [premium(venue, s) for s in symbols]
    return shown[0] if one else shown


def premium(venue: Venue, symbol: Symbol) -> dict[str, Json]:
    """Return a symbol's mark price and its funding."""
    last = usd(venue.scene(symbol).last_usd)
    terms = venue.terms.get(symbol)
    length = (terms.interval_ms if terms else 0) or _FUNDING_MS
    return {
        "symbol": symbol,
        "markPrice": last,
        "indexPrice": last,
        "estimatedSettlePrice": last,
        "lastFundingRate": plain(terms.rate_fraction if terms else ZERO),
        "interestRate": "0.00010000",
        "nextFundingTime": (venue.now_ms // length + 1) * length,
        "time": venue.now_ms,
    }


def funding_info(venue: Venue, _: Params) -> Json:
    """Return the symbols whose interval is not eight hours."""
    return [
        {
            "symbol": symbol,
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": terms.interval_ms // 3_600_000,
            "disclaimer": False,
        }
        for symbol, terms in venue.terms.items()
        if terms.interval_ms not in {0, _FUNDING_MS}
    ]


def funding_rates(venue: Venue, params: Params) -> Json:
    """Return the settlements that were played."""
    symbol = params.symbol()
    most = params.within("limit", default=100, most=1000)
    start, end = params.whole("startTime"), params.whole("endTime")
    shown = [
        {
            "symbol": f.symbol,
            "fundingTime": f.at_ms,
            "fundingRate": plain(f.rate_fraction),
            "markPrice": usd(venue.last_usd(f.symbol) or ZERO),
        }
        for f in venue.settled
        if symbol in {None, f.symbol}
        and (start is None or f.at_ms >= start)
        and (end is None or f.at_ms <= end)
    ]
    return shown[-most:]


def klines(venue: Venue, params: Params) -> Json:
    """Return candles, oldest first, gathered from the bars that were played."""
    symbol, interval = symbol_of(venue, params), params.given("interval")
    length = INTERVALS_MS.get(interval)
    if length is None:
        raise Refusal(-1120, "Invalid interval.")
    start, end = params.whole("startTime"), params.whole("endTime")
    most = params.within("limit", default=500, most=1500)
    shown = [
        candle(bar)
        for bar in gathered(list(venue.bars.get(symbol, ())), length)
        if (start is None or bar.open_ms >= start) and (end is None or bar.open_ms <= end)
    ]
    return shown[:most] if start is not None else shown[-most:]


def gathered(bars: Sequence[Bar], length_ms: int) -> Iterator[Bar]:
    """Yield longer candles from shorter ones; the last may be unfinished."""
    group: list[Bar] = []
    for bar in bars:
        if group and bar.open_ms // length_ms != group[0].open_ms // length_ms:
            yield _joined(group, length_ms)
            group = []
        group.append(bar)
    if group:
        yield _joined(group, length_ms)


def _joined(group: Sequence[Bar], length_ms: int) -> Bar:
    open_ms = group[0].open_ms // length_ms * length_ms
    return Bar(
        symbol=group[0].symbol,
        open_ms=UnixMs(open_ms),
        close_ms=UnixMs(max(open_ms + length_ms, group[-1].close_ms)),
        open=group[0].open,
        high=max(b.high for b in group),
        low=min(b.low for b in group),
        close=group[-1].close,
        volume=sum((b.volume for b in group), ZERO),
    )


def candle(bar: Bar) -> Json:
    """Return a candle as the exchange lists it; half of its volume counts as bought."""
    quote = bar.volume * bar.close
    return [
        bar.open_ms,
        plain(bar.open),
        plain(bar.high),
        plain(bar.low),
        plain(bar.close),
        plain(bar.volume),
        bar.close_ms - 1,
        usd(quote),
        4,
        plain(bar.volume / 2),
        usd(quote / 2),
        "0",
    ]
