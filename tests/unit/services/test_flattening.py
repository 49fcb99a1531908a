"""`halt --flatten` in the execution: all that is ours is closed, whatever else holds."""

from itertools import pairwise

import pytest

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Filled, FillKind, LatchSet, TradingState
from bridge_patch.domain.intent import Mode
from bridge_patch.services.flattening import AGAIN_MAX_MS
from bridge_patch.services.holds import FLATTEN, OPERATOR
from bridge_patch.services.messages import Wish
from bridge_patch.services.protection import NAKED_MAX_MS
from tests.simulation.rig import BTC, CALM, SOL, ask, intent, run, tapped
from tests.simulation.tap import Trouble
from tests.unit.services.flattened import BOTH, Failing, Scene
from tests.unit.services.test_switch import order, send, state


def test_everything_is_closed_on_both_sides_and_nothing_is_opened_after() -> None:
    """One order, by name and with why; and the account is halted with it."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.orders(Wish.FLATTEN)
        assert await scene.held() == set()
        await ask(scene.world, scene.session, intent("late", scene.n))
        await scene.passes()
        assert await scene.held() == set()

    run(scenario())
    (latch,) = scene.world.events(LatchSet)

    assert (latch.state, latch.cause) == (TradingState.HALTED, FLATTEN)
    assert (latch.who, latch.why, latch.command_id) == ("ann", "because", "o-0-0")
    assert "TRADING_HALTED" in scene.world.outcome("late").codes
    assert sorted(one.symbol for one in scene.closes) == sorted(BOTH)
    assert scene.session.recorder.ledger.stale_stops(BTC) == ()


def test_a_close_of_which_nobody_knows_is_looked_up_and_not_sent_again() -> None:
    """And it keeps no other position open."""
    scene = Scene()

    async def scenario() -> list[str]:
        await scene.begin()
        scene.venue.trouble("find", *[Trouble.REQUEST_LOST] * 20)
        scene.venue.trouble("reduce", Trouble.REQUEST_LOST)
        await scene.orders(Wish.FLATTEN)
        assert await scene.held() == {BTC}
        await scene.seconds(NAKED_MAX_MS // 1_000 - 1)
        assert len(scene.closes) == 2
        scene.venue.troubles["find"].clear()
        await scene.passes(2)
        assert await scene.held() == set()
        return scene.venue.kinds()

    calls = run(scenario())

    assert calls.count("reduce") == len(scene.closes) == 3
    assert len({one.order_id for one in scene.closes}) == 3


def test_a_close_that_stays_in_doubt_is_followed_by_another_at_the_naked_deadline() -> None:
    """Nobody answers for the first one, ever: a person's order does not wait for that."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        scene.venue.trouble("find", *[Trouble.REQUEST_LOST] * 100)
        scene.venue.trouble("reduce", Trouble.REQUEST_LOST)
        await scene.orders(Wish.FLATTEN)
        assert await scene.held() == {BTC}
        await scene.seconds(NAKED_MAX_MS // 1_000)
        assert await scene.held() == set()

    run(scenario())

    assert len({one.order_id for one in scene.closes}) == len(scene.closes) == 3


def test_closes_that_all_stay_in_doubt_are_sent_ever_more_seldom() -> None:
    """Half an hour of a venue that answers nothing: a close in thirty seconds at most."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        scene.venue.trouble("find", *[Trouble.REQUEST_LOST] * 10**5)
        scene.venue.trouble("reduce", *[Trouble.REQUEST_LOST] * 1_000)
        await scene.orders(Wish.FLATTEN)
        await scene.seconds(1_800)
        assert await scene.held() == set(BOTH)

    run(scenario())

    for symbol in BOTH:
        sent_ms = [one.at_ms for one in scene.closes if one.symbol == symbol]
        waits_ms = [later - earlier for earlier, later in pairwise(sent_ms)]
        assert min(waits_ms) == NAKED_MAX_MS
        assert set(waits_ms[10:]) == {AGAIN_MAX_MS}


def test_a_close_whose_reply_is_lost_is_found_and_closes_once() -> None:
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        scene.venue.trouble("reduce", Trouble.REPLY_LOST, Trouble.RAISES)
        await scene.orders(Wish.FLATTEN)
        await scene.passes(2)
        assert await scene.held() == set()

    run(scenario())

    assert len(scene.closes) == 2
    assert scene.session.recorder.ledger.positions == {}


def test_a_refused_close_is_tried_again_ever_more_seldom_until_it_is_flat() -> None:
    """A venue that says no is not asked ten times a second, and not given up either."""
    scene = Scene()

    async def scenario() -> list[int]:
        await scene.begin()
        scene.venue.trouble("reduce", *[Trouble.REFUSED] * 7)
        await scene.orders(Wish.FLATTEN)
        sent = []
        for _ in range(70):
            await scene.seconds(1)
            sent.append(len(scene.closes))
        assert await scene.held() == set()
        return sent

    sent = run(scenario())

    assert sent[0] > 2
    assert sent[10] < sent[-1] == 9


def test_one_that_fails_in_our_own_code_leaves_the_others() -> None:
    """The desk raises for one symbol: the other is closed all the same."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        flattening = scene.session.keeper.flattening
        flattening.desk = Failing(flattening.desk)  # type: ignore[assignment]
        await scene.orders(Wish.FLATTEN)
        assert await scene.held() == {BTC}

    run(scenario())

    assert [one.symbol for one in scene.closes] == [SOL]


def test_a_broken_promise_stops_the_process_also_from_there() -> None:
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        flattening = scene.session.keeper.flattening
        flattening.desk = Failing(flattening.desk, BrokenPromiseError("lost"))  # type: ignore[assignment]
        with pytest.raises(BrokenPromiseError):
            await scene.orders(Wish.FLATTEN)

    run(scenario())


def test_a_restart_goes_on_until_it_is_flat() -> None:
    """Who ordered it is long gone; the journal holds the order."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        scene.venue.trouble("reduce", *[Trouble.REFUSED] * 40)
        await scene.orders(Wish.FLATTEN)
        assert await scene.held() == set(BOTH)
        await scene.restarts()
        await scene.warms_up()
        await scene.passes()
        assert await scene.held() == set()

    run(scenario())

    assert state(scene.session) is TradingState.HALTED


@pytest.mark.parametrize("first", [Mode.LIVE, Mode.SHADOW])
def test_what_a_live_run_left_is_closed_in_shadow(first: Mode) -> None:
    """Also where it was ordered before the demotion; the shadow books are left alone."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        if first is Mode.LIVE:
            scene.venue.trouble("reduce", *[Trouble.REFUSED] * 40)
            await scene.orders(Wish.FLATTEN)
        await scene.restarts(Mode.SHADOW)
        await scene.warms_up()
        if first is Mode.SHADOW:
            await scene.orders(Wish.FLATTEN)
        await scene.passes(2)
        assert await scene.held() == set()

    run(scenario())

    assert scene.session.keeper.trader.books.governed is not None
    assert "place" not in scene.venue.kinds()


@pytest.mark.parametrize("milder", [Wish.HALT, Wish.REDUCE])
def test_only_a_resume_ends_it(milder: Wish) -> None:
    """Another order beside it does not, whatever holds then is let go of together."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        scene.venue.trouble("reduce", *[Trouble.REFUSED] * 40)
        await scene.orders(Wish.FLATTEN)
        await scene.orders(milder)
        assert FLATTEN in scene.session.recorder.gauge.holds
        assert OPERATOR in scene.session.recorder.gauge.holds
        await scene.orders(Wish.RESUME)
        sent = len(scene.closes)
        scene.venue.troubles["reduce"].clear()
        await scene.passes(3)
        assert len(scene.closes) == sent
        assert await scene.held() == set(BOTH)

    run(scenario())

    assert state(scene.session) is TradingState.RUNNING


def test_what_an_entry_in_doubt_opened_is_closed_when_it_is_known() -> None:
    scene = Scene()

    async def scenario() -> None:
        scene.session, scene.venue = await tapped(scene.world, BOTH)
        scene.venue.trouble("find", *[Trouble.REQUEST_LOST] * 4)
        scene.venue.trouble("place", Trouble.REPLY_LOST)
        await ask(scene.world, scene.session, intent("a", CALM))
        await scene.orders(Wish.FLATTEN)
        assert await scene.held() == {BTC}
        scene.venue.troubles["find"].clear()
        await scene.passes(3)
        assert await scene.held() == set()

    run(scenario())

    assert "place" in scene.venue.kinds()


def test_a_live_process_does_not_wait_for_a_tick() -> None:
    """Between two bars of a live market a pulse comes every moment."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await send(scene.world, order("o-1", Wish.FLATTEN))
        await scene.session.pulse()
        assert await scene.held() == set()

    run(scenario())

    assert sum(one.kind is FillKind.REDUCE for one in scene.world.events(Filled)) == 2
