"""Columns of bars and settlements in memory, and the feed that turns them into ticks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from heapq import merge
from typing import Final, final

import numpy as np

from bridge_patch.adapters.feeds.settlements import (
    Numbers,
    Settlements,
    Times,
    exact,
    uncharged,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, FundingTerms, Tick

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

    @property
    def span_ms(self) -> tuple[int, int]:
        """When the first bar opens and the last one closes."""
        return int(self.open_ms[0]), int(self.open_ms[-1]) + self.interval_ms

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
                exact(part.open),
                exact(part.high),
                exact(part.low),
                exact(part.close),
                exact(part.volume),
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


def shared(series: Sequence[Series]) -> tuple[Series, ...]:
    """Return the part of each that lies in the time for which all of them have bars."""
    start = max(one.span_ms[0] for one in series)
    end = min(one.span_ms[1] for one in series)
    if start >= end:
        spans = ", ".join(
            f"{one.symbol} {utc(one.span_ms[0])} to {utc(one.span_ms[1])}" for one in series
        )
        msg = f"the symbols must share some time, were {spans} UTC; play them apart"
        raise InvalidValueError(msg)
    window = Window(start_ms=UnixMs(start), end_ms=UnixMs(end))
    return tuple(one.within(window) for one in series)


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
    """A market to be played; each iteration starts from the beginning.

    The label says where it comes from, `note` what was done to it, and what it lacks: the
    bars know no mark price, and perhaps no funding.
    """

    def __init__(
        self,
        kind: FeedKind,
        series: Sequence[Series],
        source: str,
        *,
        settlements: Sequence[Settlements] = (),
        note: str = "",
    ) -> None:
        if not series or not all(map(len, series)):
            msg = "a feed must have at least one bar of every symbol"
            raise InvalidValueError(msg)
        self._series = tuple(series)
        self._source, self._note = source, note
        self._settlements = {one.symbol: one for one in settlements}
        start = min(one.span_ms[0] for one in self._series)
        end = max(one.span_ms[1] for one in self._series)
        names = ", ".join(one.symbol for one in self._series)
        closes = [one.open_ms + one.interval_ms for one in self._series]
        self.info = FeedInfo(
            kind=kind,
            label=f"{source}: {names}, {utc(start)} to {utc(end)} UTC{note};"
            f" mark = last price (synthetic); {self._funding_label(end)}",
            symbols=tuple(one.symbol for one in self._series),
            start_ms=UnixMs(start),
            end_ms=UnixMs(end),
            ticks=int(np.unique(np.concatenate(closes)).size),
        )

    def within(self, window: Window) -> Feed:
        """Return the part of this market that lies in the window."""
        return Feed(
            self.info.kind,
            [one.within(window) for one in self._series],
            self._source,
            settlements=tuple(self._settlements.values()),
            note=self._note,
        )

    def __iter__(self) -> Iterator[Tick]:
        """Yield every instant at which a bar closed, with all that closed or settled."""
        streams = [one.bars() for one in self._series]
        heads = [next(stream, None) for stream in streams]
        fundings = self._fundings()
        due, known = next(fundings, None), False
        while waiting := [bar.close_ms for bar in heads if bar is not None]:
            now = min(waiting)
            closed: list[Bar] = []
            for at, bar in enumerate(heads):
                if bar is not None and bar.close_ms == now:
                    closed.append(bar)
                    heads[at] = next(streams[at], None)
            settled: list[Funding] = []
            while due is not None and due.at_ms < now:
                settled.append(due)
                due = next(fundings, None)
            yield Tick(
                at_ms=now,
                bars=tuple(closed),
                fundings=tuple(settled),
                terms=self._terms(now, {f.symbol for f in settled} if known else None),
            )
            known = True

    def _terms(self, now: int, settled: set[Symbol] | None) -> tuple[FundingTerms, ...]:
        """Return the terms that are new at a tick; `settled` None is the first tick.

        A symbol without settlements on record is charged nothing, and that is said once.
        """
        symbols = self.info.symbols if settled is None else sorted(settled)
        terms = []
        for symbol in symbols:
            known = self._settlements.get(symbol)
            one = known.terms_at(now) if known else uncharged(symbol, now)
            terms += [] if one is None else [one]
        return tuple(terms)

    def _fundings(self) -> Iterator[Funding]:
        """Yield what settled while there were bars, in the order of time and symbol."""
        each = (
            self._settlements[one.symbol].during(*one.span_ms)
            for one in self._series
            if one.symbol in self._settlements
        )
        return merge(*each, key=lambda funding: funding.at_ms)

    def _funding_label(self, end_ms: int) -> str:
        symbols = [one.symbol for one in self._series]
        lacking = [symbol for symbol in symbols if symbol not in self._settlements]
        if lacking:
            names = "" if len(lacking) == len(symbols) else f" of {', '.join(lacking)}"
            return f"no funding{names} on record, none is charged"
        ended = [s for s in self._settlements.values() if not s.reaches(end_ms)]
        last = min((int(one.at_ms[-1]) for one in ended), default=None)
        return f"funding as recorded{'' if last is None else f', last {utc(last)} UTC'}"
