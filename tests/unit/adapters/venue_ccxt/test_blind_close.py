"""The services on the adapter: a close of an entry of which nobody knows yet."""

import pytest

from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.events import (
    Filled,
    FillKind,
    LatchSet,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.order import Leg
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, at, close, intent, run
from tests.unit.adapters.venue_ccxt.stand import D
from tests.unit.adapters.venue_ccxt.test_session import Floor, exchange, started

PRICE = {BTC: "95010"}
#: Where the adapter could learn of the entry: none of it answers.
ENTRY_SEEN_AT = ("order", "algoOrder", "allAlgoOrders", "userTrades")


async def in_doubt(world: World, floor: Floor, *, accepted: bool) -> Session:
    """A live entry whose answer is lost, and neither stream nor records tell of it."""
    session = await started(world, floor)
    stand = floor.stand
    stand.core.plan(
        [
            Fault(
                kind=FaultKind.LOST,
                method="POST",
                path="/fapi/v1/order",
                accepted=accepted,
            ),
            *(
                Fault(
                    kind=FaultKind.LOST, method="GET", path=f"/fapi/v1/{path}", count=None
                )
                for path in ENTRY_SEEN_AT
            ),
        ]
    )
    stand.streaming = False
    await ask(world, session, intent("lost", CALM))
    assert stand.stream is not None
    stand.stream.take()
    assert [d.order.leg for d in session.recorder.ledger.in_doubt.values()] == [Leg.ENTRY]
    assert (stand.held() != 0) is accepted
    return session


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("quantity", "left"), [(None, False), (0.01, True)])
def test_a_close_of_an_entry_in_doubt_is_told_before_it_and_comes_out_right(
    quantity: float | None, restarted: bool, left: bool
) -> None:
    async def script() -> None:
        world = World()
        floor = exchange(world)
        session = await in_doubt(world, floor, accepted=True)
        stand, whole = floor.stand, floor.stand.held()
        stand.streaming = True  # of the entry nothing comes any more
        wish = close("out", CALM) | ({} if quantity is None else {"quantity": quantity})
        await ask(world, session, wish)
        assert stand.held() == (0 if quantity is None else whole - D(str(quantity)))
        assert session.recorder.ledger.positions == {}
        assert session.recorder.ledger.naked() == ()
        stand.core.plan([])
        if restarted:
            session = world.start(venue=floor)
            await stand.begin()
        for n in range(1, 5):
            await session.on_tick(at(CALM + n, PRICE))
            await session.execution.drain()

        ledger = session.recorder.ledger
        position = ledger.positions.get(BTC)
        assert (position.signed_base if position else D(0)) == stand.held()
        told = stand.venue.parts.facts.fold.positions.get(BTC)
        assert (told.signed_base if told else D(0)) == stand.held()
        if position and told:
            assert position.margin_usd == pytest.approx(told.margin_usd)
        assert ledger.in_doubt == {}
        assert ledger.naked() == ()
        assert len(stand.core.venue.records.open_algos(BTC)) == int(left)
        fills = [f.kind for f in world.events(Filled) if f.book.value == "account"]
        assert fills == [FillKind.REDUCE, FillKind.ENTRY]
        ends = {s.intent_id: s.status for s in world.events(Settled)}
        assert ends == {"lost": Status.FILLED, "out": Status.FILLED}
        assert len(world.events(Settled)) == 2
        assert world.events(LatchSet) == []

    run(script())


def test_a_close_of_an_entry_that_never_came_is_refused_by_the_exchange() -> None:
    """-2022: reduce-only against nothing; the entry is still looked up, and absent."""

    async def script() -> None:
        world = World()
        floor = exchange(world)
        session = await in_doubt(world, floor, accepted=False)
        floor.stand.streaming = True
        await ask(world, session, close("out", CALM))
        floor.stand.core.plan([])
        for n in range(1, 6):
            await session.on_tick(at(CALM + n, PRICE))
            await session.execution.drain()

        assert floor.stand.held() == 0
        assert session.recorder.ledger.in_doubt == {}
        ends = {s.intent_id: (s.status, s.codes[-1]) for s in world.events(Settled)}
        assert ends == {
            "out": (Status.VENUE_REFUSED, "-2022"),
            "lost": (Status.VENUE_REFUSED, "ORDER_ABSENT"),
        }
        sent = [s for s in world.events(Sending) if s.leg is Leg.REDUCE]
        assert len(sent) == 1

    run(script())
