"""Incidents of an exit path that was dead while entries went on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.exit_turns import TurnGiver, TurnTaker
from bridge_patch.adapters.inbox import BusOutbox, BusOutcomes
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import MARKET_TICK
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.commands.exits import follow
from bridge_patch.app.settings import load_settings
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.events import Sending, Status
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    Silence,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    play,
)


class Heard(Silence):
    """Keeps what is said about the exits."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, area: str, message: str, **facts: object) -> None:
        if area == "EXITS":
            self.notes.append(message)


def execution(world: World, heard: Heard, *, silence_max_ms: int) -> Session:
    """An execution whose exits are decided by another process, if there is one."""
    bus = MemoryBus(world.streams, world.wall)
    ports = Ports(bus=bus, journal=world.journal, venue=world.venue(), run_id="run-1")
    run = Run(settings=load_settings({}), mode=Mode.LIVE, feed="-", telemetry=heard)
    turns = TurnGiver(bus, silence_max_ms=silence_max_ms)
    return assemble(run, ports, exits=ExitsApart(turns, heard))


async def exits(world: World) -> None:
    """An exit process, as `bridge-patch exits` runs it."""
    bus = MemoryBus(world.streams, world.wall)
    brain = ExitBrain(
        outcomes=BusOutcomes(bus, Silence()),
        outbox=BusOutbox(bus),
        instruments=ListedInstruments(),
        telemetry=Silence(),
    )
    await follow(brain, TurnTaker(bus), Stop())


async def show(world: World, session: Session, *ticks: Tick) -> None:
    """Publish ticks as the feed does, and let the execution play them."""
    bus = MemoryBus(world.streams, world.wall)
    for one in ticks:
        await bus.publish((Post(MARKET_TICK, codec.encode_tick(one)),))
        await play(session, (one,))


async def ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_no_entry_while_the_exit_path_is_dead() -> None:
    """M-64: entries went on every 60 seconds while nobody could close anything.

    Alive it lets entries in; dead it lets none in, and a reduction still goes to the venue;
    back, it lets them in again. It is said once.
    """
    world, heard = World(), Heard()

    async def scenario() -> None:
        task = asyncio.create_task(exits(world))
        session = execution(world, heard, silence_max_ms=60_000)
        await show(world, session, *calm((BTC, SOL)))
        await ask(world, session, intent("alive", CALM))
        await ended(task)
        session = execution(world, heard, silence_max_ms=20)
        await play(session, calm((BTC, SOL)))
        dead = at(CALM + 1, {BTC: 95_010, SOL: 150})
        await show(world, session, dead)
        await ask(world, session, intent("dead", CALM + 1, symbol=SOL, margin=100))
        await ask(world, session, close("out", CALM + 1))
        task = asyncio.create_task(exits(world))
        session = execution(world, heard, silence_max_ms=60_000)
        await play(session, [*calm((BTC, SOL)), dead])
        await show(world, session, at(CALM + 2, {BTC: 95_010, SOL: 150}))
        await ask(world, session, intent("back", CALM + 2, symbol=SOL, margin=100))
        await ended(task)

    asyncio.run(scenario())

    assert world.outcome("alive").status is Status.FILLED
    assert world.outcome("dead").status is Status.REFUSED
    assert world.outcome("dead").codes == ("EXITS_SILENT",)
    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("back").status is Status.FILLED
    entries = [s.intent_id for s in world.events(Sending) if s.leg is Leg.ENTRY]
    assert entries == ["alive", "back"]
    assert [note.partition(":")[0] for note in heard.notes] == [
        "the exit process is silent",
    ]
