"""A process with an order in doubt, and a person who may say something about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bridge_patch.domain.events import (
    Book,
    Filled,
    OrderVouched,
    Sending,
)
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.messages import Wish
from bridge_patch.services.named_order import NamedOrder
from bridge_patch.services.ports import Report
from bridge_patch.services.session import Session
from tests.simulation.lying import Lying
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    intent,
    ready,
    reserved_usd,
)
from tests.simulation.tap import Trouble
from tests.unit.services.test_switch import order, send

D = Decimal
PRICES = {BTC: 95_000, SOL: 150}
HELD, NOTHING = (D(4_000), D(400)), (D(0), D(0))


@dataclass
class Mute(Lying):
    """A venue that loses an order's reply, and says nothing of that order until told to.

    Or it says that it never had it, which is `silence`.
    """

    mute: bool = True
    silence: OrderEvent = OrderEvent.TIMED_OUT
    learned: list[VenueEvent] = field(default_factory=list)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        self.learned += events

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        if self.mute:
            return Report(event=self.silence)
        return await super().find(symbol, order_id)


@dataclass
class Scene:
    """A process with an order in doubt, and a person who may say something about it."""

    world: World = field(default_factory=World)
    n: int = CALM

    async def begin(self, trouble: Trouble = Trouble.REPLY_LOST) -> Scene:
        self.session = await ready(self.world, (BTC, SOL), venue=Mute)
        self.venue.trouble("place", trouble)
        await ask(self.world, self.session, intent("lost", self.n))
        await self.passes()
        assert list(self.session.recorder.ledger.in_doubt) == [self.entry.order_id]
        assert reserved_usd(self.session) == HELD
        return self

    session: Session = field(init=False)

    @property
    def venue(self) -> Mute:
        assert isinstance(self.session.keeper.venue, Mute)
        return self.session.keeper.venue

    @property
    def entry(self) -> Sending:
        return next(e for e in self.world.events(Sending) if e.leg is Leg.ENTRY)

    @property
    def fills(self) -> list[Filled]:
        return [e for e in self.world.events(Filled) if e.book is Book.ACCOUNT]

    async def passes(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.n += 1
            await self.session.on_tick(at(self.n, PRICES))

    async def says(
        self, wish: Wish, order_id: ClientOrderId | None = None, **numbers: Any
    ) -> OrderVouched:
        named = NamedOrder(order_id=order_id or self.entry.order_id, **numbers)
        count = len(self.world.events(OrderVouched))
        await send(self.world, order(f"o-{count}", wish, named=named))
        await self.passes()
        said = self.world.events(OrderVouched)
        assert len(said) == count + 1
        assert (said[-1].who, said[-1].why) == ("ann", "because")
        assert said[-1].command_id == f"o-{count}"
        return said[-1]


def adopted_numbers(**changes: Any) -> dict[str, Any]:
    return {"quantity_base": D("0.042"), "price_usd": D(95_100)} | changes
