"""NAKED has a deadline, kept between the ticks: then the position is closed, until flat."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from bridge_patch.domain.events import (
    Book,
    CloseForced,
    OrderEnded,
    Sending,
    Status,
    StopArmed,
)
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.services.pauses import WAIT_MAX_MS
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    Silence,
    World,
    ask,
    close,
    intent,
    minute,
    ready,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble

D = Decimal


class Noted(Silence):
    """Keeps what was said aloud."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, area: str, message: str, **facts: object) -> None:
        if area == "NAKED":
            self.said.append(message)


async def pulse(session: Session, after_ms: int) -> None:
    """Let a live process take its turn, so long after the bar."""
    session.clock.set(UnixMs(minute(CALM) + after_ms))
    await session.keeper.pulse()


def causes(world: World) -> list[CloseCause]:
    return [e.cause for e in world.events(CloseForced)]


def legs(world: World) -> list[Leg]:
    return [e.leg for e in world.events(Sending)]


async def doubtful(world: World, lost: int = 99) -> tuple[Session, Tap]:
    """A position whose stop got lost, at a venue that answers no question."""
    session, venue = await tapped(world)
    venue.trouble("stop", Trouble.REQUEST_LOST)
    venue.trouble("find", *[Trouble.REQUEST_LOST] * lost)
    await ask(world, session, intent("a", CALM))
    assert session.recorder.ledger.naked() == (BTC,)
    return session, venue


@pytest.mark.parametrize("most_sec", [5, 2])
def test_the_deadline_is_kept_between_the_ticks(most_sec: int) -> None:
    """A bar is a minute, and NAKED_MAX_SEC is not."""
    world = World(env={"NAKED_MAX_SEC": str(most_sec)})

    async def scenario() -> None:
        session, venue = await doubtful(world)
        await pulse(session, most_sec * 1000 - 1)
        assert venue.kinds().count("reduce") == 0
        await pulse(session, most_sec * 1000)

        assert session.recorder.ledger.positions == {}

    run(scenario())
    assert causes(world) == [CloseCause.NAKED_TOO_LONG]
    (forced,) = world.events(CloseForced)
    assert forced.naked_since_ms == minute(CALM)


def test_being_naked_and_every_close_that_fails_is_said_aloud() -> None:
    world, noted = World(), Noted()

    async def scenario() -> None:
        session, venue = await tapped(world, telemetry=noted)
        venue.trouble("stop", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 2)
        venue.trouble("reduce", Trouble.REFUSED)
        await ask(world, session, intent("a", CALM))
        assert noted.said == ["nobody knows whether its stop rests"]
        await pulse(session, 5_000)

    run(scenario())
    assert noted.said[1:] == ["a close left the position open"]


def test_a_close_is_tried_until_it_is_flat_and_never_in_a_flood() -> None:
    """A pulse comes ten times a second; a venue that refuses is not asked as often."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REFUSED)
        venue.trouble("reduce", *[Trouble.REFUSED] * 12)
        await ask(world, session, intent("a", CALM))
        for tenth in range(1, 600):
            await pulse(session, tenth * 100)
        return session, venue

    session, venue = run(scenario())

    times = [e.at_ms for e in world.events(Sending) if e.leg is Leg.FLATTEN]
    gaps = [two - one for one, two in pairwise(times)]
    assert session.recorder.ledger.positions == {}
    assert len(times) == 13
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (300, WAIT_MAX_MS)
    assert venue.kinds().count("stop") == 1
    assert session.recorder.nakedness.closing == {}


def test_a_close_of_unknown_fate_is_not_the_last_word() -> None:
    """Nobody answers for it: after the deadline another one leaves, under its own id."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REFUSED)
        venue.trouble("reduce", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 99)
        await ask(world, session, intent("a", CALM))
        await pulse(session, 4_900)
        assert venue.kinds().count("reduce") == 1
        await pulse(session, 5_000)
        return session, venue

    session, venue = run(scenario())

    asked = [call.order_id for call in venue.calls if call.kind == "reduce"]
    assert len(asked) == len(set(asked)) == 2
    assert session.recorder.ledger.positions == {}


def test_a_restart_goes_on_where_the_spell_stood() -> None:
    """Attempts and deadline are the journal's, not the process's."""
    world = World()

    async def scenario() -> None:
        before, _ = await doubtful(world)
        after = world.start(venue=Tap)
        venue = after.keeper.venue
        assert isinstance(venue, Tap)
        assert after.recorder.nakedness == before.recorder.nakedness
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 9)
        await pulse(after, 5_000)

        assert after.recorder.ledger.positions == {}

    run(scenario())
    assert causes(world) == [CloseCause.NAKED_TOO_LONG]


def test_a_stop_that_the_venue_cancels_is_replaced_at_the_next_pulse() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        session.clock.set(UnixMs(minute(CALM) + 400))
        await session.recorder.write(_ended(world, session))
        assert session.recorder.ledger.naked() == (BTC,)
        await pulse(session, 500)

        assert session.recorder.ledger.naked() == ()

    run(scenario())
    assert legs(world) == [Leg.ENTRY, Leg.STOP, Leg.STOP]


def _ended(world: World, session: Session) -> OrderEnded:
    guard = session.recorder.ledger.guard(BTC)
    assert guard is not None
    return OrderEnded(
        book=Book.ACCOUNT,
        at_ms=session.clock.now_ms(),
        symbol=BTC,
        order_id=guard.order_id,
        reason="cancelled by the venue",
    )


def test_a_third_stop_is_not_sent_before_the_first_has_ended() -> None:
    """New first means two for a moment; the next move waits for the confirmed end."""
    world = World()

    async def scenario() -> Session:
        session, venue = await tapped(world)
        venue.trouble("cancel", *[Trouble.REQUEST_LOST] * 2)
        await ask(world, session, intent("a", CALM))
        await ask(world, session, close("up-1", CALM, stop_move_to=94_000))
        await ask(world, session, close("up-2", CALM, stop_move_to=94_300))
        await pulse(session, 300)
        assert venue.kinds().count("cancel") == 2
        await pulse(session, 800)
        await ask(world, session, close("up-3", CALM, stop_move_to=94_500))
        return session

    session = run(scenario())

    assert world.outcome("up-2").codes == ("PASS", "ORDER_UNKNOWN")
    assert world.outcome("up-2").status is Status.REFUSED
    assert session.recorder.ledger.stop_price_usd(BTC) == 94_500
    stops = [e for e in world.events(StopArmed) if e.book is Book.ACCOUNT]
    assert [e.stop_price_usd for e in stops][1:] == [94_000, 94_500]
