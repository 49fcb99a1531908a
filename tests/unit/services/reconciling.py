"""One process with a long in BTC, over a venue that may lie about the account."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bridge_patch.domain.events import (
    DifferenceFound,
    DifferenceGone,
    LatchSet,
    Status,
    TradingState,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.reconcile_events import DifferenceKind as K
from bridge_patch.services.messages import Answered, Wish
from bridge_patch.services.session import Session
from tests.simulation.lying import Lying
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    ready,
)
from tests.unit.services.test_switch import order, send

D = Decimal
PRICES = {BTC: 95_000, SOL: 150}
RUNNING, REDUCING = TradingState.RUNNING, TradingState.REDUCING


@dataclass
class Scene:
    """One process with a long in BTC, over a venue that may lie."""

    world: World
    session: Session
    n: int = CALM

    @classmethod
    async def begin(cls, mode: Mode = Mode.LIVE, **wraps: Any) -> Scene:
        world = World(mode=mode)
        session = await ready(world, (BTC, SOL), venue=Lying, **wraps)
        scene = cls(world, session)
        await scene.ask("mine")
        return scene

    @property
    def venue(self) -> Lying:
        assert isinstance(self.session.keeper.venue, Lying)
        return self.session.keeper.venue

    async def passes(self, ticks: int) -> None:
        for _ in range(ticks):
            self.n += 1
            await self.session.on_tick(at(self.n, PRICES))

    async def ask(self, name: str, **more: Any) -> None:
        await ask(self.world, self.session, intent(name, self.n, margin=100, **more))

    async def closed(self, name: str) -> Status:
        await ask(self.world, self.session, close(name, self.n))
        return self.world.outcome(name).status

    async def resume(self) -> None:
        holds = self.session.recorder.gauge.holds
        since_ms = holds.since_ms(holds.cause)
        assert since_ms is not None
        seen = Answered(book=holds.book, cause=holds.cause, since_ms=since_ms)
        name = f"o-{len(self.world.events(LatchSet))}"
        await send(self.world, order(name, Wish.RESUME, answers=seen))
        await self.session.keeper.switch.heed()

    def found(self) -> list[K]:
        return [e.difference.kind for e in self.world.events(DifferenceFound)]

    def gone(self) -> list[K]:
        return [e.difference.kind for e in self.world.events(DifferenceGone)]

    def causes(self) -> list[str]:
        return [latch.cause for latch in self.world.events(LatchSet)]

    @property
    def state(self) -> TradingState:
        return self.session.recorder.gauge.state
