"""Whose clock an entry is judged by in live time: the venue's, in shadow the market's."""

from decimal import Decimal

import pytest

from bridge_patch.app.surroundings import Surroundings
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.governor.snapshot import Known
from tests.simulation.rig import CALM, World, minute, run
from tests.unit.services.test_live_session import Live

D = Decimal


@pytest.mark.parametrize(
    ("mode", "codes"), [(Mode.SHADOW, ("PASS",)), (Mode.LIVE, ("CLOCK_SKEWED",))]
)
def test_only_a_live_run_goes_by_when_the_venues_own_clock_was_read(
    mode: Mode, codes: tuple[str, ...]
) -> None:
    """In shadow it is read at the start alone: ten seconds later all were refused."""
    world = World(mode=mode)

    async def scenario() -> None:
        at_start = UnixMs(minute(CALM) - 20_000)
        live = Live(world, around=Surroundings(skew=lambda: Known(D(0), at_start)))
        session = await live.started()
        await live.ask("a")
        await live.pulse(session, 95_000)

        assert world.outcome("a").codes == codes

    run(scenario())
