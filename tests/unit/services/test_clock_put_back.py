"""A clock that was put back before a restart keeps no position open and NAKED."""

from __future__ import annotations

import pytest

from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.messages import Wish
from bridge_patch.services.nakedness import AHEAD_MAX_MS, Naked, Nakedness
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, calm, intent, play, run, tapped
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_naked_deadline import doubtful, legs, pulse
from tests.unit.services.test_stops_that_end import cancelled
from tests.unit.services.test_switch import order, send


async def put_back(world: World) -> Session:
    """Start anew at the minute's begin, at a venue that answers no question."""
    session = world.start(venue=Tap)
    assert isinstance(session.keeper.venue, Tap)
    session.keeper.venue.trouble("find", *[Trouble.REQUEST_LOST] * 999)
    await play(session, calm((BTC,)))
    return session


def test_a_stop_in_doubt_is_not_waited_for_until_the_clock_has_come_as_far() -> None:
    world = World()

    async def scenario() -> Session:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM))
        await cancelled(session, 50_000)
        venue.trouble("stop", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 99)
        await pulse(session, 50_000)
        assert session.recorder.ledger.naked() == (BTC,)
        return await put_back(world)

    assert run(scenario()).recorder.ledger.positions == {}


def test_a_close_in_doubt_is_not_waited_for_until_the_clock_has_come_as_far() -> None:
    world = World()

    async def scenario() -> Session:
        session, venue = await doubtful(world)
        venue.trouble("reduce", Trouble.REQUEST_LOST)
        await pulse(session, 59_000)
        assert BTC in session.recorder.ledger.positions
        return await put_back(world)

    assert run(scenario()).recorder.ledger.positions == {}


def test_neither_is_one_that_a_person_ordered() -> None:
    world = World()

    async def scenario() -> Session:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM))
        venue.trouble("reduce", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 99)
        await send(world, order("o-1", Wish.FLATTEN))
        session.clock.set(UnixMs(session.clock.now_ms() + 50_000))
        await session.pulse()
        assert BTC in session.recorder.ledger.positions
        assert len(legs(world)) == 3
        return await put_back(world)

    assert run(scenario()).recorder.ledger.positions == {}


@pytest.mark.parametrize(
    ("ahead_ms", "age_ms"),
    [(-300, 300), (0, 0), (AHEAD_MAX_MS, 0), (AHEAD_MAX_MS + 1, 60_000), (50_000, 60_000)],
)
def test_a_venue_that_is_ahead_by_a_moment_is_no_clock_that_was_put_back(
    ahead_ms: int, age_ms: int
) -> None:
    nakedness = Nakedness(open={BTC: Naked(UnixMs(60_000 + ahead_ms))})

    assert nakedness.age_ms(BTC, UnixMs(60_000)) == age_ms
