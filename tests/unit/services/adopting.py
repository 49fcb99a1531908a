"""One process at an exchange on whose account somebody trades by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge_patch.domain.events import DifferenceGone, LatchSet, PositionVouched
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.reconcile_events import DifferenceKind
from bridge_patch.services.messages import Answered, Wish
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, at
from tests.unit.adapters.venue_ccxt.scenes import by_hand
from tests.unit.adapters.venue_ccxt.test_session import Floor, exchange, started
from tests.unit.services.test_switch import order, send

PRICE = 95_000


@dataclass
class Scene:
    """One process at an exchange on whose account somebody trades by hand."""

    world: World = field(default_factory=World)
    n: int = CALM
    session: Session = field(init=False)
    floor: Floor = field(init=False)

    async def begin(self) -> Scene:
        self.floor = exchange(self.world)
        self.session = await started(self.world, self.floor)
        return self

    async def by_hand(self, side: str = "BUY") -> None:
        await by_hand(self.floor.stand, side)
        self.floor.stand.pump()

    async def passes(self, ticks: int = 1, price: int = PRICE) -> None:
        for _ in range(ticks):
            self.n += 1
            await self.session.on_tick(at(self.n, {BTC: price}))

    async def adopts(
        self, symbol: Symbol = BTC, price: int = PRICE, **more: Any
    ) -> PositionVouched:
        count = len(self.world.events(PositionVouched))
        word = order(f"o-{count}", Wish.ADOPT_POSITION, symbol=symbol, **more)
        await send(self.world, word)
        await self.passes(price=price)
        said = self.world.events(PositionVouched)
        assert len(said) == count + 1
        assert (said[-1].who, said[-1].command_id) == ("ann", f"o-{count}")
        return said[-1]

    async def resumes(self) -> None:
        holds = self.session.recorder.gauge.holds
        since_ms = holds.since_ms(holds.cause)
        assert since_ms is not None
        seen = Answered(book=holds.book, cause=holds.cause, since_ms=since_ms)
        name = f"o-{len(self.world.events(LatchSet))}-resume"
        await send(self.world, order(name, Wish.RESUME, answers=seen))
        await self.passes()

    def gone(self) -> list[DifferenceKind]:
        return [event.difference.kind for event in self.world.events(DifferenceGone)]

    @property
    def stops(self) -> list[Any]:
        return self.floor.stand.core.venue.records.open_algos(BTC)
