"""A world that dies at any await, loses replies and delivers twice, by seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge_patch.adapters.bus import Ack, Bus, Depth, Message, Post, Reader
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId, Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import (
    AccountReading,
    Journal,
    Report,
    Stored,
    VenueMemory,
)
from tests.simulation.through import Through


class Crash(BaseException):
    """The process dies here."""


def _unheard(_: str) -> None:
    return


@dataclass
class Chaos:
    """Throws the dice; `counted` says afterwards that they were not always kind.

    `odds` are those of a trouble by its name, `loss` those of any other; `told` hears of
    each as it strikes.
    """

    rng: random.Random
    death: float = 0.0
    loss: float = 0.0
    armed: bool = True
    counted: Counter[str] = field(default_factory=Counter)
    odds: Mapping[str, float] = field(default_factory=dict)
    told: Callable[[str], None] = _unheard

    def point(self, where: str) -> None:
        """Die here, sometimes."""
        if self.armed and self.rng.random() < self.death:
            self.counted["crash"] += 1
            self.counted[f"crash at {where}"] += 1
            self.told(f"crash at {where}")
            raise Crash(where)

    def strikes(self, what: str) -> bool:
        """Tell whether something else goes wrong here."""
        struck = self.armed and self.rng.random() < self.odds.get(what, self.loss)
        if struck:
            self.counted[what] += 1
            self.told(what)
        return struck


#: For a wrapper that does something of its own, and nothing by chance.
PEACE = Chaos(random.Random(0))


@dataclass
class ChaosJournal:
    """A journal whose process may die just before or just after it wrote or read."""

    inner: Journal
    chaos: Chaos

    async def append(self, events: Sequence[Event]) -> None:
        self.chaos.point("append")
        await self.inner.append(events)
        self.chaos.point("appended")

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        self.chaos.point("history")
        return await self.inner.history(intent_id)

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        return self.inner.read(after_seq)


@dataclass
class ChaosBus:
    """A bus whose process may die at any call; now and then a proposer repeats itself."""

    inner: Bus
    chaos: Chaos

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        self.chaos.point("publish")
        ids = await self.inner.publish(posts)
        self.chaos.point("published")
        again = tuple(post for post in posts if post.stream == TRADE_INTENT)
        if again and self.chaos.strikes("duplicate"):
            await self.inner.publish(again)
        return ids

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        self.chaos.point("read")
        found = await self.inner.read(reader, streams, count=count, wait_ms=wait_ms)
        self.chaos.point("handed")
        return found

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        self.chaos.point("commit")
        await self.inner.commit(group, acks, posts)
        self.chaos.point("committed")

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        return await self.inner.follow(stream, after_id, count=count, wait_ms=wait_ms)

    async def peek(self, stream: str, after_id: str) -> Message | None:
        return await self.inner.peek(stream, after_id)

    async def depth(self, stream: str, group: str) -> Depth:
        return await self.inner.depth(stream, group)


@dataclass
class Survivor:
    """A venue that outlives our processes, as a real one does: it forgets nothing.

    What it did while nobody could write it down it tells on the next occasion, all of it
    and in its order: when an order of which something is unwritten is looked up, or with
    the next bars.
    """

    inner: PaperVenue
    journal: Journal
    advanced_ms: int = 0
    happened: list[VenueEvent] = field(default_factory=list)

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        return await self.inner.prepare(approved, order_id)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        return self._kept(await self.inner.place(approved, order_id))

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        return self._kept(await self.inner.reduce(approved, order_id))

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        return self._kept(await self.inner.cancel(symbol, order_id))

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        found = await self.inner.find(symbol, order_id)
        untold = self._unwritten(self.happened)
        owed = any(getattr(event, "order_id", None) == order_id for event in untold)
        return Report(event=found.event, events=untold if owed else ())

    async def read(self) -> AccountReading | Unknown:
        return await self.inner.read()

    async def records(self) -> VenueRecords | Unknown:
        return await self.inner.records()

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        if tick.at_ms > self.advanced_ms:
            self.advanced_ms = tick.at_ms
            self.happened.extend(await self.inner.advance(tick))
        self.happened = [*self._unwritten(self.happened)]
        return tuple(self.happened)

    async def begin(self) -> None:
        """It was there."""

    async def close(self) -> None:
        """It stays there."""

    def see(self, tick: Tick) -> None:
        """It was there."""

    def restore(self, events: Sequence[VenueMemory]) -> None:
        """It was there."""

    def learn(self, events: Sequence[VenueEvent]) -> None:
        """It was there."""

    def _kept(self, report: Report) -> Report:
        self.happened.extend(report.events)
        return report

    def _unwritten(self, events: Sequence[VenueEvent]) -> tuple[VenueEvent, ...]:
        if not events:
            return ()
        written = {stored.event for stored in self.journal.read()}
        return tuple(event for event in events if event not in written)


@dataclass
class ChaosVenue(Through):
    """A venue that loses requests and replies, or fails to answer at all.

    What a lost reply was about comes later: with the next bars, as over a user stream, or
    when the order is looked up, whichever is first.
    """

    chaos: Chaos
    untold: dict[ClientOrderId, Report] = field(default_factory=dict)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        self.chaos.point("place")
        if self.chaos.strikes("request lost"):
            return Report(event=OrderEvent.TIMED_OUT)
        return self._told(order_id, await self.inner.place(approved, order_id))

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        self.chaos.point("reduce")
        if self.chaos.strikes("request lost"):
            raise ConnectionResetError
        return self._told(order_id, await self.inner.reduce(approved, order_id))

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        self.chaos.point("cancel")
        return self._told(order_id, await self.inner.cancel(symbol, order_id))

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        self.chaos.point("find")
        if self.chaos.strikes("look-up lost"):
            raise TimeoutError
        found = await self.inner.find(symbol, order_id)
        late = self.untold.pop(order_id, None)
        self.chaos.point("found")
        return found if late is None else Report(event=found.event, events=late.events)

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        late = [event for report in self.untold.values() for event in report.events]
        self.untold.clear()
        return (*late, *await self.inner.advance(tick))

    def _told(self, order_id: ClientOrderId, report: Report) -> Report:
        self.chaos.point("answer")
        if not self.chaos.strikes("reply lost"):
            return report
        if not isinstance(self.inner, Survivor):  # which remembers by itself
            self.untold[order_id] = report
        if self.chaos.rng.random() < 0.5:
            raise TimeoutError
        return Report(event=OrderEvent.TIMED_OUT)
