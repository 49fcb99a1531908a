"""Somebody cancels our stops at the exchange as fast as they come: then we close."""

from __future__ import annotations

from bridge_patch.adapters.venue_ccxt.calls import ALGO_CANCEL, Purpose
from bridge_patch.domain.events import CloseForced
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.services.protection import PROTECT_ATTEMPTS_MAX
from tests.simulation.rig import BTC, CALM, World, ask, intent, run
from tests.unit.adapters.venue_ccxt.test_session import exchange, started
from tests.unit.services.test_naked_deadline import legs


def test_a_position_whose_stops_somebody_cancels_is_closed() -> None:
    world = World()

    async def scenario() -> None:
        floor = exchange(world)
        session = await started(world, floor)
        await ask(world, session, intent("a", CALM))
        assert BTC in session.recorder.ledger.positions
        parts, begun_ms = floor.stand.venue.parts, session.clock.now_ms()
        for n in range(1, 21):
            for algo in list(floor.stand.core.venue.records.open_algos(BTC)):
                stop = {"symbol": BTC, "clientAlgoId": algo.client_id}
                await parts.transport.call(ALGO_CANCEL, stop, purpose=Purpose.PROTECT)
            floor.stand.pump()
            session.clock.set(UnixMs(begun_ms + n * 200))
            floor.stand.wire.pass_ms(200)
            live = parts.liveness
            live.beat_ms = live.key_ms = floor.stand.clock.now_ms()
            await session.keeper.pulse()

        assert session.recorder.ledger.positions == {}

    run(scenario())
    assert [e.cause for e in world.events(CloseForced)] == [CloseCause.STOP_FAILED]
    assert legs(world).count(Leg.STOP) == PROTECT_ATTEMPTS_MAX
