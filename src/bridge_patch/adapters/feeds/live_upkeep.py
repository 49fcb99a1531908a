"""What a live feed asks for while it listens: the time, missing minutes, settlements.

Every question is asked again when it is time, whatever became of the last one. That there
is no answer is said once, and once that there is one again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.feeds.live_clock import VenueTime
from bridge_patch.adapters.feeds.live_frames import MINUTE_MS
from bridge_patch.adapters.feeds.live_funding import LiveFunding
from bridge_patch.adapters.feeds.live_minutes import Minutes
from bridge_patch.adapters.feeds.live_past import fetched
from bridge_patch.adapters.feeds.live_rest import (
    NoAnswerError,
    PublicRest,
    RefusedError,
)
from bridge_patch.domain.errors import BridgeError
from bridge_patch.services.ports import Telemetry

#: The venue's clock is read so often: entries refuse where a reading is older than 10 s.
SYNC_SEC: Final = 3.0
#: How often what is missing is looked for.
UPKEEP_SEC: Final = 1.0
#: What could not be had is asked for again after this long.
AGAIN_MS: Final = 5_000
_INTERVALS_MS: Final = 3_600_000


@final
@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Two pieces of background work; `minutes` is None where only marks are followed."""

    rest: PublicRest
    time: VenueTime
    funding: LiveFunding
    telemetry: Telemetry
    minutes: Minutes | None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _said: dict[str, str] = field(default_factory=dict)
    _again_ms: dict[str, int] = field(default_factory=dict)
    _intervals_due_ms: int = 0

    async def keep_time(self) -> None:
        """Measure the venue's clock until cancelled."""
        while True:
            await self._asked("time", self._sync)
            await self.sleep(SYNC_SEC)

    async def keep_up(self) -> None:
        """Ask for what is missing until cancelled."""
        while True:
            await self._asked("intervals", self._read_intervals)
            if self.minutes is not None:
                await self._asked("bars", self._fill)
                await self._asked("settlements", self._settle)
            await self.sleep(UPKEEP_SEC)

    async def _asked(self, what: str, ask: Callable[[], Awaitable[None]]) -> None:
        now_ms = self.time.clock.now_ms()
        if now_ms < self._again_ms.get(what, 0):
            return
        try:
            await ask()
        except BridgeError as e:
            self._again_ms[what] = now_ms + AGAIN_MS
            if self._said.get(what) != str(e):
                self._said[what] = str(e)
                self.telemetry.note("MARKET", "no answer", what=what, why=str(e))
        else:
            if self._said.pop(what, None) is not None:
                self.telemetry.note("MARKET", "answered again", what=what)

    async def _sync(self) -> None:
        asked_ms = self.time.clock.now_ms()
        self.time.answered(asked_ms, await self.rest.server_ms())

    async def _read_intervals(self) -> None:
        now_ms = self.time.clock.now_ms()
        if now_ms < self._intervals_due_ms:
            return
        try:
            self.funding.intervals_ms = await self.rest.intervals_ms()
        except RefusedError:
            self.funding.intervals_ms = {}
        self._intervals_due_ms = now_ms + _INTERVALS_MS

    async def _fill(self) -> None:
        """Fetch what is missing, all symbols before any is played: in the order of time."""
        minutes = self.minutes
        gaps = minutes.gaps(self.time.clock.now_ms()) if minutes else ()
        if minutes is None or not gaps:
            return
        answers = await asyncio.gather(
            *(fetched(self.rest, gap) for gap in gaps), return_exceptions=True
        )
        failed: list[BaseException] = []
        told: defaultdict[str, int] = defaultdict(int)
        for gap, answer in zip(gaps, answers, strict=True):
            if isinstance(answer, BaseException):
                failed.append(answer)
                continue
            for bar in answer.bars:
                minutes.take(bar)
            told["filled"] += len(answer.bars)
            if (none := answer.none) is not None:
                minutes.without(none)
                whole = (none.until_ms - none.open_ms) // MINUTE_MS
                told[f"none_of_{gap.symbol}"] += whole - len(answer.bars)
        if any(told.values()):
            self.telemetry.note("MARKET", "missing minutes were asked for", **told)
        if failed:
            raise failed[0]

    async def _settle(self) -> None:
        now_ms = self.time.clock.now_ms()
        for symbol, since_ms in self.funding.awaited(now_ms):
            try:
                settled = await self.rest.settled(symbol, since_ms, now_ms)
            except RefusedError as e:
                self.funding.drop(symbol)
                raise NoAnswerError(str(e)) from e
            self.funding.answered(symbol, settled)
