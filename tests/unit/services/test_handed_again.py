"""What the bus hands a second time, or in another order, is still one intent.

Both were found by the campaign of seeds (`tests/simulation/test_campaign.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge_patch.adapters.bus import Message, Reader
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.domain.events import DuplicateSeen, Sending, Settled, Status
from bridge_patch.domain.order import Leg
from tests.simulation.chaos import PEACE, ChaosBus
from tests.simulation.rig import BTC, CALM, World, ask, at, calm, intent, play, ready, run
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
