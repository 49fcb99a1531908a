"""A stop that is needed no more is cancelled until the venue says so, and in no flood."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.pauses import WAIT_MAX_MS, Cancels
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, close, intent, run, tapped
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_naked_deadline import pulse
from tests.unit.services.test_stops_that_end import cancelled


async def left(world: World, lost: int) -> tuple[Session, Tap]:
    """A stop that outlived its position, whose next cancels get lost."""
    session, venue = await tapped(world)
    await ask(world, session, intent("a", CALM))
    plan = session.recorder.ledger.plans[BTC]
    (stop,) = plan.stops
    await session.keeper.trader.desk.flatten(BTC)
    plan.stops.append(stop)  # the venue did not say that it ended with its position
    venue.trouble("cancel", *[Trouble.REQUEST_LOST] * lost)
    return session, venue


def test_a_cancel_without_an_answer_is_asked_for_again_after_a_growing_pause() -> None:
    """A pulse comes ten times a second, and each cancel is an order of ours."""
    world, times = World(), list[int]()

    async def scenario() -> None:
        session, venue = await left(world, lost=12)
        before = venue.kinds().count("cancel")
        for tenth in range(1, 600):
            await pulse(session, tenth * 100)
            if venue.kinds().count("cancel") > before + len(times):
                times.append(tenth * 100)

        assert session.recorder.ledger.stale_stops(BTC) == ()
        assert session.keeper.trader.desk.cancels.tried == {}

    run(scenario())
    gaps = [two - one for one, two in pairwise(times)]
    assert len(times) == 13
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (300, WAIT_MAX_MS)


def test_nothing_is_due_while_what_was_tried_waits() -> None:
    world = World()

    async def scenario() -> None:
        session, _ = await left(world, lost=1)
        protection = session.keeper.trader.desk.protection
        assert protection.due() == (BTC,)
        await pulse(session, 100)
        assert protection.due() == ()
        session.clock.set(UnixMs(session.clock.now_ms() + 250))

        assert protection.due() == (BTC,)

    run(scenario())


def test_a_close_that_waits_is_not_due() -> None:
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REFUSED)
        venue.trouble("reduce", Trouble.REFUSED)
        await ask(world, session, intent("a", CALM))
        protection = session.keeper.trader.desk.protection
        assert session.recorder.ledger.naked() == (BTC,)
        assert protection.due() == ()
        session.clock.set(UnixMs(session.clock.now_ms() + 250))

        assert protection.due() == (BTC,)

    run(scenario())


def test_a_naked_position_does_not_wait_for_the_pause_of_a_cancel() -> None:
    """Two stops that may rest leave no room for the one it needs: it is asked at once."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM))
        venue.trouble("cancel", Trouble.REQUEST_LOST)
        await ask(world, session, close("up", CALM, stop_move_to=94_000))
        plan = session.recorder.ledger.plans[BTC]
        old, new = plan.stops
        more = replace(old, order_id=ClientOrderId("bp-more"))
        plan.stops, plan.orphans = [new], [old, more]
        await cancelled(session, 100)
        assert session.recorder.ledger.naked() == (BTC,)
        await session.keeper.trader.desk.protect(BTC)

        assert session.recorder.ledger.naked() == ()
        assert plan.orphans == []
        assert [c.order_id for c in venue.calls if c.name == "cancel"] == [
            old.order_id,
            old.order_id,
            more.order_id,
        ]

    run(scenario())


def test_each_stop_waits_by_itself_and_one_that_ended_is_forgotten() -> None:
    one, two = ClientOrderId("s-1"), ClientOrderId("s-2")
    cancels = Cancels()
    cancels.asked(one, UnixMs(1_000))
    cancels.asked(one, UnixMs(1_250))

    assert cancels.waits(one, UnixMs(1_749))
    assert not cancels.waits(one, UnixMs(1_750))
    assert not cancels.waits(two, UnixMs(1_250))
    cancels.keep([two])
    assert cancels.tried == {}
