"""Stops that are taken and end soon, again and again: the position is closed, aloud."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import Book, OrderEnded, Sending, StopArmed
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.governor.judge import ApprovedReduction
from bridge_patch.services.ports import Report
from bridge_patch.services.protection import PROTECT_ATTEMPTS_MAX
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    close,
    intent,
    minute,
    ready,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_naked_deadline import Noted, causes, legs, pulse
from tests.unit.services.test_uncovered import held

D = Decimal


@dataclass
class Fickle(Tap):
    """Takes every stop, and ends it once it has rested for `rest_ms`."""

    rest_ms: int = 0
    resting: dict[ClientOrderId, UnixMs] = field(default_factory=dict)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        report = await super().reduce(approved, order_id)
        armed = (e for e in report.events if isinstance(e, StopArmed))
        self.resting |= {e.order_id: e.at_ms for e in armed}
        return report

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        now_ms, ended = tick.at_ms, list[VenueEvent]()
        for name, since_ms in tuple(self.resting.items()):
            if now_ms - since_ms >= self.rest_ms:
                del self.resting[name]
                ended += (await self.inner.cancel(BTC, name)).events
        happened = await super().advance(tick)
        told = [replace(e, at_ms=now_ms) for e in ended if isinstance(e, OrderEnded)]
        return (*happened, *told)


def stops(world: World) -> int:
    return legs(world).count(Leg.STOP)


async def fickle(world: World, rest_ms: int, noted: Noted) -> Session:
    session = await ready(world, venue=Fickle, telemetry=noted)
    venue = session.keeper.venue
    assert isinstance(venue, Fickle)
    venue.rest_ms = rest_ms
    await ask(world, session, intent("a", CALM))
    assert BTC in session.recorder.ledger.positions
    return session


@pytest.mark.parametrize("rest_ms", [0, 300, 4_900, 10_000, 25_000])
def test_a_position_whose_stops_do_not_stay_is_closed(rest_ms: int) -> None:
    """A person's "cancel all" every moment, a service that expires them: not for ever."""
    world, noted = World(), Noted()

    async def scenario() -> Session:
        session = await fickle(world, rest_ms, noted)
        for tenth in range(1, 590):
            await pulse(session, tenth * 100)
        return session

    session = run(scenario())

    assert session.recorder.ledger.positions == {}
    assert causes(world) == [CloseCause.STOP_FAILED]
    assert stops(world) == PROTECT_ATTEMPTS_MAX
    assert session.recorder.nakedness.spells == 1
    assert noted.said == ["its stops do not stay"]


def test_a_stop_that_the_venue_never_states_is_not_replaced_for_ever() -> None:
    """Each is given up after ten seconds at the earliest; the second is the last."""
    world = World()

    async def scenario() -> None:
        session, venue = await held(world)
        venue.bare = True
        for n in range(1, 6):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))

        assert session.recorder.ledger.positions == {}
        assert venue.kinds().count("stop") == PROTECT_ATTEMPTS_MAX

    run(scenario())
    assert causes(world) == [CloseCause.STOP_FAILED]


async def cancelled(session: Session, after_ms: int) -> None:
    """Let the venue say that the stop has ended."""
    guard = session.recorder.ledger.guard(BTC)
    assert guard is not None
    now_ms = UnixMs(minute(CALM) + after_ms)
    session.clock.set(now_ms)
    await session.recorder.write(
        OrderEnded(
            book=Book.ACCOUNT,
            at_ms=now_ms,
            symbol=BTC,
            order_id=guard.order_id,
            reason="cancelled by the venue",
        )
    )


def test_a_spell_that_goes_on_has_no_new_deadline() -> None:
    """Three seconds before its stop rested and two after are the five it may have."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REPLY_LOST, Trouble.REQUEST_LOST)
        venue.trouble("find", Trouble.REQUEST_LOST)
        await ask(world, session, intent("a", CALM))
        ((name, late),) = venue.untold.items()
        armed_ms = UnixMs(minute(CALM) + 3_000)
        told = tuple(replace(event, at_ms=armed_ms) for event in late.events)
        venue.untold[name] = replace(late, events=told)
        await pulse(session, 3_000)
        assert session.recorder.ledger.naked() == ()
        await cancelled(session, 20_000)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 99)
        await pulse(session, 20_000)
        await pulse(session, 21_999)
        assert venue.kinds().count("reduce") == 0
        await pulse(session, 22_000)

        assert session.recorder.ledger.positions == {}

    run(scenario())
    assert causes(world) == [CloseCause.NAKED_TOO_LONG]


def test_a_restart_knows_that_the_spell_goes_on() -> None:
    world = World()

    async def scenario() -> None:
        before, _ = await tapped(world)
        await ask(world, before, intent("a", CALM))
        await cancelled(before, 200)
        await pulse(before, 300)
        await cancelled(before, 400)
        after = world.start(venue=Tap)
        assert after.recorder.nakedness == before.recorder.nakedness
        assert after.recorder.nakedness.open[BTC].stops_sent == PROTECT_ATTEMPTS_MAX
        await pulse(after, 500)

        assert after.recorder.ledger.positions == {}

    run(scenario())
    assert causes(world) == [CloseCause.STOP_FAILED]


def test_a_stop_that_is_moved_often_never_counts_as_one_that_ended() -> None:
    """A trail moves new first: no gap, no spell, no attempt."""
    world = World()

    async def scenario() -> Session:
        session, _ = await tapped(world)
        await ask(world, session, intent("a", CALM))
        for n in range(6):
            up = close(f"up-{n}", CALM, stop_move_to=94_000 + 50 * n)
            await ask(world, session, up)
            await pulse(session, 100 * n)
        return session

    session = run(scenario())

    seen = session.recorder.nakedness
    assert session.recorder.ledger.stop_price_usd(BTC) == 94_250
    assert (seen.open, seen.spells) == ({}, 1)
    assert seen.covered[BTC].spell.stops_sent == 1
    assert causes(world) == []
    assert len([e for e in world.events(Sending) if e.leg is Leg.STOP]) == 7
