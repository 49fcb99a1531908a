"""A venue that moves by itself is heard between two ticks, and may fail to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge_patch.domain.events import Book, Filled, FillKind, Resolved, Sending, StopArmed
from bridge_patch.domain.market import Tick
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.ports import Venue, VenueMemory
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, at, close, intent, ready, run
from tests.simulation.through import Through


@dataclass
class Alone(Through):
    """A venue on which bars move nothing here; what it told waits for whoever asks."""

    waiting: list[VenueEvent] = field(default_factory=list)
    silent: bool = False
    seen: list[VenueMemory] = field(default_factory=list)

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        if self.silent:
            raise ConnectionResetError
        told, self.waiting = tuple(self.waiting), []
        return (*told, *await self.inner.advance(tick))

    def restore(self, events: Sequence[VenueMemory]) -> None:
        self.seen += events


@dataclass
class Around:
    """Puts one such venue around a process's own."""

    venue: Alone | None = None

    def __call__(self, inner: Venue) -> Alone:
        self.venue = Alone(inner)
        return self.venue


async def opened(world: World, around: Around) -> tuple[Session, Alone]:
    session = await ready(world, venue=around)
    await ask(world, session, intent("a", CALM))
    assert around.venue is not None
    assert session.recorder.ledger.positions
    return session, around.venue


def test_what_a_venue_tells_between_two_ticks_is_recorded_at_once() -> None:
    """The stop fires at the venue; nobody waits for a bar to know that nothing is open."""
    world = World()

    async def scenario() -> None:
        session, venue = await opened(world, Around())
        fired = await venue.inner.advance(at(CALM + 1, {BTC: 92_000}))
        assert [e.kind for e in fired if isinstance(e, Filled)] == [FillKind.STOP]
        venue.waiting += fired

        await session.keeper.pulse()

        assert world.events(Filled)[-1] in fired
        assert not session.recorder.ledger.positions
        assert world.positions()[-1].quantity_base == 0

    run(scenario())


def test_a_pulse_without_news_writes_nothing() -> None:
    world = World()

    async def scenario() -> None:
        session, _ = await opened(world, Around())
        before = [stored.seq for stored in world.journal.read()]
        await session.keeper.pulse()
        assert [stored.seq for stored in world.journal.read()] == before

    run(scenario())


def test_a_venue_that_cannot_be_followed_stops_no_exit() -> None:
    """Prices, doubts and exits have their turn although nobody knows what happened."""
    world = World()

    async def scenario() -> None:
        session, venue = await opened(world, Around())
        venue.silent = True
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        await ask(world, session, close("out", CALM + 1))
        assert not session.recorder.ledger.positions

    run(scenario())


def test_a_venue_learns_the_orders_of_an_earlier_life() -> None:
    """Who asked for an order stands in no reply of a venue: it is told again at a start."""
    world, later = World(), Around()

    async def scenario() -> None:
        await opened(world, Around())
        world.start(venue=later)

    run(scenario())
    assert later.venue is not None
    announced = {e.order_id for e in later.venue.seen if isinstance(e, Sending)}
    own = [e for e in world.events(StopArmed) if e.book is Book.ACCOUNT]
    assert own
    assert {e.order_id for e in own} < announced
    answered = {e.order_id for e in later.venue.seen if isinstance(e, Resolved)}
    assert answered == announced
