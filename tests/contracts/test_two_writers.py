"""A holder falls asleep, another takes over, the first wakes: it sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

import pytest

from bridge_patch.adapters.journal_lease import Claim, Standing, standing
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.venue_leased import LeasedVenue
from bridge_patch.domain.errors import FencedError
from bridge_patch.domain.events import Filled, Sending
from bridge_patch.domain.order import Leg
from bridge_patch.services.messages import Command
from bridge_patch.services.ports import Venue
from bridge_patch.services.session import Session
from bridge_patch.services.switch import Commands
from tests.simulation.rig import (
    BTC,
    CALM,
    NOON_MS,
    PRICES,
    World,
    at,
    calm,
    intent,
    play,
    run,
)
from tests.simulation.tap import Tap

TTL_MS = 60_000


class Process:
    """One execution over a journal that another may want as well."""

    def __init__(
        self, world: World, database: Database, holder: str, over: Standing | None = None
    ) -> None:
        self.journal = SqlJournal(
            database,
            run_id=holder,
            clock=ManualClock(NOON_MS),
            new_id=lambda: "id-1",
            claim=Claim(holder=f"{holder} 1 unknown", ttl_ms=TTL_MS, over=over),
        )
        taps: list[Tap] = []

        def leased(venue: Venue) -> LeasedVenue:
            assert self.journal.lease is not None
            taps.append(Tap(venue))
            return LeasedVenue(taps[0], self.journal.lease.assure)

        self.session: Session = world.start(journal=lambda _: self.journal, venue=leased)
        self.venue = taps[0]

    def entries(self) -> list[Sending]:
        found = (s.event for s in self.journal.read())
        return [e for e in found if isinstance(e, Sending) and e.leg is Leg.ENTRY]


class Nap:
    """Lets something happen when the journal ends with an order that is about to leave."""

    def __init__(
        self, commands: Commands, process: Process, happens: Callable[[], None]
    ) -> None:
        self._commands, self._process, self._happens = commands, process, happens

    async def ordered(self) -> tuple[Command, ...]:
        last = list(self._process.journal.read())[-1].event
        if isinstance(last, Sending):
            self._happens()
        return await self._commands.ordered()

    async def done(self, commands: Sequence[Command]) -> None:
        await self._commands.done(commands)


def stands(database: Database) -> Standing:
    engine = database.engine(read_only=True)
    with engine.connect() as connection:
        found = standing(connection)
    engine.dispose()
    assert found is not None
    return found


def fast_asleep(process: Process) -> None:
    """Let more time pass for a process than its lease is good for."""
    lease = process.journal.lease
    assert lease is not None
    now = lease._now
    lease._now = lambda: now() + 2 * TTL_MS / 1000


def test_who_slept_before_the_announcement_is_fenced(
    database: Database, opened: ExitStack
) -> None:
    """M-98: several services could place orders, two of them closing the same positions.

    One holds the right to send. This one lost it while it slept: its order is neither
    recorded nor sent.
    """
    world = World()
    first = Process(world, database, "a")
    opened.enter_context(closing(first.journal))

    async def scenario() -> Process:
        await play(first.session, calm())
        other = Process(world, database, "b", over=stands(database))
        opened.enter_context(closing(other.journal))
        await play(other.session, calm())
        await world.send(intent("one", CALM))
        with pytest.raises(FencedError):
            await first.session.execution.drain()
        await other.session.execution.drain()
        return other

    other = run(scenario())

    assert first.venue.calls == []
    assert [e.intent_id for e in other.entries()] == ["one"]
    assert world.outcome("one").status.value == "FILLED"


def test_who_slept_between_announcement_and_order_sends_nothing(
    database: Database, opened: ExitStack
) -> None:
    """Its announcement stands; the other looks the order up, finds none, and sends it."""
    world = World()
    first = Process(world, database, "a")
    opened.enter_context(closing(first.journal))
    others: list[Process] = []

    async def scenario() -> None:
        await play(first.session, calm())
        await world.send(intent("one", CALM))
        over = stands(database)

        def sleep() -> None:
            fast_asleep(first)
            others.append(Process(world, database, "b", over=over))
            opened.enter_context(closing(others[0].journal))

        switch = first.session.keeper.switch
        switch.commands = Nap(switch.commands, first, sleep)
        with pytest.raises(FencedError):
            await first.session.execution.drain()
        assert first.venue.calls == []
        (other,) = others
        await play(other.session, [*calm(), at(CALM + 1, {BTC: PRICES[BTC]})])

    run(scenario())

    (other,) = others
    assert first.venue.calls == []
    assert [e.intent_id for e in other.entries()] == ["one"]
    fills = [s.event for s in other.journal.read() if isinstance(s.event, Filled)]
    assert len([f for f in fills if f.book.value == "account"]) == 1


def test_who_holds_sends(database: Database, opened: ExitStack) -> None:
    """The same schedule without a nap: the fence opens for whom it should."""
    world = World()
    only = Process(world, database, "a")
    opened.enter_context(closing(only.journal))

    async def scenario() -> None:
        await play(only.session, calm())
        await world.send(intent("one", CALM))
        await only.session.execution.drain()

    run(scenario())

    assert only.venue.kinds() == ["place", "stop"]
