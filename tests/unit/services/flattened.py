"""A process with a long and a short, and a person who has had enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge_patch.domain.events import LatchSet, Sending
from bridge_patch.domain.intent import Mode, Symbol, UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.messages import Wish
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, SOL, World, ask, at, calm, intent, play, tapped
from tests.simulation.tap import Tap
from tests.unit.services.test_switch import order, send

BOTH = (BTC, SOL)
FLAT = {BTC: 95_000, SOL: 150}


@dataclass
class Scene:
    """A process with a long and a short, and a person who has had enough."""

    world: World = field(default_factory=World)
    n: int = CALM
    session: Session = field(init=False)
    venue: Tap = field(init=False)

    async def begin(self) -> Scene:
        self.session, self.venue = await tapped(self.world, BOTH)
        await ask(self.world, self.session, intent("a", CALM))
        short = intent("b", CALM, symbol=SOL, action="SELL")
        await ask(self.world, self.session, short)
        assert await self.held() == set(BOTH)
        return self

    async def held(self) -> set[Symbol]:
        """What the venue itself says is open, which is what has to be flat."""
        stated = await self.venue.inner.records()
        assert isinstance(stated, VenueRecords)
        return {position.symbol for position in stated.positions}

    async def orders(self, *wishes: Wish) -> None:
        count = len(self.world.events(LatchSet))
        commands = [order(f"o-{count}-{n}", wish) for n, wish in enumerate(wishes)]
        await send(self.world, *commands)
        await self.passes()

    async def passes(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.n += 1
            await self.session.on_tick(at(self.n, FLAT))

    async def seconds(self, count: int) -> None:
        """A pulse each second, on a clock that else only a replay's tick moves."""
        for _ in range(count):
            now_ms = self.session.clock.now_ms()
            self.session.clock.set(UnixMs(now_ms + 1_000))
            await self.session.keeper.pulse()

    async def restarts(self, mode: Mode | None = None) -> None:
        """A new process on what the old one left, with the same venue's tap."""
        self.session = self.world.start(mode, venue=Tap)
        assert isinstance(self.session.keeper.venue, Tap)
        self.venue = self.session.keeper.venue

    async def warms_up(self) -> None:
        ticks = [*calm(BOTH), *(at(n, FLAT) for n in range(CALM + 1, self.n + 1))]
        await play(self.session, ticks)

    @property
    def closes(self) -> list[Sending]:
        return [one for one in self.world.events(Sending) if one.leg is Leg.FLATTEN]


@dataclass
class Failing:
    """A desk that cannot close BTC."""

    desk: Any
    error: Exception = field(default_factory=lambda: ValueError("a fault of ours"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.desk, name)

    async def flatten(self, symbol: Symbol) -> None:
        if symbol == BTC:
            raise self.error
        await self.desk.flatten(symbol)
