"""What the bus hands a second time, in another order, or without end.

Each was found by `make soak`: the campaign of seeds, and the kills under load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge_patch.adapters.bus import Ack, Message, Post, Reader
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.domain.events import DuplicateSeen, Sending, Settled, Status
from bridge_patch.domain.order import Leg
from tests.simulation.chaos import PEACE, ChaosBus
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    calm,
    intent,
    minute,
    play,
    ready,
    run,
)
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_recall import dead, sending


@dataclass
class Backwards(ChaosBus):
    """Hands what is waiting with the newest first."""

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        found = await super().read(reader, streams, count=count, wait_ms=wait_ms)
        return found[::-1]


def test_a_duplicate_that_is_handed_first_does_not_take_the_owners_place() -> None:
    """The journal knew whose the id was; the order of the batch made the owner a duplicate.

    Then its order stayed without an outcome for ever.
    """
    world = World()

    async def scenario() -> None:
        await dead(world, sending(Leg.ENTRY), intent("a", CALM), intent("a", CALM))
        again = world.start(bus=lambda bus: Backwards(bus, PEACE))
        await play(again, calm())

    run(scenario())

    assert world.outcome("a").status is Status.FILLED
    assert len([e for e in world.events(Sending) if e.leg is Leg.ENTRY]) == 1
    assert len(world.events(DuplicateSeen)) == 1
    assert run(world.unfinished()) == 0


def test_a_message_that_waits_and_is_handed_again_has_one_outcome() -> None:
    """A new connection hands what is unfinished, also where this process has it in hand."""
    world = World()

    async def scenario() -> None:
        line = ChaosBus(MemoryBus(world.streams, world.wall), PEACE)
        session = await ready(world, venue=Tap, bus=lambda _: line)
        venue = session.keeper.venue
        assert isinstance(venue, Tap)
        venue.trouble("place", Trouble.REPLY_LOST)
        venue.trouble("find", Trouble.REQUEST_LOST)
        await ask(world, session, intent("a", CALM))
        line.inner = MemoryBus(world.streams, world.wall)
        await session.execution.drain()
        assert world.results() == []
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        await session.on_tick(at(CALM + 2, {BTC: 95_000}))

    run(scenario())

    assert world.outcome("a").status is Status.FILLED
    assert len(world.events(Settled)) == 1
    assert run(world.unfinished()) == 0


@dataclass
class Endless(ChaosBus):
    """Proposers who never pause: with every batch that ends, two messages more."""

    world: World = field(default_factory=World)
    said: int = 0

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        await super().commit(group, acks, posts)
        assert self.said < 50, "no end of it"
        for _ in range(2 if acks else 0):
            self.said += 1
            await self.world.send(intent(f"more-{self.said}", CALM))


def test_proposers_who_never_pause_do_not_hold_back_the_market() -> None:
    """Prices, stops and exits have their turn, however much is asked for meanwhile."""
    world = World()

    async def scenario() -> int:
        session = await ready(world, bus=lambda bus: Endless(bus, PEACE, world))
        for n in range(3):
            await world.send(intent(f"first-{n}", CALM))
        handled = await session.execution.drain()
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        assert session.seen_ms == minute(CALM + 1)
        return handled

    handled = run(scenario())

    assert handled == 5  # the three, and the two that were there when they were done
    assert run(world.unfinished()) > 0
