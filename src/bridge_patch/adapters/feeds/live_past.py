"""The minutes before a live feed: what models and readings need to begin with."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias, TypeVar, final

from bridge_patch.adapters.feeds.live_frames import MINUTE_MS
from bridge_patch.adapters.feeds.live_funding import LiveFunding
from bridge_patch.adapters.feeds.live_minutes import Gap, Minutes
from bridge_patch.adapters.feeds.live_rest import (
    PAGE_BARS,
    NoAnswerError,
    PublicRest,
    RefusedError,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, Tick
from bridge_patch.services.ports import Clock, Telemetry

#: A minute that closed so long ago and is not in an answer is not going to be.
SETTLED_MS: Final = 2 * MINUTE_MS
_PAUSE_SEC: Final = 1.0
_PAUSE_MAX_SEC: Final = 10.0

T = TypeVar("T")
#: Asked before each question: whether to go on.
Wanted: TypeAlias = Callable[[], Awaitable[bool]]


@final
@dataclass(frozen=True, slots=True)
class Fetched:
    """What there is of a gap; `none` are the minutes that the exchange does not have."""

    bars: tuple[Bar, ...]
    none: Gap | None


async def fetched(rest: PublicRest, gap: Gap) -> Fetched:
    """Fetch one page of a gap.

    Minutes count as not there once a later one is, or once they should long have been, or
    where the exchange knows no such symbol any more.
    """
    end_ms = UnixMs(min(gap.until_ms, gap.open_ms + PAGE_BARS * MINUTE_MS))
    now_ms = rest.now_ms()
    try:
        bars = await rest.bars(gap.symbol, gap.open_ms, end_ms)
    except RefusedError:
        bars = ()
    sure_ms = min(end_ms, (now_ms - SETTLED_MS) // MINUTE_MS * MINUTE_MS)
    if bars:
        sure_ms = max(sure_ms, bars[-1].close_ms)
    lacking = (sure_ms - gap.open_ms) // MINUTE_MS - len(bars)
    none = Gap(gap.symbol, gap.open_ms, UnixMs(sure_ms)) if lacking > 0 else None
    return Fetched(bars, none)


@final
@dataclass(slots=True, kw_only=True)
class Past:
    """Reads the past page by page, all symbols of a page before any is played."""

    rest: PublicRest
    symbols: Sequence[Symbol]
    minutes: Minutes
    funding: LiveFunding
    clock: Clock
    telemetry: Telemetry
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _found: defaultdict[Symbol, int] = field(default_factory=lambda: defaultdict(int))

    async def ticks(self, bars: int, wanted: Wanted) -> AsyncIterator[Tick]:
        """Yield the last `bars` minutes that are over, oldest first."""
        end_ms = UnixMs(self.clock.now_ms() // MINUTE_MS * MINUTE_MS)
        first_ms = UnixMs(end_ms - bars * MINUTE_MS)
        settled = await self._settled(first_ms, end_ms, wanted)
        for start in range(first_ms, end_ms, PAGE_BARS * MINUTE_MS):
            until_ms = UnixMs(min(end_ms, start + PAGE_BARS * MINUTE_MS))
            page = await self._page(UnixMs(start), until_ms, wanted)
            if page is None:
                return
            for close_ms in sorted(page):
                due = tuple(f for f in settled if f.at_ms < close_ms)
                settled = settled[len(due) :]
                yield Tick(at_ms=close_ms, bars=tuple(page[close_ms]), fundings=due)
        self.minutes.begin(end_ms)
        for symbol in self.symbols:
            self.funding.settled_until(symbol, end_ms)
        lacking = {s: bars - self._found[s] for s in self.symbols if self._found[s] < bars}
        if lacking:
            self.telemetry.note("MARKET", "the past has minutes without a bar", **lacking)

    async def _page(
        self, start_ms: UnixMs, end_ms: UnixMs, wanted: Wanted
    ) -> dict[UnixMs, list[Bar]] | None:
        """Return a page's bars by their close, once all symbols are answered."""
        page: defaultdict[UnixMs, list[Bar]] = defaultdict(list)
        for symbol in sorted(self.symbols):
            ask = partial(self.rest.bars, symbol, start_ms, end_ms)
            try:
                bars = await self._answered(ask, wanted)
            except RefusedError as e:
                msg = f"SYMBOLS names {symbol}, of which the exchange has no bars: {e}"
                raise InvalidValueError(msg) from e
            if bars is None:
                return None
            self._found[symbol] += len(bars)
            for bar in bars:
                page[bar.close_ms].append(bar)
        return page

    async def _settled(
        self, start_ms: UnixMs, end_ms: UnixMs, wanted: Wanted
    ) -> list[Funding]:
        """Return what settled in that time, oldest first; a venue may have no record."""
        found: list[Funding] = []
        for symbol in self.symbols:
            try:
                ask = partial(self.rest.settled, symbol, start_ms, end_ms)
                found += await self._answered(ask, wanted) or ()
            except RefusedError as e:
                why = f"past settlements of {symbol}: {e}"
                self.telemetry.note("MARKET", "not to be had", why=why)
        return sorted(found, key=lambda funding: funding.at_ms)

    async def _answered(self, ask: Callable[[], Awaitable[T]], wanted: Wanted) -> T | None:
        """Ask until there is an answer; None when it is no longer wanted."""
        pause_sec, told = _PAUSE_SEC, ""
        while await wanted():
            try:
                return await ask()
            except (NoAnswerError, InvalidValueError) as e:
                if told != str(e):
                    told = str(e)
                    self.telemetry.note("MARKET", "the past is waited for", why=told)
                await self.sleep(pause_sec)
                pause_sec = min(2 * pause_sec, _PAUSE_MAX_SEC)
        return None
