"""Streams that are read wrongly hold the account, as long as they are, and no exit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.domain.errors import OutageError
from bridge_patch.domain.events import Book, LatchSet, Status, TradingState
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.holds import MISWIRED
from bridge_patch.services.messages import Answered, Wish
from bridge_patch.services.session import Session
from bridge_patch.services.streams_watch import EVERY_MS
from tests.simulation.rig import CALM, SOL, World, ask, at, close, intent, ready, run
from tests.unit.services.test_switch import BOTH, FLAT, order, send, state


@dataclass
class Streams:
    """What is wrong with them, or what is raised instead, by the machine's clock."""

    faults: tuple[str, ...] = ()
    raises: Exception | None = None
    wall: ManualClock = field(default_factory=lambda: ManualClock(UnixMs(1)))
    looks: int = 0

    def look(self) -> tuple[str, ...]:
        self.looks += 1
        if self.raises is not None:
            raise self.raises
        return self.faults

    def world(self, mode: Mode = Mode.LIVE) -> World:
        def put_together(run: Run, ports: Ports) -> Session:
            session = assemble(run, replace(ports, faults=self.look))
            session.keeper.switch.streams.wall = self.wall
            return session

        return World(mode=mode, assemble=put_together)


def held(session: Session) -> bool:
    return MISWIRED in session.recorder.gauge.holds


def test_a_fault_holds_from_the_start_and_lets_go_by_itself() -> None:
    """Entries are refused, a reduction passes, and a resume does not let go of it."""
    streams = Streams()
    world = streams.world()

    async def scenario() -> None:
        session = await ready(world, BOTH)
        await ask(world, session, intent("before", CALM))
        streams.faults = ("nobody reads it", "nor that")
        again = await ready(world, BOTH)
        await again.on_tick(at(CALM + 1, FLAT))
        assert (state(again), held(again)) == (TradingState.REDUCING, True)
        await ask(world, again, intent("during", CALM + 1, symbol=SOL))
        await ask(world, again, close("out", CALM + 1))
        since_ms = again.recorder.gauge.holds.since_ms(MISWIRED)
        assert since_ms is not None
        seen = Answered(book=Book.ACCOUNT, cause=MISWIRED, since_ms=since_ms)
        await send(world, order("o-1", Wish.RESUME, answers=seen))
        await again.on_tick(at(CALM + 2, FLAT))
        assert state(again) is TradingState.REDUCING
        streams.faults = ()
        streams.wall.set(UnixMs(1 + EVERY_MS))
        await again.on_tick(at(CALM + 3, FLAT))
        assert (state(again), held(again)) == (TradingState.RUNNING, False)

    run(scenario())

    assert world.outcome("before").status is Status.FILLED
    assert world.outcome("during").codes[0] == Reason.TRADING_REDUCING
    assert world.outcome("out").status is Status.FILLED
    first = world.events(LatchSet)[0]
    assert (first.cause, first.why) == (MISWIRED, "nobody reads it; nor that")


def test_it_is_looked_at_on_a_timer_and_not_with_every_message() -> None:
    streams = Streams()
    world = streams.world()

    async def scenario() -> None:
        session = await ready(world, BOTH)
        assert streams.looks == 1
        streams.faults = ("nobody reads it",)
        streams.wall.set(UnixMs(EVERY_MS))
        await session.on_tick(at(CALM + 1, FLAT))
        assert (streams.looks, held(session)) == (1, False)
        streams.wall.set(UnixMs(1 + EVERY_MS))
        await session.on_tick(at(CALM + 2, FLAT))
        assert (streams.looks, held(session)) == (2, True)

    run(scenario())

    assert [latch.cause for latch in world.events(LatchSet)] == [MISWIRED]


def test_what_cannot_be_looked_at_holds_and_stops_nothing_else() -> None:
    streams = Streams(raises=RuntimeError("secret words"))
    world = streams.world()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await ask(world, session, intent("x", CALM))
        return session

    session = run(scenario())

    assert held(session)
    assert world.outcome("x").codes[0] == Reason.TRADING_REDUCING
    (latch,) = world.events(LatchSet)
    assert latch.why == "the streams cannot be looked at (RuntimeError): restart it"


def test_an_outage_is_one_and_no_fault_of_a_stream() -> None:
    """The process lets go and begins again, as with every other call to the bus."""
    streams = Streams(raises=OutageError("away"))
    world = streams.world()

    with pytest.raises(OutageError, match="away"):
        run(ready(world, BOTH))
    assert world.events(LatchSet) == []


def test_it_says_what_is_wrong_now_and_not_what_was_at_first() -> None:
    streams = Streams(faults=("nobody reads it",))
    world = streams.world()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        for n, faults in enumerate([("nor that",), ("nor that",)], 1):
            streams.faults = faults
            streams.wall.set(UnixMs(1 + n * EVERY_MS))
            await session.on_tick(at(CALM + n, FLAT))
        return session

    assert held(run(scenario()))
    assert [e.why for e in world.events(LatchSet)] == ["nobody reads it", "nor that"]


def test_in_shadow_it_holds_the_book_that_is_judged() -> None:
    streams = Streams(faults=("nobody reads it",))
    world = streams.world(Mode.SHADOW)

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await ask(world, session, intent("x", CALM, mode="shadow"))
        return session

    session = run(scenario())

    assert held(session)
    assert world.outcome("x").codes[0] == Reason.TRADING_REDUCING
    assert world.events(LatchSet)[0].book is Book.GOVERNED
