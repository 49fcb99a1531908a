"""Long random walks with faults everywhere: what was told is what the exchange did.

A journal is kept as the services would keep it; at its end the walk is repeated from it.
"""

import random
from dataclasses import dataclass, field

import pytest

from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.events import Sending
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.position import Position, apply_fill, apply_funding
from bridge_patch.domain.venue_events import Filled, FundingPaid, VenueEvent
from bridge_patch.services.ports import Report
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.stand import D, Stand, on_stand

KINDS = (
    *(FaultKind.LOST, FaultKind.RESET, FaultKind.CUT, FaultKind.EMPTY, FaultKind.HTML),
    *(FaultKind.BROKEN_JSON, FaultKind.UNKNOWN_503, FaultKind.UNAVAILABLE_503),
    *(FaultKind.INTERNAL_503, FaultKind.OVERLOAD_1008, FaultKind.UNKNOWN_503_NO_CODE),
)


@dataclass
class Walk:
    """One account's life. `doubts` are orders of unknown fate, as the ledger has them."""

    stand: Stand
    chance: random.Random
    journal: list[VenueEvent | Sending] = field(default_factory=list)
    doubts: list[ClientOrderId] = field(default_factory=list)
    stops: list[ClientOrderId] = field(default_factory=list)
    orders: int = 0
    sure: int = 0

    async def step(self) -> None:
        self.trouble()
        act = self.chance.choice(
            [self.enter, self.enter, self.close, self.protect, self.cancel, self.drift]
        )
        await act()
        self.stand.wire.pass_ms(self.chance.choice([50, 400, 2_000]))
        if self.chance.random() < 0.3:
            assert await self.stand.venue.read() is not None
        await self.keep()

    def trouble(self) -> None:
        faults = [
            Fault(
                kind=self.chance.choice(KINDS),
                accepted=self.chance.random() < 0.5,
                probability=0.25,
                count=3,
            )
            for _ in range(self.chance.randrange(3))
        ]
        self.stand.core.plan(faults, seed=self.chance.randrange(10**6))
        self.stand.dispose(
            duplicate_events=self.chance.random() < 0.3,
            reorder_events=self.chance.random() < 0.3,
            rest_lag_ms=self.chance.choice([0, 0, 700]),
            fill_parts=self.chance.choice([1, 1, 3]),
        )
        self.stand.streaming = self.chance.random() < 0.8

    async def keep(self) -> None:
        """What the keeper does at each tick."""
        self.journal += await self.stand.events()
        for order_id in list(self.doubts):
            self.learn(order_id, await self.stand.venue.find(BTC, order_id))

    def learn(self, order_id: ClientOrderId, report: Report) -> None:
        assert report.event is not OrderEvent.TIMED_OUT or report.events == ()
        self.journal += report.events
        order = self.stand.venue.parts.facts.find(order_id)
        assert order is not None
        whole = order.told_base >= order.executed_base
        filled = report.event is OrderEvent.FILLED and whole
        rests = report.event is OrderEvent.ACCEPTED and order.leg is Leg.STOP
        over = report.event not in {
            OrderEvent.TIMED_OUT,
            OrderEvent.ACCEPTED,
            OrderEvent.FILLED,
        }
        if (filled or rests or over) and order_id in self.doubts:
            self.doubts.remove(order_id)
            self.sure += 1
        if rests:
            self.stops.append(order_id)

    def position(self) -> Position | None:
        return self.stand.core.venue.exchange.positions.get(BTC)

    def leg(self, order_id: ClientOrderId) -> Leg:
        return self.stand.venue.parts.facts.fold.orders[order_id].leg

    def name(self) -> str:
        self.orders += 1
        return f"bp-{self.orders}"

    async def enter(self) -> None:
        if not any(self.leg(order_id) is not Leg.STOP for order_id in self.doubts):
            name = self.name()
            report = await self.stand.open(name, margin="50", leverage="10")
            self.noted(name, report)

    async def close(self) -> None:
        if self.position() is not None:
            name = self.name()
            self.noted(name, await self.stand.close(name))

    async def protect(self) -> None:
        if self.position() is not None and len(self.doubts) < 3:
            name = self.name()
            self.noted(name, await self.stand.stop("94000", name))

    async def cancel(self) -> None:
        if self.stops:
            order_id = self.stops[0]
            report = await self.stand.venue.cancel(BTC, order_id)
            self.journal += report.events
            if report.event not in {OrderEvent.TIMED_OUT, OrderEvent.ACCEPTED}:
                self.stops.remove(order_id)

    async def drift(self) -> None:
        price = self.chance.choice(["95000", "95200", "94800", "93900"])
        self.stand.move(price, low=price)

    def noted(self, name: str, report: Report) -> None:
        order = self.stand.venue.parts.facts.find(name)
        assert order is not None
        self.journal.append(
            Sending(
                at_ms=UnixMs(self.stand.clock.now_ms()),
                intent_id=order.intent_id,
                order_id=order.order_id,
                leg=order.leg,
                symbol=BTC,
                side=order.side,
                quantity_base=order.quantity_base,
                leverage=order.leverage,
                stop_price_usd=order.stop_price_usd,
            )
        )
        self.doubts.append(order.order_id)
        self.learn(order.order_id, report)

    async def rest(self) -> None:
        """Let all trouble be over, and everything be found out."""
        self.stand.core.plan([])
        self.stand.dispose()
        self.stand.streaming = True
        self.stand.pump()
        self.stand.venue.parts.transport.budget.quiet_until_ms = 0
        for second in range(70):
            self.stand.wire.pass_ms(1_000)
            await self.stand.venue.read()
            if second % 20 == 0:
                assert await self.stand.venue.stream.catch_up()
            await self.keep()


def folded(journal: list[VenueEvent | Sending]) -> Position | None:
    """The position as the services would have it; a trade told twice is a failure."""
    position, seen = None, set()
    for event in journal:
        if isinstance(event, Filled):
            assert event.trade_id not in seen
            seen.add(event.trade_id)
            position = apply_fill(position, event)
        if isinstance(event, FundingPaid) and position is not None:
            position = apply_funding(position, event)
    return position


@pytest.mark.parametrize("seed", range(40))
def test_whatever_goes_wrong_what_was_told_is_what_the_exchange_did(seed: int) -> None:
    async def script(stand: Stand) -> None:
        walk = Walk(stand, random.Random(seed))
        for _ in range(40):
            await walk.step()
        await walk.rest()

        ours, theirs = folded(walk.journal), walk.position()
        assert (ours.signed_base if ours else D(0)) == stand.held()
        if ours is not None and theirs is not None:
            assert abs(ours.margin_usd - theirs.margin_usd) < D("0.0001")
            assert abs(ours.entry_price_usd - theirs.entry_price_usd) < D("0.0001")
        sent: dict[str, int] = {}
        for order in stand.core.venue.records.orders.values():
            sent[order.client_id] = sent.get(order.client_id, 0) + 1
        assert max(sent.values(), default=1) == 1
        unknown = [
            o
            for o in walk.doubts
            if stand.venue.parts.facts.fold.orders[o].leg is not Leg.STOP
        ]
        assert unknown == []
        assert walk.sure >= 1

        stand.venue = stand.make()
        stand.venue.restore(walk.journal)
        await stand.begin()
        again = stand.venue.parts.facts.fold.positions.get(BTC)
        assert (again.signed_base if again else D(0)) == stand.held()
        assert not [e for e in await stand.events() if isinstance(e, Filled)]

    on_stand(script)
