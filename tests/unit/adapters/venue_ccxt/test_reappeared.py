"""The services on the adapter: an order that was proved absent, and trades after all."""

import json

import pytest

from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.events import (
    FilledLate,
    LatchSet,
    OrderEnded,
    Resolved,
    Sending,
    Settled,
    Status,
    TradingState,
)
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.domain.venue_events import StopArmed
from bridge_patch.services.holds import FILLED_LATE, SEEN_LATE
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, at, close, intent, run
from tests.unit.adapters.venue_ccxt.stand import D, Stand
from tests.unit.adapters.venue_ccxt.test_session import Floor, exchange, started

PRICE = {BTC: "95010"}


async def proved_absent(world: World, floor: Floor) -> tuple[Session, Sending]:
    """A live entry whose request is lost, searched for until it is proved absent."""
    session = await started(world, floor)
    floor.stand.core.plan(
        [Fault(kind=FaultKind.LOST, method="POST", path="/fapi/v1/order", accepted=False)]
    )
    await ask(world, session, intent("lost", CALM))
    for n in range(1, 6):
        await session.on_tick(at(CALM + n, PRICE))
    (order,) = (s for s in world.events(Sending) if s.leg is Leg.ENTRY)
    answers = [(a.order_id, a.event) for a in world.events(Resolved)]
    assert answers[-1] == (order.order_id, OrderEvent.FOUND_ABSENT)
    assert floor.stand.held() == 0
    return session, order


async def arrives(stand: Stand, order: Sending) -> None:
    """The request comes after all, hours late or by a broken promise of the venue."""
    await stand.wire.send(
        "fapiPrivatePostOrder",
        {
            "symbol": BTC,
            "side": order.side,
            "type": "MARKET",
            "quantity": str(order.quantity_base),
            "newClientOrderId": order.order_id,
            "timestamp": str(stand.clock.now_ms()),
        },
    )


@pytest.mark.parametrize("told_by", ["the stream", "the records", "the next process"])
def test_an_entry_that_was_proved_absent_and_trades_is_protected_and_holds(
    told_by: str,
) -> None:
    """By whomever it is told, and also where the process that proved it is gone."""

    async def script() -> None:
        world = World()
        floor = exchange(world)
        session, order = await proved_absent(world, floor)
        stand, ledger = floor.stand, session.recorder.ledger
        if told_by == "the stream":
            await arrives(stand, order)
        elif told_by == "the records":
            stand.streaming = False
            await arrives(stand, order)
            assert stand.stream is not None
            stand.stream.take()  # lost on the way
            assert await stand.venue.stream.catch_up()
            stand.streaming = True
        else:
            await arrives(stand, order)
            session = world.start(venue=floor)
            await stand.begin()
            ledger = session.recorder.ledger
        await session.on_tick(at(CALM + 7, PRICE))
        assert ledger.positions[BTC].signed_base == stand.held() == order.quantity_base
        assert ledger.naked() == ()
        (stop,) = stand.core.venue.records.open_algos(BTC)
        assert stop.client_id in [e.order_id for e in world.events(StopArmed)]
        await session.on_tick(at(CALM + 8, PRICE))
        assert ledger.in_doubt == {}

        (late,) = world.events(FilledLate)
        (latch,) = world.events(LatchSet)
        assert late.order_id == order.order_id
        assert (latch.state, latch.cause) == (TradingState.REDUCING, FILLED_LATE)
        assert order.order_id in latch.why
        again = world.start(venue=floor)
        await stand.begin()
        await again.on_tick(at(CALM + 9, PRICE))
        assert again.recorder.gauge.state is TradingState.REDUCING
        await ask(world, again, close("out", CALM + 9))
        assert stand.held() == D(0)
        outcomes = {s.intent_id: s.status for s in world.events(Settled)}
        assert outcomes == {"lost": Status.VENUE_REFUSED, "out": Status.FILLED}
        assert len(world.events(LatchSet)) == 1

    run(script())


@pytest.mark.parametrize("restarted", [False, True])
def test_an_entry_that_was_proved_absent_and_is_shown_as_expired_holds(
    restarted: bool,
) -> None:
    """It cost nothing, and what proved it absent was wrong all the same."""

    async def script() -> None:
        world = World()
        floor = exchange(world)
        session, order = await proved_absent(world, floor)
        stand = floor.stand
        if restarted:
            session = world.start(venue=floor)
            await stand.begin()
        stand.venue.stream.hear(expired(order, stand.clock.now_ms()))
        await session.on_tick(at(CALM + 7, PRICE))
        (latch,) = world.events(LatchSet)
        assert (latch.state, latch.cause) == (TradingState.REDUCING, SEEN_LATE)
        assert order.order_id in latch.why
        assert [e.order_id for e in world.events(OrderEnded)] == [order.order_id]

    run(script())


def expired(order: Sending, at_ms: int) -> str:
    """As the user stream tells an order that met nobody."""
    body = {
        "s": order.symbol,
        "c": order.order_id,
        "S": order.side,
        "o": "MARKET",
        "q": str(order.quantity_base),
        "x": "EXPIRED",
        "X": "EXPIRED",
        "i": 999,
        "l": "0",
        "z": "0",
        "L": "0",
        "t": 0,
        "T": at_ms,
        "rp": "0",
    }
    frame = {"e": "ORDER_TRADE_UPDATE", "E": at_ms, "T": at_ms, "o": body}
    return json.dumps(frame)
