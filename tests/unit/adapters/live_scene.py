"""An exchange on loopback, a feed of it that is open, and the clock of both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from bridge_patch.adapters.feeds.live import LiveFeed
from bridge_patch.adapters.feeds.live_clock import LiveClock, VenueTime
from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.market import Tick
from tests.public_exchange import (
    MINUTE_MS,
    PublicExchange,
    kline_frame,
    trading,
    until,
)

BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
NOON_MS = 1_795_953_600_000
T = TypeVar("T")


@dataclass
class Wall:
    """A system clock that a test sets."""

    now: int = NOON_MS + 10_000

    def __call__(self) -> int:
        return self.now


@dataclass
class Heard:
    """Telemetry that remembers."""

    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def tell(self, event: object) -> None: ...

    def published(self, draft: object) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None:
        self.notes.append((message, facts))

    def said(self, message: str) -> list[dict[str, object]]:
        return [facts for text, facts in self.notes if text == message]


async def soon(_: float) -> None:
    await asyncio.sleep(0.01)


@dataclass
class Scene:
    """An exchange, a feed of it that is open, and the clock of both."""

    wall: Wall
    exchange: PublicExchange
    feed: LiveFeed
    heard: Heard

    async def begin(self, bars: int = 3) -> list[Tick]:
        past = [tick async for tick in self.feed.past(bars)]
        await until(lambda: self.exchange.listeners == 1)
        return past

    async def bar(self, minutes_later: int, *symbols: Symbol) -> None:
        """Say the bar that opened so many minutes after the beginning, once it closed."""
        open_ms = NOON_MS + minutes_later * MINUTE_MS
        self.wall.now = max(self.wall.now, open_ms + MINUTE_MS + 50)
        await self.exchange.say(*(kline_frame(s, open_ms) for s in symbols))

    async def next(self) -> Tick:
        """The next tick, however long it takes."""
        async with asyncio.timeout(5):
            while (tick := await self.feed.next(20)) is None:
                pass
        return tick


@asynccontextmanager
async def opened(
    *symbols: Symbol, marks_only: bool = False, **scripted: object
) -> AsyncIterator[Scene]:
    wall, heard = Wall(), Heard()
    exchange = PublicExchange(wall)
    for name, value in scripted.items():
        setattr(exchange, name, value)
    async with trading(exchange):
        feed = LiveFeed(
            environment_of("simulator", f"http://127.0.0.1:{exchange.port}"),
            symbols or (BTC, SOL),
            time=VenueTime(LiveClock(wall, wall)),
            telemetry=heard,
            marks_only=marks_only,
            sleep=soon,
        )
        async with feed:
            yield Scene(wall, exchange, feed, heard)


def run(scenario: Awaitable[T]) -> T:
    async def main() -> T:
        return await scenario

    return asyncio.run(main())
