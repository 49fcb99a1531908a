"""From an intent's publication to the start of the venue call, against one hop of the bus.

Another process publishes 200 intents a second to a Redis server that syncs every commit.
Subject: the shipped execution in live mode, its journal on SQLite, over the paper venue,
with every look at its lease; every second intent is refused and not counted. Reference: a
reader on the same server that does nothing. The ratio is that of the middle times; the slow
ones stand in the figures.
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
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final, final

from bench.account import START_MS, WARM_MINUTES
from bench.measuring import Figure, Outcome, tell, wants_json
from bench.server import bus_on, server
from bench.shadow import SYMBOLS, WIDE, Place, Silent, deep, intent_id, invented
from bridge_patch.adapters.bus import Ack, Reader
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_url import EMBEDDED, JournalUrl
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.app.assembly import Run, unread
from bridge_patch.app.buses import BusAt
from bridge_patch.app.settings import load_settings
from bridge_patch.app.store import STORE_NAME, Store, open_store
from bridge_patch.app.venues import new_venue
from bridge_patch.app.wiring import execution_side, start_events
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
        tell(outcome(count, on_redis(url, (EMBEDDED,) * rounds)), as_json=as_json)


def on_redis(url: str, journals: Sequence[JournalUrl]) -> list[tuple[BusAt, Place]]:
    """Return a round for each journal: two buses on this server, one of them with it."""
    return [
        (bus_on(url, 2 * number), Place(bus=bus_on(url, 2 * number + 1), journal=journal))
        for number, journal in enumerate(journals)
    ]


def outcome(
    count: int, rounds: Sequence[tuple[BusAt, Place]], *, name: str = NAME
) -> Outcome:
    """Measure some rounds, each on a bus for the reader and a place for the execution."""
    hops: list[int] = []
    calls: list[int] = []
    for bare, place in rounds:
        hops += asyncio.run(_hops(bare, count))
        calls += asyncio.run(_calls(place, count))
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


async def _hops(bus_at: BusAt, count: int) -> list[int]:
    """Return how long each message took to a reader that does nothing else."""
    reader, came = Reader(group=EXECUTION_GROUP, consumer="bare"), list[int]()
    with TemporaryDirectory() as folder, ExitStack() as opened:
        file = SqliteFile(Path(folder) / STORE_NAME)
        bus = opened.enter_context(closing(bus_at.open(file)))

        async def step() -> int:
            found = await bus.read(reader, (TRADE_INTENT,), count=512, wait_ms=_WAIT_MS)
            came.extend([time.monotonic_ns()] * len(found))
            acks = [Ack(TRADE_INTENT, message.entry_id) for message in found]
            await bus.commit(EXECUTION_GROUP, acks, [])
            return len(found)

        sent = await _published(bus_at, file, count, step)
    return [there - here for here, there in zip(sent, came, strict=True)]


async def _calls(place: Place, count: int) -> list[int]:
    """Return how long each intent took that led to a venue call."""
    async with _live(place) as (store, session, venue):
        step = partial(session.execution.step, _WAIT_MS)
        sent = await _published(place.bus, store.file, count, step)
    names = {intent_id(number): at for number, at in enumerate(sent)}
    return [at - names[name] for name, at in venue.at_ns.items()]


async def _published(
    bus_at: BusAt, file: SqliteFile, count: int, step: Callable[[], Awaitable[int]]
) -> list[int]:
    """Let another process publish while `step` takes; return when it published."""
    where = (str(bus_at.url), str(file))
    command = (sys.executable, "-m", "bench.publisher", *where, str(RATE), str(count))
    publisher = await create_subprocess_exec(*command, stdout=PIPE)
    handled = 0
    while handled < count:
        handled += await step()
        assert not publisher.returncode
    told, _ = await publisher.communicate()
    return [int(at) for at in json.loads(told)]


@asynccontextmanager
async def _live(place: Place) -> AsyncIterator[tuple[Store, Session, Called]]:
    """Start an execution in live mode over a paper venue, its market warmed up."""
    with TemporaryDirectory() as folder, ExitStack() as opened:
        settings = replace(load_settings(WIDE), state_dir=Path(folder), symbols=SYMBOLS)
        store = open_store(
            settings.state_dir, journal=True, url=place.journal, bus_at=place.bus
        )
        opened.callback(store.close)
        run = Run(settings=settings, mode=Mode.LIVE, feed="bench", telemetry=Silent())
        venue = Called(new_venue(run))
        session = execution_side(run, store, past=unread(run, venue, ListedInstruments()))
        await session.recorder.write(
            *start_events(run, store, session.recorder.account, START_MS)
        )
        *before, last = invented(WARM_MINUTES)
        for tick in before:
            await session.warm_up(tick)
        session.clock.set(last.at_ms)
        await session.keeper.on_tick(deep(last))
        yield store, session, venue


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))
