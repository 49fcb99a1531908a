"""The exchange's public words: a frame or a row becomes a domain value, or is a fault.

Names and shapes are those of the USD-M pages `kline`, `markPrice`, `klines`, `fundingRate`
and `fundingInfo`, read in 2026. What is not asked for is passed over; what is asked for and
absurd raises InvalidValueError, and nothing is ever filled in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias, TypeVar

import msgspec

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, Mark

MINUTE_MS: Final = 60_000
#: A bar may close, or an event be stamped, so far ahead of our clock; further is absurd.
AHEAD_MAX_MS: Final = 5_000
#: Mark and index further apart than this factor are not of one contract.
APART_MAX: Final = 2
_HOUR_MS: Final = 3_600_000
_FIGURE_MAX: Final = Decimal("1E+15")
_DIGITS_MAX: Final = 30
_TAKES_MAX: Final = 24

T = TypeVar("T")


_CANDLE: Final = {
    "open_ms": "t",
    "last_ms": "T",
    "interval": "i",
    "open": "o",
    "high": "h",
    "low": "l",
    "close": "c",
    "volume": "v",
    "closed": "x",
}
_MARK: Final = {
    "at_ms": "E",
    "symbol": "s",
    "mark_usd": "p",
    "index_usd": "i",
    "rate_fraction": "r",
    "next_ms": "T",
}


class Candle(msgspec.Struct, frozen=True, rename=_CANDLE):
    """A kline as a frame carries it; `last_ms` is its last millisecond."""

    open_ms: int
    last_ms: int
    interval: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    closed: bool


class KlineEvent(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="kline",
    rename={"symbol": "s", "candle": "k"},
):
    """One candle, open or closed."""

    symbol: str
    candle: Candle


class MarkEvent(
    msgspec.Struct, frozen=True, tag_field="e", tag="markPriceUpdate", rename=_MARK
):
    """Mark, index, the rate of the next settlement and when that is."""

    at_ms: int
    symbol: str
    mark_usd: Decimal
    index_usd: Decimal
    rate_fraction: Decimal
    next_ms: int


class Frame(msgspec.Struct, frozen=True):
    """A frame of a combined stream."""

    data: KlineEvent | MarkEvent


class ServerTime(msgspec.Struct, frozen=True, rename="camel"):
    """`GET /fapi/v1/time`."""

    server_time: int


class FundingRow(msgspec.Struct, frozen=True, rename="camel"):
    """One row of `GET /fapi/v1/fundingRate`: a settlement that took place."""

    symbol: str
    funding_time: int
    funding_rate: Decimal


class FundingInfo(msgspec.Struct, frozen=True, rename="camel"):
    """One row of `GET /fapi/v1/fundingInfo`: a contract with an interval of its own."""

    symbol: str
    funding_interval_hours: int


#: One row of `GET /fapi/v1/klines`: times, prices and volume of twelve fields.
KlineRow: TypeAlias = tuple[
    int,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
    int,
    msgspec.Raw,
    msgspec.Raw,
    msgspec.Raw,
    msgspec.Raw,
    msgspec.Raw,
]


def read_as(kind: type[T], text: bytes | str) -> T:
    """Return the JSON as this type, or raise InvalidValueError saying where it differs."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as e:
        msg = f"the exchange sent what is not understood: {str(e)[:120]}"
        raise InvalidValueError(msg) from e


def bar_of(symbol: Symbol, candle: Candle, now_ms: UnixMs) -> Bar | None:
    """Return a candle that has closed as a bar; None for one that has not."""
    if not candle.closed:
        return None
    open_ms, last_ms = candle.open_ms, candle.last_ms
    if candle.interval != "1m" or last_ms != open_ms + MINUTE_MS - 1:
        msg = f"{symbol} candle must be of one minute, was {open_ms} to {last_ms}"
        raise InvalidValueError(msg)
    prices = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    return _bar(symbol, open_ms, prices, now_ms)


def bar_of_row(symbol: Symbol, row: KlineRow, now_ms: UnixMs) -> Bar | None:
    """Return a row of the REST answer as a bar; None while it may still change."""
    open_ms, *prices, closed_ms = row[:7]
    if closed_ms != open_ms + MINUTE_MS - 1:
        msg = f"{symbol} row must be of one minute, was {open_ms} to {closed_ms}"
        raise InvalidValueError(msg)
    if closed_ms >= now_ms:
        return None
    return _bar(symbol, open_ms, tuple(prices), now_ms)


def mark_of(event: MarkEvent, now_ms: UnixMs) -> Mark:
    """Return what a contract is worth; it is never from a time that is still to come."""
    symbol, usd, index_usd = Symbol(event.symbol), event.mark_usd, event.index_usd
    ahead_ms = event.at_ms - now_ms
    if ahead_ms > AHEAD_MAX_MS:
        msg = f"{symbol} mark must not be from the future, was {ahead_ms} ms ahead"
        raise InvalidValueError(msg)
    _require(symbol, usd, index_usd, event.rate_fraction)
    mark = Mark(
        symbol=symbol,
        mark_usd=usd,
        index_usd=index_usd,
        at_ms=UnixMs(min(event.at_ms, now_ms)),
    )
    if max(usd, index_usd) > APART_MAX * min(usd, index_usd):
        msg = f"{symbol} mark {usd} and index {index_usd} must be of one contract"
        raise InvalidValueError(msg)
    if abs(event.rate_fraction) >= 1:
        msg = f"{symbol} rate must be between -1 and 1, was {event.rate_fraction}"
        raise InvalidValueError(msg)
    return mark


def next_ms_of(event: MarkEvent) -> UnixMs | None:
    """Return when funding settles next; None where the contract has none."""
    if event.next_ms == 0:
        return None
    ahead_ms = event.next_ms - event.at_ms
    if not -_HOUR_MS < ahead_ms <= _TAKES_MAX * _HOUR_MS:
        msg = f"{event.symbol} must settle within a day, was {ahead_ms} ms ahead"
        raise InvalidValueError(msg)
    return UnixMs(event.next_ms)


def funding_of(row: FundingRow) -> Funding:
    """Return a settlement that took place."""
    _require(Symbol(row.symbol), row.funding_rate)
    return Funding(
        symbol=Symbol(row.symbol),
        at_ms=UnixMs(row.funding_time),
        rate_fraction=row.funding_rate,
    )


def interval_ms_of(info: FundingInfo) -> int:
    """Return the time between two settlements of a contract that has its own."""
    if not 1 <= info.funding_interval_hours <= _TAKES_MAX:
        msg = f"{info.symbol} must settle within a day, was {info.funding_interval_hours} h"
        raise InvalidValueError(msg)
    return info.funding_interval_hours * _HOUR_MS


def _bar(symbol: Symbol, open_ms: int, prices: tuple[Decimal, ...], now_ms: UnixMs) -> Bar:
    open_, high, low, close, volume = prices
    close_ms = open_ms + MINUTE_MS
    if open_ms <= 0 or open_ms % MINUTE_MS or close_ms > now_ms + AHEAD_MAX_MS:
        msg = f"{symbol} bar must open on a past minute, was {open_ms} at {now_ms}"
        raise InvalidValueError(msg)
    _require(symbol, *prices)
    return Bar(
        symbol=symbol,
        open_ms=UnixMs(open_ms),
        close_ms=UnixMs(close_ms),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )


def _require(symbol: Symbol, *figures: Decimal) -> None:
    """Refuse figures that no market has: arithmetic on them could go on for ever."""
    for figure in figures:
        if not (
            figure.is_finite()
            and abs(figure) < _FIGURE_MAX
            and len(figure.as_tuple().digits) <= _DIGITS_MAX
            and figure.adjusted() > -_DIGITS_MAX
        ):
            msg = f"{symbol} figures must be finite and sane, was {figure:.3e}"
            raise InvalidValueError(msg)
