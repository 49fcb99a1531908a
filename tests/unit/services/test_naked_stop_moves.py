"""A stop that is moved while none stands: no looser than the one it was sized for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import Judged, Verdict
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.governor.reasons import Reason
from tests.laws.protection_stage import SYMBOLS, Stage
from tests.laws.protection_storm import Storm
from tests.simulation.rig import (
    BTC,
    CALM,
    PATIENT,
    World,
    ask,
    close,
    intent,
    run,
    tapped,
)
from tests.simulation.tap import Trouble
from tests.unit.services.test_stops_that_end import cancelled

D = Decimal
SOL = Symbol("SOLUSDT")


def test_a_trail_behind_liquidation_ends_no_trouble() -> None:
    """A close takes long in a thin market, and the next bar asks for a trail at 20 %.

    It was taken, for nothing stood that it could be looser than, and counted as covered.
    """
    stage = Stage(leaves_stops=True)
    stage.enter(SOL, action=Side.BUY, harvest_policy=PATIENT)
    stage.bars([D(0)] * len(SYMBOLS), gap=False, thin=True)
    for _ in range(3):
        stage.trouble("stop", (Storm.REQUEST_LOST,))
        stage.trouble("find", (Storm.REQUEST_LOST,) * 12)
        stage.venue_cancels(SOL)
        stage.wait(4_999)
        stage.wait(1_000)
    stage.wait(7_000)
    stage.wait(7_000)
    try:
        stage.end()
    finally:
        stage.runner.close()

    asked = [e for e in stage.world.events(Judged) if e.action == "CLOSE"]
    assert [e.codes for e in asked] == [(Reason.REDUCE_WRONG_SIDE,)]
    assert "risks more than 147" in asked[0].detail
    assert SOL not in stage.venue.exchange.positions


@pytest.mark.parametrize(
    ("action", "level", "taken"),
    [
        ("BUY", "93103.1", True),
        ("BUY", "94000", True),
        ("BUY", "93103.0", False),
        ("SELL", "96896.8", True),
        ("SELL", "96000", True),
        ("SELL", "96896.9", False),
    ],
)
def test_while_naked_a_stop_is_held_against_the_one_it_was_sized_for(
    action: str, level: str, taken: bool
) -> None:
    """Two per cent from its own fill; as tight is taken, on both sides."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM, action=action))
        venue.trouble("stop", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 99)
        await cancelled(session, 100)
        assert session.recorder.ledger.naked() == (BTC,)
        moved: dict[str, Any] = close("m", CALM, stop_move_to=float(level))
        await ask(world, session, moved)

    run(scenario())
    (judged,) = [e for e in world.events(Judged) if e.intent_id == "m"]
    assert (judged.verdict is Verdict.ACCEPT) is taken, judged.detail
