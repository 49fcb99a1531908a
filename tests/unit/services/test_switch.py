"""The one switch: what a person orders is in force before anything else is sent."""

from dataclasses import replace
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import (
    Judged,
    LatchSet,
    Rearmed,
    Sending,
    Status,
    TradingState,
    Verdict,
)
from bridge_patch.domain.order import Leg
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.messages import Command, Wish
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    NOON_MS,
    SOL,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    play,
    ready,
    run,
    tapped,
)

BOTH = (BTC, SOL)
FLAT = {BTC: 95_000, SOL: 150}


def order(name: str, wish: Wish, **more: Any) -> Command:
    why = more.pop("why", "because")
    return Command(at_ms=NOON_MS, id=name, wish=wish, who="ann", why=why, **more)


async def send(world: World, *commands: Command) -> None:
    posts = [Post(CONTROL, codec.encode_command(command)) for command in commands]
    await MemoryBus(world.streams, world.wall).publish(posts)


def state(session: Session) -> TradingState:
    return session.recorder.gauge.state


@pytest.mark.parametrize(
    ("wish", "tightened", "reason"),
    [
        (Wish.HALT, TradingState.HALTED, Reason.TRADING_HALTED),
        (Wish.REDUCE, TradingState.REDUCING, Reason.TRADING_REDUCING),
    ],
)
def test_an_order_is_in_force_at_the_next_tick_and_until_a_person_resumes(
    wish: Wish, tightened: TradingState, reason: Reason
) -> None:
    """New risk stops, reductions pass, and the same person lets it go on."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await ask(world, session, intent("before", CALM))
        await send(world, order("o-1", wish))
        await session.on_tick(at(CALM + 1, FLAT))
        assert state(session) is tightened
        await ask(world, session, intent("during", CALM + 1, symbol=SOL))
        await ask(world, session, close("out", CALM + 1))
        await send(world, order("o-2", Wish.RESUME))
        await session.on_tick(at(CALM + 2, FLAT))
        await ask(world, session, intent("after", CALM + 2, symbol=SOL))
        return session

    session = run(scenario())

    assert state(session) is TradingState.RUNNING
    assert world.outcome("before").status is Status.FILLED
    assert world.outcome("during").codes == (reason,)
    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("after").status is Status.FILLED
    latches = [(e.state, e.who, e.why, e.command_id) for e in world.events(LatchSet)]
    assert latches == [
        (tightened, "ann", "because", "o-1"),
        (TradingState.RUNNING, "ann", "because", "o-2"),
    ]


def test_a_halt_between_verdict_and_send_keeps_the_order_back() -> None:
    """It is read in the last step before every send, not only with the market."""
    world = World()

    async def scenario() -> list[str]:
        session, venue = await tapped(world, BOTH)
        await send(world, order("o-1", Wish.HALT))
        await ask(world, session, intent("late", CALM))
        return venue.kinds()

    calls = run(scenario())
    (judged,) = [j for j in world.events(Judged) if j.intent_id == "late"]

    assert judged.verdict is Verdict.ACCEPT
    assert "place" not in calls
    assert world.outcome("late").codes[-1] == Reason.TRADING_HALTED
    assert [o.leg for o in world.events(Sending)] == [Leg.ENTRY]


def test_an_order_given_while_nobody_ran_comes_before_any_intent() -> None:
    """Queued intents cause no new risk after a stop, and each gets an outcome."""
    world = World()

    async def scenario() -> None:
        await send(world, order("o-1", Wish.HALT))
        session = world.start()
        for message in ("a", "b"):
            await world.send(intent(message, 1))
        await play(session, calm(BOTH))
        await session.execution.drain()

    run(scenario())

    assert world.outcome("a").codes == world.outcome("b").codes
    assert "TRADING_HALTED" in world.outcome("a").codes


def test_a_halt_survives_a_restart_and_a_command_is_carried_out_once() -> None:
    """Delivered again after a crash, an old resume would undo a newer halt."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.RESUME), order("o-2", Wish.HALT))
        await session.on_tick(at(CALM + 1, FLAT))
        again = world.start()
        assert state(again) is TradingState.HALTED
        await send(world, order("o-1", Wish.RESUME))
        await play(again, [*calm(BOTH), at(CALM + 1, FLAT), at(CALM + 2, FLAT)])
        return again

    session = run(scenario())

    assert state(session) is TradingState.HALTED
    assert [e.command_id for e in world.events(LatchSet)] == ["o-1", "o-2"]


def test_a_symbol_is_re_armed_alone() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.REARM, symbol=BTC))
        await session.on_tick(at(CALM + 1, FLAT))
        return session

    session = run(scenario())
    (event,) = world.events(Rearmed)

    assert (event.symbol, event.who, event.command_id) == (BTC, "ann", "o-1")
    assert state(session) is TradingState.RUNNING
    assert not world.events(LatchSet)


@pytest.mark.parametrize(
    "payload", ["", "[]", '{"schema":"1.2"}', '{"schema":"1.2","wish":"explode"}']
)
def test_what_is_no_command_is_taken_for_one_to_only_reduce(payload: str) -> None:
    """It may have been meant to stop everything; and it stops no other command."""
    world = World()
    fields = {"event_type": "control", "payload": payload, "source": "x"}

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        post = Post(CONTROL, Envelope(tuple(fields.items())))
        await MemoryBus(world.streams, world.wall).publish((post,))
        await session.on_tick(at(CALM + 1, FLAT))
        assert state(session) is TradingState.REDUCING
        await send(world, order("o-1", Wish.HALT))
        await session.on_tick(at(CALM + 2, FLAT))
        return session

    session = run(scenario())
    first = world.events(LatchSet)[0]

    assert state(session) is TradingState.HALTED
    assert first.why == "a command that was not understood"
    assert [letter.reason for letter in world.dead()] == ["command_not_understood"]


@pytest.mark.parametrize(
    "change", [{"who": " "}, {"why": ""}, {"id": ""}, {"symbol": BTC}, {"wish": Wish.REARM}]
)
def test_a_command_names_itself_who_and_why(change: dict[str, Any]) -> None:
    fine = order("o-1", Wish.HALT)
    with pytest.raises(InvalidValueError):
        replace(fine, **change)


def test_a_command_comes_back_from_the_wire_as_it_was() -> None:
    for command in (order("o-1", Wish.HALT), order("o-2", Wish.REARM, symbol=SOL)):
        assert codec.decode_command(codec.encode_command(command)) == command
