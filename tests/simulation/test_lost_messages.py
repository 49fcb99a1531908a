"""A process dies while it ends an intent whose message the bus has lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from bridge_patch.adapters.bus import Bus
from bridge_patch.domain.order import Leg
from bridge_patch.services.ports import Journal
from tests.simulation.chaos import PEACE, Chaos, ChaosBus, ChaosJournal, Crash
from tests.simulation.rig import CALM, World, intent, reserved_usd, run
from tests.unit.services.test_lost import (
    IN_TIME,
    TOO_OLD,
    announced,
    later,
    outcomes,
    restarted,
)
from tests.unit.services.test_recall import sending

D = Decimal


@dataclass
class Fuse(Chaos):
    """Dies at one certain point after it was lit."""

    left: int = 0
    burnt: bool = field(default=False, init=False)

    def point(self, where: str) -> None:
        if self.armed and not self.burnt:
            self.left -= 1
            if self.left < 0:
                self.burnt = True
                raise Crash(where)


def test_wherever_a_process_dies_while_it_ends_one_there_is_one_outcome() -> None:
    """At every await of the ending; the last fuse is longer than all there are."""
    deaths = 0
    for length in range(100):
        world = World()
        fuse = Fuse(PEACE.rng, left=length)
        run(ended_with(world, fuse))
        assert outcomes(world, "a") == (1, 1), length
        again = world.start()
        assert again.recorder.ledger.in_doubt == {}
        assert again.recorder.ledger.unsettled == {}
        assert reserved_usd(again) == (D(0), D(0))
        if not fuse.burnt:
            break
        deaths += 1

    assert 10 < deaths < 100


async def ended_with(world: World, fuse: Fuse) -> None:
    await announced(world, intent("a", CALM), sending(Leg.ENTRY))

    def bus(inner: Bus) -> Bus:
        return ChaosBus(inner, fuse)

    def journal(inner: Journal) -> Journal:
        return ChaosJournal(inner, fuse)

    fuse.armed = False
    session = await restarted(world, IN_TIME, bus=bus, journal=journal)
    fuse.armed = True
    try:
        await session.on_tick(later(TOO_OLD)[-1])
    except Crash:
        session = await restarted(world, TOO_OLD)
    fuse.armed = False
    await session.on_tick(later(TOO_OLD + 1)[-1])
