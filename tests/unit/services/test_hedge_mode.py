"""Two positions of one symbol at once: an account that is not as we trade it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import Judged, LatchSet, Status, TradingState, Verdict
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.services.holds import FOREIGN_POSITION
from bridge_patch.services.ports import AccountReading
from tests.simulation.rig import BTC, SOL, run
from tests.unit.services.test_foreign import STRANGER, Scene, opened

D = Decimal
ETH = Symbol("ETHUSDT")


@pytest.mark.parametrize("symbol", [BTC, SOL, ETH])
@pytest.mark.parametrize("order", [1, -1])
def test_an_account_in_hedge_mode_gets_no_entries_on_any_symbol(
    symbol: Symbol, order: int
) -> None:
    """One BTC long and a hair short of it was counted as the hair alone."""
    long = replace(STRANGER, side=Side.BUY, quantity_base=D(1_000))
    short = replace(STRANGER, quantity_base=D("0.1"))

    async def scenario() -> Judged:
        scene = await Scene.begin()
        scene.venue.others += [long, short][::order]
        return await scene.told("in", symbol)

    judged = run(scenario())

    assert judged.verdict is Verdict.REJECT
    assert "SNAPSHOT_INCOMPLETE" in judged.codes
    assert "SOLUSDT is open more than once: the account is in hedge mode" in judged.detail


def test_hedge_mode_puts_the_account_in_reducing_and_lets_us_out() -> None:
    """Also where the larger of the two is our own, and the sides are the same."""

    async def scenario() -> tuple[Scene, Status]:
        scene = await opened()
        read = await scene.venue.inner.read()
        assert isinstance(read, AccountReading)
        (own,) = read.positions
        scene.venue.others.append(replace(own, quantity_base=own.quantity_base / 10))
        await scene.pass_a_minute()
        return scene, await scene.closed("out")

    scene, status = run(scenario())
    (latch,) = scene.world.events(LatchSet)

    assert scene.state is TradingState.REDUCING
    assert (latch.cause, latch.why) == (
        FOREIGN_POSITION,
        "POSITION_EXTRA on BTCUSDT: ours BUY 0.01, the venue's BUY 0.01 and BUY 0.001",
    )
    assert status is Status.FILLED
