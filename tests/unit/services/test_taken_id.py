"""An id that somebody took before is no way to stop a reduction."""

import pytest

from bridge_patch.domain.events import DuplicateSeen
from tests.simulation.rig import CALM, World, ask, close, intent, ready, run


@pytest.mark.parametrize("together", [True, False])
def test_a_reduction_under_a_taken_id_still_reduces(together: bool) -> None:
    """An id in use may not keep a position: only the same content is a duplicate."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        messages = [intent("a", CALM), close("a", CALM), close("a", CALM)]
        for each in [messages] if together else [[one] for one in messages]:
            await ask(world, session, *each)
        assert session.recorder.ledger.positions == {}

    run(scenario())

    assert len(world.results()) == 2
    assert len(world.events(DuplicateSeen)) == 1
    assert run(world.unfinished()) == 0
