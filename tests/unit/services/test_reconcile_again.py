"""Records that are none, processes that begin again, and who is told but not held."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    DifferenceFound,
    Event,
    Filled,
    Judged,
    LatchSet,
    Sending,
    Status,
    TradingState,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import Leg
from bridge_patch.domain.reconcile_events import DifferenceKind as K
from bridge_patch.services.holds import (
    FOREIGN_ORDER,
    FOREIGN_POSITION,
    VENUE_DIFFERS,
)
from tests.simulation import lying
from tests.simulation.lying import Lying
from tests.simulation.rig import (
    BTC,
    SOL,
    Silence,
    at,
    run,
)
from tests.unit.services.reconciling import Scene

D = Decimal
PRICES = {BTC: 95_000, SOL: 150}
RUNNING, REDUCING = TradingState.RUNNING, TradingState.REDUCING


def test_a_missing_trade_explains_it_once_it_is_told() -> None:
    """The ledger never takes a position from a list: it waits for the trade."""

    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.swallow = True
        fired = await scene.venue.inner.advance(at(scene.n + 1, PRICES | {BTC: 92_000}))
        assert any(isinstance(e, Filled) for e in fired)
        await scene.passes(3)
        assert scene.found() == [K.POSITION_MISSING, K.STOP_MISSING, K.WALLET]
        assert BTC in scene.session.recorder.ledger.positions
        scene.venue.owed += fired
        await scene.passes(1)
        assert not scene.session.recorder.ledger.positions
        return scene

    scene = run(scenario())

    assert set(scene.gone()) == {K.POSITION_MISSING, K.STOP_MISSING, K.WALLET}


def test_records_that_cannot_be_read_are_never_flat() -> None:
    """No difference is found or gone by them; entries end, and exits do not."""
    notes: list[str] = []

    class Ear(Silence):
        def note(self, area: str, message: str, **facts: object) -> None:
            notes.append(f"{area} {message}")

    async def scenario() -> Scene:
        scene = await Scene.begin(telemetry=Ear())
        scene.venue.lie = lying.foreign_order
        await scene.passes(2)
        scene.venue.lie = lying.silent
        await scene.passes(3)
        assert scene.gone() == []
        await scene.resume()
        await scene.ask("blind", symbol=SOL)
        assert await scene.closed("out") is Status.FILLED
        return scene

    scene = run(scenario())
    (judged,) = [j for j in scene.world.events(Judged) if j.intent_id == "blind"]

    assert scene.found() == [K.FOREIGN_ORDER]
    assert judged.codes == ("SNAPSHOT_INCOMPLETE",)
    assert "the venue's records: no answer" in judged.detail
    said = "RECONCILE the venue's records cannot be read: no entries"
    assert notes.count(said) == 1


@pytest.mark.parametrize("how", ["raises", "stale", "ahead"])
def test_a_reading_that_raises_or_is_of_another_time_is_none(how: str) -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lying.HOW[how]
        await scene.passes(3)
        await scene.ask("blind", symbol=SOL)
        scene.venue.lie = lying.honest
        await scene.passes(1)
        await scene.ask("again", symbol=SOL)
        return scene

    scene = run(scenario())
    codes = {str(j.intent_id): j.codes for j in scene.world.events(Judged)}

    assert codes["blind"] == ("SNAPSHOT_INCOMPLETE",)
    assert codes["again"] == ("PASS",)


def test_a_restart_knows_what_was_told_and_what_holds() -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lying.stopless
        await scene.passes(3)
        assert scene.found() == [K.STOP_MISSING]
        lie = scene.venue.lie
        scene.session = scene.world.start(venue=Lying)
        scene.venue.lie = lie
        for tick in (at(m, PRICES) for m in range(1, scene.n + 1)):
            await scene.session.warm_up(tick)
        await scene.passes(3)
        return scene

    scene = run(scenario())

    assert scene.state is REDUCING
    assert scene.found() == [K.STOP_MISSING]
    assert scene.causes() == [VENUE_DIFFERS]


def test_a_shadow_run_is_told_and_not_held() -> None:
    """It opens nothing at the venue; its evidence does not depend on who trades there."""

    async def scenario() -> Scene:
        scene = await Scene.begin(Mode.SHADOW)
        scene.venue.lie = lying.foreign_order
        await scene.passes(4)
        scene.venue.lie = lying.silent
        await scene.passes(3)
        await scene.ask("beside", symbol=SOL)
        return scene

    scene = run(scenario())

    assert scene.found() == [K.FOREIGN_ORDER]
    assert scene.state is RUNNING
    assert scene.world.outcome("beside").status is Status.SIMULATED


def test_two_causes_hold_each_by_itself() -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lambda r: lying.flat(lying.foreign_order(r))
        await scene.passes(2)
        return scene

    scene = run(scenario())
    holds = scene.session.recorder.gauge.holds

    assert FOREIGN_ORDER in holds
    assert VENUE_DIFFERS in holds
    assert FOREIGN_POSITION not in holds
    assert len(scene.world.events(LatchSet)) == 2


def test_a_look_between_two_ticks_comes_as_often_as_the_setting_says() -> None:
    async def scenario() -> list[int]:
        scene = await Scene.begin()
        await scene.passes(1)
        looks = [scene.venue.looks]
        for ms in (9_999, 1, 9_999, 1):
            clock = scene.session.clock
            clock.set(type(clock.now_ms())(clock.now_ms() + ms))
            await scene.session.keeper.pulse()
            looks.append(scene.venue.looks - looks[0])
        return looks[1:]

    assert run(scenario()) == [0, 1, 1, 2]


def test_the_leverage_of_a_refused_entry_explains_the_one_in_force() -> None:
    """It was set before the order was refused; the position now runs at it."""

    async def scenario() -> tuple[Sequence[Event], tuple[int, ...]]:
        scene = await Scene.begin()
        assert scene.session.recorder.reckoning.leverages[BTC] == (10,)
        sent = [e for e in scene.world.events(Sending) if e.leg is Leg.ENTRY][-1]
        recorder = scene.session.recorder
        again = lying.announced(sent, leverage=20)
        await recorder.write(again)
        known = recorder.reckoning.leverages[BTC]
        await recorder.write(lying.refused(again))
        scene.venue.lie = lying.other_leverage
        await scene.passes(3)
        return scene.world.events(DifferenceFound), known

    found, known = run(scenario())

    assert known == (10, 20)
    assert found == []
