"""From an intent's publication to the start of the venue call, against one hop of the bus.

Another process publishes 200 intents a second to a Redis server that syncs every commit.
Subject: the shipped execution in live mode, its journal on SQLite, over the paper venue;
every second intent is refused and not counted. Reference: a reader on the same server that
does nothing. The ratio is that of the middle times; the slow ones stand in the figures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final, final

from bench.account import START_MS, WARM_MINUTES
from bench.measuring import Figure, Outcome, tell, wants_json
from bench.server import server
from bench.shadow import SYMBOLS, WIDE, Silent, deep, intent_id, invented
from bridge_patch.adapters.bus import Ack, Reader
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_url import EMBEDDED, JournalUrl
from bridge_patch.adapters.streams import EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.buses import BusAt
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import open_store, start_events
from bridge_patch.domain.intent import IntentId, Mode, Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import AccountReading, Report, Venue, VenueMemory
from bridge_patch.services.session import Session

GOAL: Final = 2.5
GOAL_SLOW: Final = 4.0
RATE: Final = 200
COUNT: Final = 200
ROUNDS: Final = 3
NAME: Final = f"publication to venue call / one hop, {RATE} a second"
_MS: Final = 1e6
_WAIT_MS: Final = 100


@final
@dataclass(slots=True)
class Called:
    """A venue that notes when it was first called about each intent."""

    venue: Venue
    at_ns: dict[IntentId, int] = field(default_factory=dict)

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        """Pass it on."""
        return await self.venue.prepare(approved, order_id)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        """Note it and pass it on."""
        self.at_ns.setdefault(approved.intent_id, time.monotonic_ns())
        return await self.venue.place(approved, order_id)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        """Note it and pass it on."""
        self.at_ns.setdefault(approved.intent_id, time.monotonic_ns())
        return await self.venue.reduce(approved, order_id)

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        """Pass it on."""
        return await self.venue.cancel(symbol, order_id)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        """Pass it on."""
        return await self.venue.find(symbol, order_id)

    async def read(self) -> AccountReading | Unknown:
        """Pass it on."""
        return await self.venue.read()

    async def records(self) -> VenueRecords | Unknown:
        """Pass it on."""
        return await self.venue.records()

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        """Pass it on."""
        return await self.venue.advance(tick)

    async def begin(self) -> None:
        """Pass it on."""
        await self.venue.begin()

    async def close(self) -> None:
        """Pass it on."""
        await self.venue.close()

    def see(self, tick: Tick) -> None:
        """Pass it on."""
        self.venue.see(tick)

    def restore(self, events: Sequence[VenueMemory]) -> None:
        """Pass it on."""
        self.venue.restore(events)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        """Pass it on."""
        self.venue.learn(events)


def main(count: int = COUNT, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; each round publishes `count` intents to either side."""
    with server() as url:
        tell(outcome(count, url, (EMBEDDED,) * rounds), as_json=as_json)


def outcome(
    count: int, url: str, journals: Sequence[JournalUrl], *, name: str = NAME
) -> Outcome:
    """Measure on this Redis server, a round for each of the journals and on it."""
    hops: list[int] = []
    calls: list[int] = []
    for number, journal in enumerate(journals):
        hops += asyncio.run(_hops(f"{url}/{2 * number}", count))
        calls += asyncio.run(_calls(f"{url}/{2 * number + 1}", count, journal))
    slow = _slow(calls) / _slow(hops)
    figures = (
        Figure("one hop, middle", median(hops) / _MS, "ms"),
        Figure("one hop, 99 of 100", _slow(hops) / _MS, "ms"),
        Figure("publication to venue call, middle", median(calls) / _MS, "ms"),
        Figure("publication to venue call, 99 of 100", _slow(calls) / _MS, "ms"),
        Figure("ratio of the 99 of 100", slow, "times", f"goal {GOAL_SLOW:g}"),
        Figure("venue calls measured", len(calls), ""),
    )
    return Outcome(
        name=name,
        ratio=median(calls) / median(hops),
        wanted="at most",
        goal=GOAL,
        figures=figures,
    )


def _slow(times: list[int]) -> float:
    return quantiles(times, n=100)[-1]


async def _hops(url: str, count: int) -> list[int]:
    """Return how long each message took to a reader that does nothing else."""
    reader, came = Reader(group=EXECUTION_GROUP, consumer="bare"), list[int]()
    with closing(RedisBus(read_bus_url(url))) as bus:

        async def step() -> int:
            found = await bus.read(reader, (TRADE_INTENT,), count=512, wait_ms=_WAIT_MS)
            came.extend([time.monotonic_ns()] * len(found))
            acks = [Ack(TRADE_INTENT, message.entry_id) for message in found]
            await bus.commit(EXECUTION_GROUP, acks, [])
            return len(found)

        sent = await _published(url, count, step)
    return [there - here for here, there in zip(sent, came, strict=True)]


async def _calls(url: str, count: int, journal: JournalUrl) -> list[int]:
    """Return how long each intent took that led to a venue call."""
    async with _live(url, journal) as (session, venue):
        sent = await _published(url, count, lambda: session.execution.step(_WAIT_MS))
    names = {intent_id(number): at for number, at in enumerate(sent)}
    return [at - names[name] for name, at in venue.at_ns.items()]


async def _published(url: str, count: int, step: Callable[[], Awaitable[int]]) -> list[int]:
    """Let another process publish while `step` takes; return when it published."""
    command = (sys.executable, "-m", "bench.publisher", url, str(RATE), str(count))
    publisher = await create_subprocess_exec(*command, stdout=PIPE)
    handled = 0
    while handled < count:
        handled += await step()
        assert not publisher.returncode
    told, _ = await publisher.communicate()
    return [int(at) for at in json.loads(told)]


@asynccontextmanager
async def _live(url: str, journal: JournalUrl) -> AsyncIterator[tuple[Session, Called]]:
    """Start an execution in live mode over a paper venue, its market warmed up."""
    with TemporaryDirectory() as folder, ExitStack() as opened:
        settings = replace(load_settings(WIDE), state_dir=Path(folder), symbols=SYMBOLS)
        bus_at = BusAt(read_bus_url(url))
        store = open_store(settings.state_dir, journal=True, url=journal, bus_at=bus_at)
        opened.callback(store.close)
        assert store.journal is not None
        run = Run(settings=settings, mode=Mode.LIVE, feed="bench", telemetry=Silent())
        paper = PaperVenue(
            wallet_usd=settings.paper_equity_usd, instruments=ListedInstruments()
        )
        venue = Called(paper)
        ports = Ports(
            bus=store.bus, journal=store.journal, venue=venue, run_id=store.run_id
        )
        session = assemble(run, ports)
        await session.recorder.write(*start_events(run, store, START_MS))
        *before, last = invented(WARM_MINUTES)
        for tick in before:
            await session.warm_up(tick)
        session.clock.set(last.at_ms)
        await session.keeper.on_tick(deep(last))
        yield session, venue


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))
