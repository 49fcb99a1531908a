"""Columns of bars in memory, and the feed that turns them into ticks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick

Times: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.float64]

#: Bars become exact numbers this many at a time, so that a month is never held twice.
_CHUNK: Final = 4096
_UNITS_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def interval_ms(text: str) -> int:
    """Return the length of a bar by its name.

    >>> interval_ms("5m")
    300000
    """
    found = re.fullmatch(r"([1-9]\d{0,3})([mhd])", text)
    if found is None:
        msg = f"interval must be a number and one of m, h, d, such as 1m, was {text!r}"
        raise InvalidValueError(msg)
    return int(found[1]) * _UNITS_MS[found[2]]


def utc(at_ms: int) -> str:
    """Return a time for people.

    >>> utc(1_746_372_780_000)
    '2025-05-04 15:33'
    """
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of data time; None is as far as there is. A bar must lie inside whole."""

    start_ms: UnixMs | None = None
    end_ms: UnixMs | None = None

    def __post_init__(self) -> None:
        start, end = self.start_ms, self.end_ms
        if start is not None and end is not None and start >= end:
            msg = f"a window must end after its start, was {start} to {end}"
            raise InvalidValueError(msg)


EVERYTHING: Final = Window()


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """One symbol's bars as columns: open times in ms, prices in USD, volume in base."""

    symbol: Symbol
    interval_ms: int
    open_ms: Times
    open: Numbers
    high: Numbers
    low: Numbers
    close: Numbers
    volume: Numbers

    def __len__(self) -> int:
        return len(self.open_ms)

    def within(self, window: Window) -> Series:
        """Return the bars that lie whole inside the window."""
        first, last = 0, len(self)
        if window.start_ms is not None:
            first = int(np.searchsorted(self.open_ms, window.start_ms, side="left"))
        if window.end_ms is not None:
            latest = window.end_ms - self.interval_ms
            last = int(np.searchsorted(self.open_ms, latest, side="right"))
        return self.rows(first, max(first, last))

    def rows(self, first: int, last: int) -> Series:
        """Return the rows from `first` up to, but without, `last`."""
        return Series(
            symbol=self.symbol,
            interval_ms=self.interval_ms,
            open_ms=self.open_ms[first:last],
            open=self.open[first:last],
            high=self.high[first:last],
            low=self.low[first:last],
            close=self.close[first:last],
            volume=self.volume[first:last],
        )

    def bars(self) -> Iterator[Bar]:
        """Yield the bars, oldest first, each number as it is written in decimals."""
        symbol, length = self.symbol, self.interval_ms
        for first in range(0, len(self), _CHUNK):
            part = self.rows(first, first + _CHUNK)
            for at, o, h, low, c, volume in zip(
                part.open_ms.tolist(),
                _exact(part.open),
                _exact(part.high),
                _exact(part.low),
                _exact(part.close),
                _exact(part.volume),
                strict=True,
            ):
                yield Bar(
                    symbol=symbol,
                    open_ms=at,
                    close_ms=UnixMs(at + length),
                    open=o,
                    high=h,
                    low=low,
                    close=c,
                    volume=volume,
                )


def _exact(column: Numbers) -> list[Decimal]:
    """Return the shortest decimals that are these floats: the ones that were recorded."""
    return [Decimal(text) for text in map(repr, column.tolist())]


class FeedKind(StrEnum):
    """How real the prices are."""

    REPLAY = "replay"
    DOWNLOAD = "download"
    GENERATED = "generated"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedInfo:
    """What a feed is, for the record and, as `label`, in one sentence for people."""

    kind: FeedKind
    label: str
    symbols: tuple[Symbol, ...]
    start_ms: UnixMs
    end_ms: UnixMs
    ticks: int


@final
class Feed:
    """A market to be played; each iteration starts from the beginning."""

    def __init__(self, kind: FeedKind, series: Sequence[Series], source: str) -> None:
        if not series or not all(map(len, series)):
            msg = "a feed must have at least one bar of every symbol"
            raise InvalidValueError(msg)
        self._series = tuple(series)
        self._source = source
        closes = [one.open_ms + one.interval_ms for one in self._series]
        start = min(int(one.open_ms[0]) for one in self._series)
        end = max(int(close[-1]) for close in closes)
        names = ", ".join(one.symbol for one in self._series)
        self.info = FeedInfo(
            kind=kind,
            label=f"{source}: {names}, {utc(start)} to {utc(end)} UTC",
            symbols=tuple(one.symbol for one in self._series),
            start_ms=UnixMs(start),
            end_ms=UnixMs(end),
            ticks=int(np.unique(np.concatenate(closes)).size),
        )

    def within(self, window: Window) -> Feed:
        """Return the part of this market that lies in the window."""
        return Feed(
            self.info.kind, [one.within(window) for one in self._series], self._source
        )

    def __iter__(self) -> Iterator[Tick]:
        """Yield every instant at which a bar closed, with all the bars that closed then."""
        streams = [one.bars() for one in self._series]
        heads = [next(stream, None) for stream in streams]
        while waiting := [bar.close_ms for bar in heads if bar is not None]:
            now = min(waiting)
            closed: list[Bar] = []
            for at, bar in enumerate(heads):
                if bar is not None and bar.close_ms == now:
                    closed.append(bar)
                    heads[at] = next(streams[at], None)
            yield Tick(at_ms=now, bars=tuple(closed))
