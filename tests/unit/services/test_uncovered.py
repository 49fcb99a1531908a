"""The venue states a position without a stop, whatever the journal believes: it acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bridge_patch.domain.events import Book, OrderEnded, StopArmed
from bridge_patch.domain.intent import Mode, Symbol, UnixMs, Unknown
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.plans import UNSEEN, UNSTATED
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from bridge_patch.services.uncovered import UNCOVERED_MAX_MS, Uncovered
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    calm,
    intent,
    play,
    ready,
    run,
)
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_naked_deadline import pulse


@dataclass
class Bare(Tap):
    """States every position without a stop, until another one is armed."""

    bare: bool = False
    learned: list[VenueEvent] = field(default_factory=list)

    async def read(self) -> AccountReading | Unknown:
        read = await self.inner.read()
        if not self.bare or isinstance(read, Unknown):
            return read
        without = tuple(replace(p, stop_price_usd=None) for p in read.positions)
        return replace(read, positions=without)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        self.learned += events


async def held(world: World) -> tuple[Session, Bare]:
    session = await ready(world, venue=Bare)
    await ask(world, session, intent("a", CALM))
    venue = session.keeper.venue
    assert isinstance(venue, Bare)
    assert session.recorder.ledger.naked() == ()
    return session, venue


def armed(world: World) -> list[StopArmed]:
    return [e for e in world.events(StopArmed) if e.book is Book.ACCOUNT]


async def resting(venue: Bare) -> set[ClientOrderId | None]:
    stated = await venue.inner.records()
    assert isinstance(stated, VenueRecords)
    return {order.order_id for order in stated.orders}


def test_a_position_that_the_venue_states_without_a_stop_is_protected_anew() -> None:
    world = World()

    async def scenario() -> None:
        session, venue = await held(world)
        venue.bare = True
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        assert venue.kinds() == ["place", "stop"], "one reading may lag"
        await session.on_tick(at(CALM + 2, {BTC: 95_000}))

        assert venue.kinds() == ["place", "stop", "cancel", "stop"]
        first, second = armed(world)
        gone, swept = [e for e in world.events(OrderEnded) if e.book is Book.ACCOUNT]
        assert gone.order_id == swept.order_id == first.order_id != second.order_id
        assert (gone.reason, swept.reason) == (UNSTATED, "cancelled")
        assert venue.learned == [gone]
        assert session.recorder.ledger.naked() == ()

    run(scenario())


@pytest.mark.parametrize("restarted", [False, True])
def test_a_stop_that_was_not_stated_is_swept_until_the_venue_says_that_it_is_gone(
    *, restarted: bool
) -> None:
    """It may rest all the same, and would close the next position."""
    world = World()

    async def scenario() -> None:
        session, venue = await held(world)
        venue.bare = True
        venue.trouble("cancel", Trouble.REQUEST_LOST)
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        venue.trouble("cancel", *[Trouble.REQUEST_LOST] * 2)
        await session.on_tick(at(CALM + 2, {BTC: 95_000}))
        first, second = (one.order_id for one in armed(world))
        ledger = session.recorder.ledger
        assert [stop.order_id for stop in ledger.stale_stops(BTC)] == [first]
        assert await resting(venue) == {first, second}

        if restarted:
            session = world.start(venue=Bare)
            await play(session, calm((BTC,)))
            assert isinstance(session.keeper.venue, Bare)
            venue, ledger = session.keeper.venue, session.recorder.ledger
        venue.bare = False
        venue.troubles["cancel"].clear()
        await session.on_tick(at(CALM + 3, {BTC: 95_000}))
        guard = ledger.guard(BTC)
        assert guard is not None
        assert guard.order_id == second
        assert ledger.stale_stops(BTC) == ()
        assert await resting(venue) == {second}

    run(scenario())


def test_a_run_in_shadow_judges_what_is_left_by_the_venues_own_reading() -> None:
    """Its account is a book, which knows nothing of what an earlier live run left open."""
    world = World()

    async def scenario() -> None:
        await held(world)
        session = world.start(Mode.SHADOW, venue=Bare)
        venue = session.keeper.venue
        assert isinstance(venue, Bare)
        await play(session, calm((BTC,)))
        venue.bare = True
        for n in (1, 2):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))

        assert venue.kinds() == ["cancel", "stop"]
        assert session.recorder.ledger.naked() == ()
        assert await resting(venue) == {armed(world)[-1].order_id}

    run(scenario())


@pytest.mark.parametrize("lost", [0, 1])
def test_a_stop_that_is_lost_from_sight_is_swept_as_well(lost: int) -> None:
    """The adapter looks for each stop, and tells its end where it cannot be seen."""
    world = World()

    async def scenario() -> None:
        session, venue = await held(world)
        venue.trouble("cancel", *[Trouble.REQUEST_LOST] * lost)
        (first,) = armed(world)
        await session.recorder.write(
            OrderEnded(
                book=Book.ACCOUNT,
                at_ms=first.at_ms,
                symbol=BTC,
                order_id=first.order_id,
                reason=UNSEEN,
            )
        )
        for after_ms in (100, 400):
            await pulse(session, after_ms)

        assert session.recorder.ledger.naked() == ()
        assert await resting(venue) == {armed(world)[-1].order_id} != {first.order_id}
        assert session.recorder.ledger.stale_stops(BTC) == ()

    run(scenario())


def test_where_it_cannot_be_protected_anew_it_is_closed() -> None:
    world = World()

    async def scenario() -> None:
        session, venue = await held(world)
        venue.bare = True
        venue.trouble("stop", Trouble.REFUSED)
        for n in (1, 2):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))

        assert venue.kinds()[:5] == ["place", "stop", "cancel", "stop", "reduce"]
        assert session.recorder.ledger.positions == {}

    run(scenario())


def test_only_a_stop_that_is_missing_all_the_time_is_given_up() -> None:
    world = World()

    async def scenario() -> None:
        session, venue = await held(world)
        ledger, uncovered = session.recorder.ledger, Uncovered()
        read = await venue.read()
        assert isinstance(read, AccountReading)

        def told(after_ms: int, *, bare: bool) -> tuple[ClientOrderId, ...]:
            stop_usd = None if bare else ledger.stop_price_usd(BTC)
            positions = tuple(replace(p, stop_price_usd=stop_usd) for p in read.positions)
            now = UnixMs(read.at_ms + after_ms)
            gone = uncovered.gone(ledger, replace(read, at_ms=now, positions=positions))
            return tuple(e.order_id for e in gone)

        most_ms = UNCOVERED_MAX_MS
        assert told(0, bare=True) == told(most_ms - 1, bare=True) == ()
        assert told(most_ms, bare=False) == told(most_ms + 1, bare=True) == ()
        assert told(2 * most_ms, bare=True) == ()
        assert told(2 * most_ms + 1, bare=True) == (armed(world)[0].order_id,)
        flat = replace(read, positions=(), at_ms=UnixMs(read.at_ms + 9 * most_ms))
        assert uncovered.gone(ledger, flat) == (), "what is not held needs no stop"
        assert Symbol("BTCUSDT") in ledger.positions

    run(scenario())
