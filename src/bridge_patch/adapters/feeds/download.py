"""Public bars from the exchange, kept in a cache: no key, one known host, gentle paging.

The cache holds one whole file per symbol, replaced at once after every page, so a download
that was cut off goes on where it stopped. Pages of 1,000 bars cost 5 of the 2,400 weight
units that the exchange grants a minute; past half of them we wait.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Final, final

import numpy as np

from bridge_patch.adapters.feeds.files import (
    BadMarketDataError,
    BarFile,
    bar_file_name,
    check,
    read_series,
    write_series,
)
from bridge_patch.adapters.feeds.series import Series, Window, interval_ms, utc
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.intent import Symbol

HOST: Final = "fapi.binance.com"

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PAGE_BARS: Final = 1000
_BYTES_MAX: Final = 4_000_000
_TRIES: Final = 3
_WEIGHT_USED_MAX: Final = 1200
_WEIGHT_PAUSE_SEC: Final = 20.0
_TOLD_TO_WAIT: Final = frozenset({418, 429})
_WAIT_MAX_SEC: Final = 60.0
_FIELDS: Final = 6


class DownloadError(BridgeError):
    """Bars could not be had from the exchange; the message says why."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one symbol has come."""

    symbol: Symbol
    bars: int
    bars_wanted: int


def _opener() -> urllib.request.OpenerDirector:
    """Open what was asked for and follow nothing: the asserted host is who answers."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Klines:
    """The exchange's public bars; `pause` is how this waits, `clock` tells Unix seconds."""

    base_url: str = f"https://{HOST}"
    timeout_sec: float = 5.0
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    opener: urllib.request.OpenerDirector = field(default_factory=_opener)

    def __post_init__(self) -> None:
        url = urllib.parse.urlsplit(self.base_url)
        ours = url.scheme == "https" and url.netloc == HOST
        if not ours and not (url.scheme == "http" and url.hostname in _LOOPBACK):
            msg = f"bars come from https://{HOST} or a loopback, was {self.base_url!r}"
            raise InvalidValueError(msg)

    def page(
        self, symbol: Symbol, interval: str, start_ms: int, end_ms: int
    ) -> list[list[object]]:
        """Return up to a page of bars that open in [start, end), oldest first."""
        query = urllib.parse.urlencode(
            {
                "symbol": symbol,
                "interval": interval,
                "startTime": start_ms,
                "endTime": end_ms - 1,
                "limit": _PAGE_BARS,
            }
        )
        url = f"{self.base_url}/fapi/v1/klines?{query}"
        fault, wait_sec = "", 0.0
        for attempt in range(_TRIES):
            if attempt:
                self.pause(wait_sec)
            try:
                return self._rows(url)
            except urllib.error.HTTPError as e:
                fault, wait_sec = f"HTTP {e.code} {e.reason}", _wait_sec(e, attempt)
                if e.code not in _TOLD_TO_WAIT and e.code < 500:  # noqa: PLR2004 - 4xx
                    break
            except (OSError, HTTPException) as e:
                fault, wait_sec = str(e) or type(e).__name__, float(2**attempt)
        msg = f"{symbol} bars of {utc(start_ms)} UTC from {self.base_url}: {fault}"
        raise DownloadError(msg)

    def _rows(self, url: str) -> list[list[object]]:
        with self.opener.open(url, timeout=self.timeout_sec) as reply:
            used = reply.headers.get("X-MBX-USED-WEIGHT-1M", "0")
            body = reply.read(_BYTES_MAX + 1)
        if used.isdecimal() and int(used) > _WEIGHT_USED_MAX:
            self.pause(_WEIGHT_PAUSE_SEC)
        try:
            rows = json.loads(body[:_BYTES_MAX])
        except ValueError as e:
            msg = f"the exchange answered {len(body)} bytes that are not JSON: {e}"
            raise DownloadError(msg) from e
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            msg = "the exchange answered JSON that is not a list of bars"
            raise DownloadError(msg)
        return rows


def download(
    symbols: Sequence[Symbol],
    window: Window,
    *,
    interval: str,
    cache: Path,
    source: Klines,
    on_progress: Callable[[Progress], None] | None = None,
) -> None:
    """See to it that the cache holds these bars, fetching what it lacks.

    A bar that has not closed yet is no bar: the window ends before it.
    """
    if window.start_ms is None or window.end_ms is None:
        msg = "a download must have a start and an end"
        raise InvalidValueError(msg)
    length = interval_ms(interval)
    start = -(-window.start_ms // length) * length
    end = min(window.end_ms, int(source.clock() * 1000)) // length * length
    for symbol in dict.fromkeys(symbols):
        path = cache / bar_file_name(symbol, interval)
        file = BarFile(path=path, symbol=symbol, interval=interval)
        _complete(file, start, end, source, on_progress)


def _complete(
    file: BarFile,
    start_ms: int,
    end_ms: int,
    source: Klines,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    held = _held(file, start_ms)
    length = interval_ms(file.interval)
    first = start_ms if held is None else int(held.open_ms[0])
    begin = start_ms if held is None else int(held.open_ms[-1]) + length
    wanted = (max(end_ms, begin) - first) // length
    while begin < end_ms:
        rows = source.page(file.symbol, file.interval, begin, end_ms)
        page = _page(file, rows, begin)
        held = page if held is None else _joined(held, page)
        write_series(file.path, held)
        begin = int(held.open_ms[-1]) + length
        if on_progress is not None:
            on_progress(Progress(symbol=file.symbol, bars=len(held), bars_wanted=wanted))


def _held(file: BarFile, start_ms: int) -> Series | None:
    """Return what the cache holds, if the wanted bars begin in it or directly behind it."""
    if not file.path.exists():
        return None
    try:
        held = read_series(file)
    except BadMarketDataError:
        return None
    behind = int(held.open_ms[-1]) + held.interval_ms
    return held if int(held.open_ms[0]) <= start_ms <= behind else None


def _page(file: BarFile, rows: list[list[object]], begin_ms: int) -> Series:
    if not rows:
        msg = f"{file.symbol}: the exchange has no bar of {utc(begin_ms)} UTC or later"
        raise DownloadError(msg)
    try:
        times = np.array([_whole(row[0]) for row in rows], dtype=np.int64)
        numbers = np.array([_prices(row) for row in rows], dtype=np.float64).T
    except (ValueError, TypeError, IndexError, OverflowError) as e:
        msg = f"{file.symbol}: the exchange sent a bar that cannot be read: {e}"
        raise DownloadError(msg) from e
    if int(times[0]) != begin_ms:
        msg = (
            f"{file.symbol}: the bar of {utc(begin_ms)} UTC was asked for, the first one"
            f" sent is of {utc(int(times[0]))} UTC"
        )
        raise DownloadError(msg)
    page = Series(
        symbol=file.symbol,
        interval_ms=interval_ms(file.interval),
        open_ms=times,
        open=numbers[0],
        high=numbers[1],
        low=numbers[2],
        close=numbers[3],
        volume=numbers[4],
    )
    try:
        check(file.path, page)
    except BadMarketDataError as e:
        msg = f"{file.symbol}: the exchange sent bars that do not fit: {e}"
        raise DownloadError(msg) from e
    return page


def _whole(value: object) -> int:
    if not isinstance(value, int):
        msg = f"an open time must be a whole number, was {value!r}"
        raise TypeError(msg)
    return value


def _prices(row: list[object]) -> list[float]:
    """Open, high, low, close, volume: the exchange sends them as text."""
    if len(row) < _FIELDS or not all(isinstance(text, str) for text in row[1:_FIELDS]):
        msg = f"a bar must be a time and five numbers as text, was {row!r}"
        raise TypeError(msg)
    return [float(str(text)) for text in row[1:_FIELDS]]


def _joined(held: Series, page: Series) -> Series:
    columns = ("open_ms", "open", "high", "low", "close", "volume")
    both = {c: np.concatenate((getattr(held, c), getattr(page, c))) for c in columns}
    return Series(symbol=held.symbol, interval_ms=held.interval_ms, **both)


def _wait_sec(error: urllib.error.HTTPError, attempt: int) -> float:
    told = error.headers.get("Retry-After", "")
    wait = float(told) if told.isdecimal() else float(2**attempt)
    return min(wait, _WAIT_MAX_SEC)
