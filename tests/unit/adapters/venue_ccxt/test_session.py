"""The services on a real venue's adapter: what paper decides, the simulated exchange does.

One process on the paper venue and one on the adapter see the same market and messages.
"""

from dataclasses import dataclass, field

import pytest

from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.events import Book, Filled, Sending, Settled, Status, StopArmed
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.ports import Venue
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, at, calm, close, intent, play, run
from tests.simulation.through import Through
from tests.unit.adapters.venue_ccxt.stand import D, Stand


@dataclass
class Exchanged(Through):
    """The adapter, whose exchange gets the bars that a paper venue would get."""

    stand: Stand = field(default_factory=Stand)

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        self.to(tick)
        self.stand.core.tick(tick)
        self.stand.pump()
        return await self.inner.advance(tick)

    def see(self, tick: Tick) -> None:
        self.to(tick)
        self.stand.core.tick(tick)
        self.inner.see(tick)

    def to(self, tick: Tick) -> None:
        """Let time pass, with the stream's heartbeat going on meanwhile."""
        late_ms = self.stand.clock.now_ms()
        if tick.at_ms > late_ms:
            self.stand.wire.pass_ms(tick.at_ms - late_ms)
        live = self.stand.venue.parts.liveness
        live.beat_ms = live.key_ms = self.stand.clock.now_ms()


@dataclass
class Floor:
    """Makes the adapter's venue for one process; the exchange outlives the process."""

    stand: Stand

    def __call__(self, _: PaperVenue) -> Venue:
        self.stand.venue = self.stand.make()
        return Exchanged(self.stand.venue, stand=self.stand)


def exchange(world: World) -> Floor:
    """An exchange at the world's own time, with nothing on it yet."""
    stand = Stand(at_ms=world.wall.now_ms())
    stand.core = stand.wire.core = Core(symbols=(BTC,), wallet_usd=D(10_000))
    set_account(stand.core, AccountSetting(margin_types={BTC: "ISOLATED"}))
    return Floor(stand)


async def started(world: World, floor: Floor) -> Session:
    session = world.start(venue=floor)
    await play(session, calm((BTC,)))
    await floor.stand.begin()
    return session


MESSAGES = (
    intent("a", CALM),
    intent("big", CALM, margin=10**9),
    intent("a", CALM),
    close("c", CALM),
    close("again", CALM),
)


async def played(world: World, session: Session) -> None:
    for message in MESSAGES:
        await ask(world, session, message)
    await ask(world, session, intent("b", CALM))
    await session.on_tick(at(CALM + 1, {BTC: "95010"}))
    await session.on_tick(at(CALM + 2, {BTC: "92000"}))  # through the stop
    await session.on_tick(at(CALM + 3, {BTC: "92000"}))


def outcomes(world: World) -> list[tuple[object, ...]]:
    return [
        (
            e.intent_id,
            e.status,
            e.verdict,
            e.codes,
            e.filled_quantity_base,
            e.filled_price_usd,
        )
        for e in world.events(Settled)
    ]


def test_the_same_messages_end_as_on_paper() -> None:
    async def on_paper() -> World:
        world = World()
        session = world.start()
        await play(session, calm((BTC,)))
        await played(world, session)
        return world

    async def on_exchange() -> World:
        world = World()
        floor = exchange(world)
        session = await started(world, floor)
        await played(world, session)
        assert floor.stand.held() == 0
        assert floor.stand.core.venue.records.open_algos(BTC) == []
        assert session.recorder.ledger.in_doubt == {}
        return world

    paper, exchanged = run(on_paper()), run(on_exchange())
    assert outcomes(exchanged) == outcomes(paper)
    assert {s for _, s, *_ in outcomes(paper)} >= {Status.FILLED, Status.REFUSED}
    fills = [
        [(f.side, f.kind, f.quantity_base, f.price_usd) for f in world.events(Filled)]
        for world in (paper, exchanged)
    ]
    assert fills[0] == fills[1]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    "kind", [FaultKind.RESET, FaultKind.LOST, FaultKind.UNKNOWN_503, FaultKind.EMPTY]
)
@pytest.mark.parametrize("path", ["order", "algoOrder"])
def test_one_intent_is_one_position_with_a_stop_whatever_answer_is_lost(
    path: str, kind: FaultKind, accepted: bool
) -> None:
    async def script() -> None:
        world = World()
        floor = exchange(world)
        session = await started(world, floor)
        stand = floor.stand
        stand.core.plan(
            [Fault(kind=kind, method="POST", path=f"/fapi/v1/{path}", accepted=accepted)]
        )
        await ask(world, session, intent("a", CALM))
        for n in range(1, 5):
            await session.on_tick(at(CALM + n, {BTC: "95010"}))
            await session.execution.drain()

        ledger = session.recorder.ledger
        entries = [s for s in world.events(Sending) if s.leg is Leg.ENTRY]
        assert len(entries) == 1
        held: Position | None = ledger.positions.get(BTC)
        assert (held.signed_base if held else D(0)) == stand.held()
        assert len(stand.core.venue.records.orders) >= int(accepted or path == "algoOrder")
        assert held is None or ledger.naked() == ()
        if path == "order":
            assert (held is not None) == accepted
        open_stops = stand.core.venue.records.open_algos(BTC)
        assert len(open_stops) == (1 if held else 0)
        unknown = {d.order.leg for d in ledger.in_doubt.values()}
        assert Leg.ENTRY not in unknown

    run(script())


def test_a_process_that_is_started_again_takes_up_what_the_exchange_has() -> None:
    async def script() -> None:
        world = World()
        floor = exchange(world)
        first = await started(world, floor)
        await ask(world, first, intent("a", CALM))
        held = floor.stand.held()
        assert held != 0

        second = world.start(venue=floor)
        await floor.stand.begin()
        assert second.recorder.ledger.positions[BTC].signed_base == held
        assert floor.stand.venue.parts.facts.fold.positions[BTC].signed_base == held
        assert isinstance(floor.stand.venue, CcxtVenue)
        await second.on_tick(at(CALM + 1, {BTC: "92000"}))
        await second.on_tick(at(CALM + 2, {BTC: "92000"}))
        assert floor.stand.held() == 0
        assert second.recorder.ledger.positions == {}
        trades = [f.trade_id for f in world.events(Filled) if f.book.value == "account"]
        assert len(trades) == len(set(trades)) == 2

    run(script())


def test_a_stop_beside_a_close_all_one_is_armed_anew_when_the_position_grows() -> None:
    """-4130: the second stop states its quantity, and so guards no more than that."""

    async def script() -> None:
        world = World()
        floor = exchange(world)
        stand = floor.stand
        session = await started(world, floor)
        stand.dispose(one_close_all=True)
        await ask(world, session, intent("a", CALM))
        await ask(world, session, close("up", CALM, stop_move_to=94_500))
        armed = [e for e in world.events(StopArmed) if e.book is Book.ACCOUNT]
        assert [e.quantity_base for e in armed] == [None, stand.held()]

        report = await stand.open("bp-more")  # as if the entry had traded once more
        stand.venue.parts.facts.pending += report.events
        await session.on_tick(at(CALM + 1, {BTC: "95010"}))

        (last,) = [e for e in world.events(StopArmed) if e.book is Book.ACCOUNT][2:]
        assert last.quantity_base in {None, stand.held()}
        resting = stand.core.venue.records.open_algos(BTC)
        assert [algo.client_id for algo in resting] == [last.order_id]
        assert session.recorder.ledger.naked() == ()

    run(script())
