"""A resume answers one hold: of one book, for one cause, since one moment."""

from __future__ import annotations

from dataclasses import replace

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import Book, LatchSet, Rearmed, TradingState
from bridge_patch.domain.intent import Mode
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.holds import DRAWDOWN, OPERATOR
from bridge_patch.services.messages import Answered, Wish
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, D, World, ask, intent, minute, ready, run
from tests.unit.services.test_switch import order, send, state

HALTED, RUNNING = TradingState.HALTED, TradingState.RUNNING


async def halt(session: Session, n: int) -> Answered:
    """Pull the drawdown latch; return what a person sees of it."""
    holds = session.recorder.gauge.holds
    await session.recorder.write(holds.latch(HALTED, DRAWDOWN, "fell", minute(n)))
    return Answered(book=holds.book, cause=DRAWDOWN, since_ms=minute(n))


async def resumed(world: World, session: Session, seen: Answered | None) -> TradingState:
    name = f"o-{len(world.events(LatchSet))}"
    await send(world, order(name, Wish.RESUME, answers=seen))
    await session.keeper.switch.heed()
    return state(session)


def test_a_resume_lets_go_of_the_hold_that_it_answers() -> None:
    world = World()

    async def scenario() -> TradingState:
        session = await ready(world)
        return await resumed(world, session, await halt(session, CALM))

    assert run(scenario()) is RUNNING


def test_a_resume_meant_for_a_shadow_run_leaves_the_live_accounts_latch() -> None:
    """Both are in a drawdown; what was looked at was the shadow."""
    world = World(mode=Mode.LIVE)

    async def scenario() -> Session:
        await halt(await ready(world), CALM)
        seen = await halt(world.start(Mode.SHADOW), CALM)
        assert seen.book is Book.GOVERNED
        live = world.start(Mode.LIVE)
        assert await resumed(world, live, seen) is HALTED
        return live

    assert DRAWDOWN in run(scenario()).recorder.gauge.holds


def test_a_resume_answers_the_latch_that_was_seen_and_no_later_one_like_it() -> None:
    world = World()

    async def scenario() -> list[TradingState]:
        session = await ready(world)
        first = await halt(session, CALM)
        states = [await resumed(world, session, first)]
        await halt(session, CALM + 1)
        states.append(await resumed(world, session, first))
        return [
            *states,
            await resumed(world, session, replace(first, since_ms=minute(131))),
        ]

    assert run(scenario()) == [RUNNING, HALTED, RUNNING]


def test_a_resume_that_answers_nothing_ends_a_persons_stop_and_nothing_else() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        await halt(session, CALM)
        await send(world, order("o", Wish.REDUCE))
        await session.keeper.switch.heed()
        assert OPERATOR in session.recorder.gauge.holds
        assert await resumed(world, session, None) is HALTED
        return session

    assert OPERATOR not in run(scenario()).recorder.gauge.holds


def test_what_nobody_understood_loosens_no_persons_halt() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        await send(world, order("o", Wish.HALT))
        await session.keeper.switch.heed()
        post = Post(CONTROL, Envelope((("event_type", "control"), ("payload", "?"))))
        await MemoryBus(world.streams, world.wall).publish((post,))
        await session.keeper.switch.heed()
        return session

    assert state(run(scenario())) is HALTED
    (latch,) = world.events(LatchSet)
    assert latch.who == "ann"
    assert [letter.reason for letter in world.dead()] == ["command_not_understood"]


def test_a_re_arm_that_was_carried_out_in_shadow_is_not_carried_out_in_live() -> None:
    """A signed message that comes again does nothing twice, in whatever mode."""
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        for mode in (Mode.SHADOW, Mode.LIVE):
            session = world.start(mode)
            await send(world, order("o", Wish.REARM, symbol=BTC))
            await session.keeper.switch.heed()

    run(scenario())

    assert [event.book for event in world.events(Rearmed)] == [Book.GOVERNED]


def test_an_answer_comes_back_from_the_wire_as_it_was() -> None:
    seen = Answered(book=Book.ACCOUNT, cause=DRAWDOWN, since_ms=minute(1))
    command = order("o", Wish.RESUME, answers=seen)

    assert codec.decode_command(codec.encode_command(command)) == command


def test_what_a_resume_counts_from_is_durable_with_it() -> None:
    """A replay begins the peak where the run that heeded it did."""
    world = World()

    async def scenario() -> tuple[Session, Session]:
        session = await ready(world)
        seen = await halt(session, CALM)
        gauge = session.recorder.gauge
        read_ms = minute(CALM + 1)
        assert gauge.observe(D(9_995), read_ms, D(0), load_settings({}).limits()) is None
        assert await resumed(world, session, seen) is RUNNING
        return session, world.start()

    lived, again = (one.recorder.gauge for one in run(scenario()))

    assert (again.equity, again.peak_usd) == (lived.equity, lived.peak_usd)
    assert isinstance(again.equity, Known)
    assert again.equity.value == 9_995


def test_an_entry_that_is_withheld_blindly_says_what_it_waits_for() -> None:
    """The account's state is RUNNING then: nobody has to resume anything."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)

        async def unreadable() -> None:
            raise OSError

        session.keeper.switch.commands.ordered = unreadable  # type: ignore[method-assign, assignment]
        await ask(world, session, intent("a", CALM))

    run(scenario())

    assert "a person's orders cannot be read from the bus" in world.outcome("a").detail
