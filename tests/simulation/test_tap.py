"""The listened-to venue tells what it owes, however often the question gets lost."""

import pytest

from bridge_patch.domain.events import Status
from tests.simulation.rig import BTC, CALM, World, ask, at, intent, run, tapped
from tests.simulation.tap import Trouble


@pytest.mark.parametrize("lost", [Trouble.RAISES, Trouble.REPLY_LOST])
def test_a_lost_look_up_does_not_swallow_the_fill_that_was_never_told(
    lost: Trouble,
) -> None:
    """Else the position would stand at the venue and nowhere in the journal."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        venue.trouble("place", Trouble.REPLY_LOST)
        venue.trouble("find", lost)
        await ask(world, session, intent("a", CALM))
        for n in (1, 2):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))
        assert BTC in session.recorder.ledger.positions

    run(scenario())

    assert world.outcome("a").status is Status.FILLED
