"""The exchange's own market as it goes: bars that have closed, and marks between them.

Public data only, no key. The socket tells, the REST answers fill what it missed; a symbol
of which nothing comes simply ages, and the Governor refuses by that age.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Self, final

from bridge_patch.adapters.feeds.live_clock import VenueTime
from bridge_patch.adapters.feeds.live_frames import (
    Frame,
    KlineEvent,
    MarkEvent,
    bar_of,
    mark_of,
    next_ms_of,
    read_as,
)
from bridge_patch.adapters.feeds.live_funding import LiveFunding
from bridge_patch.adapters.feeds.live_minutes import Minutes
from bridge_patch.adapters.feeds.live_past import Past, Wanted
from bridge_patch.adapters.feeds.live_rest import PublicRest, web
from bridge_patch.adapters.feeds.live_socket import PublicSocket
from bridge_patch.adapters.feeds.live_upkeep import Upkeep
from bridge_patch.adapters.venue_ccxt.environment import Environment
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import FundingTerms, Mark, Tick
from bridge_patch.services.ports import Telemetry

#: Marks of all symbols come in one burst: news are waited for a little longer.
GATHER_SEC: Final = 0.01
_REFUSED_SAY: Final = 1_000


async def _always() -> bool:
    return True


@final
class LiveFeed:
    """One market that is followed; open it with `async with`, then ask for what is new.

    `marks_only` is for a process that gets its bars from elsewhere. `refused` counts what
    was absurd, by the words in which it was refused.
    """

    def __init__(
        self,
        places: Environment,
        symbols: Sequence[Symbol],
        *,
        time: VenueTime,
        telemetry: Telemetry,
        marks_only: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.places, self.symbols = places, tuple(dict.fromkeys(symbols))
        self.time, self.refused = time, Counter[str]()
        self._telemetry, self._marks_only, self._sleep = telemetry, marks_only, sleep
        self._minutes, self._funding = Minutes(self.symbols), LiveFunding()
        self._marks: dict[Symbol, Mark] = {}
        self._newest: dict[Symbol, UnixMs] = {}
        self._news = asyncio.Event()
        self._waiting: tuple[Tick, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._session: Any = None
        self._rest: PublicRest | None = None

    @property
    def label(self) -> str:
        """Say what this is, in one sentence for people."""
        names = ", ".join(self.symbols)
        return (
            f"Live: {self.places.name}, {names}, public streams of {self.places.stream};"
            " mark and index as told, funding as it settles"
        )

    @property
    def rest(self) -> PublicRest:
        """The REST answers; only while this is open."""
        if self._rest is None:
            msg = "a live feed must be opened before it is asked"
            raise RuntimeError(msg)
        return self._rest

    async def __aenter__(self) -> Self:
        http, clock = web(), self.time.clock
        self._session = http.ClientSession(
            trust_env=self.places.rest.startswith("https://")
        )
        self._rest = PublicRest(self.places.rest, self._session, clock)
        socket = PublicSocket(
            session=self._session,
            url=self._url(),
            heard=self._heard,
            clock=clock,
            telemetry=self._telemetry,
            sleep=self._sleep,
        )
        upkeep = Upkeep(
            rest=self._rest,
            time=self.time,
            funding=self._funding,
            telemetry=self._telemetry,
            minutes=None if self._marks_only else self._minutes,
            sleep=self._sleep,
        )
        works = (socket.follow(), upkeep.keep_time(), upkeep.keep_up())
        self._tasks = [asyncio.create_task(work) for work in works]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError, Exception):
                await task
        await self._session.close()

    def past(self, bars: int, wanted: Wanted = _always) -> AsyncIterator[Tick]:
        """Yield so many minutes that are over, oldest first; then expect the next ones.

        Asks until it is answered, for as long as it is `wanted`.
        """
        return Past(
            rest=self.rest,
            symbols=self.symbols,
            minutes=self._minutes,
            funding=self._funding,
            clock=self.time.clock,
            telemetry=self._telemetry,
            sleep=self._sleep,
        ).ticks(bars, wanted)

    async def next(self, wait_ms: int) -> Tick | None:
        """Return the next tick of bars; None where none came, or other news did first."""
        self._require_work()
        if (tick := self._due()) is not None:
            return tick
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_ms / 1000):
                await self._news.wait()
                await asyncio.sleep(GATHER_SEC)
        self._news.clear()
        self._require_work()
        return self._due()

    async def all_heard(self, wait_ms: int) -> bool:
        """Tell whether every symbol has a mark, waiting for that for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_ms / 1000):
                while not self._newest.keys() >= set(self.symbols):
                    self._require_work()
                    await self._news.wait()
                    self._news.clear()
        return self._newest.keys() >= set(self.symbols)

    def marks(self) -> tuple[Mark, ...]:
        """Return the newest mark of each symbol that has a new one since the last call."""
        marks, self._marks = tuple(self._marks.values()), {}
        return marks

    def terms(self) -> tuple[FundingTerms, ...]:
        """Return what holding costs, where that is new since the last call."""
        return self._funding.new_terms()

    def _url(self) -> str:
        kinds = ("markPrice@1s",) if self._marks_only else ("kline_1m", "markPrice@1s")
        names = [f"{s.lower()}@{kind}" for s in self.symbols for kind in kinds]
        return f"{self.places.stream}/market/stream?streams={'/'.join(names)}"

    def _require_work(self) -> None:
        """Raise what ended a piece of background work: it has no other end."""
        for task in self._tasks:
            if task.done():
                task.result()

    def _due(self) -> Tick | None:
        if not self._waiting:
            self._waiting = self._minutes.due(self.time.clock.now_ms())
        if not self._waiting:
            return None
        tick, *rest = self._waiting
        self._waiting = tuple(rest)
        return replace(tick, fundings=self._funding.settled_before(tick.at_ms))

    def _heard(self, text: str) -> None:
        try:
            self._take(read_as(Frame, text).data)
        except InvalidValueError as e:
            self._refuse(str(e))

    def _take(self, event: KlineEvent | MarkEvent) -> None:
        symbol, now_ms = Symbol(event.symbol), self.time.clock.now_ms()
        if symbol not in self.symbols:
            msg = "a frame of a symbol that was not asked for"
            raise InvalidValueError(msg)
        if isinstance(event, KlineEvent):
            bar = bar_of(symbol, event.candle, now_ms)
            if bar is not None and not self._marks_only:
                self._minutes.take(bar)
                self._news.set()
            return
        mark, next_ms = mark_of(event, now_ms), next_ms_of(event)
        if mark.at_ms <= self._newest.get(symbol, 0):
            msg = "a mark that is not newer than the one before it"
            raise InvalidValueError(msg)
        self._newest[symbol] = mark.at_ms
        self._marks[symbol] = mark
        self._news.set()
        self._funding.heard(symbol, event.rate_fraction, next_ms, mark.at_ms)

    def _refuse(self, why: str) -> None:
        kind = "".join("#" if letter.isdigit() else letter for letter in why)[:160]
        self.refused[kind] += 1
        if self.refused[kind] % _REFUSED_SAY == 1:
            self._telemetry.note("MARKET", "refused", why=why, so_far=self.refused.total())
