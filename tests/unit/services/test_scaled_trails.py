"""A trail in standard deviations is fixed by our own market when the entry is judged."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

import pytest

from bridge_patch.domain.events import Judged, Sending
from bridge_patch.domain.harvest import TRAIL_MAX_PCT
from bridge_patch.domain.intent import Side
from bridge_patch.governor.case import sigma_move
from bridge_patch.governor.snapshot import Known
from tests.simulation.rig import BTC, CALM, World, ask, calm, intent, play, ready, run

D = Decimal
ASKED = {"mode": "swing", "trail_pct": "0.1", "trail_sigmas": "1.5"}


def wish(side: Side = Side.BUY, n: int = CALM, **more: str) -> dict[str, object]:
    policy = {k: v if k == "mode" else float(v) for k, v in (ASKED | more).items()}
    return intent("a", n, action=side, harvest_policy=policy)


@pytest.mark.parametrize("side", list(Side))
def test_it_is_the_same_in_verdict_order_result_and_update(side: Side) -> None:
    """Both numbers are kept: the trail in force, and what was asked."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, wish(side))

    run(scenario())

    (judged,), sent = world.events(Judged), world.events(Sending)[0]
    assert judged.case is not None
    annual = judged.case.volatility.value
    assert annual is not None
    sigma = sigma_move(Known(annual, judged.at_ms), 3600)
    assert isinstance(sigma, Decimal)
    policy = judged.harvest_policy
    assert policy is not None
    assert policy.trail_pct == (sigma * 150).quantize(D("0.01"), rounding=ROUND_UP)
    assert policy.trail_pct > policy.trail_floor_pct == D("0.1")
    assert sent.harvest_policy == policy
    assert world.outcome("a").harvest_policy == policy
    assert world.positions()[0].policy == policy


def test_a_restart_does_not_scale_it_again() -> None:
    world = World()

    async def scenario() -> None:
        await ask(world, await ready(world), wish())
        before = world.positions()[-1].policy
        again = world.start()
        await play(again, calm(minutes=CALM + 40))
        assert again.brain.tracks()[BTC].policy == before

    run(scenario())


def test_a_calm_market_leaves_the_trail_as_it_was_asked() -> None:
    world = World()

    async def scenario() -> None:
        await ask(world, await ready(world), wish(trail_pct=str(TRAIL_MAX_PCT)))

    run(scenario())

    policy = world.outcome("a").harvest_policy
    assert policy is not None
    assert policy.trail_pct == policy.trail_floor_pct == TRAIL_MAX_PCT


def test_while_the_volatility_is_unknown_no_entry_is_permitted() -> None:
    """An unscaled trail is the floor, and noise hits it: nothing is opened with it."""
    world = World()

    async def scenario() -> None:
        session = world.start()
        await play(session, calm(minutes=2))
        await ask(world, session, wish(n=2))

    run(scenario())

    assert "SNAPSHOT_INCOMPLETE" in world.outcome("a").codes
    assert world.positions() == []
