"""One run over a market: each tick's consequences are complete before the next begins.

That is the barrier which makes a replay independent of speed: venue and books first, then
the exits, then what is left over, then new intents. Data time moves between ticks only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, final

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.services.engine import Engine
from bridge_patch.services.execution import Execution
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.keeper import Keeper


class DataClock(Protocol):
    """The clock of a replay, which somebody has to wind."""

    def now_ms(self) -> UnixMs:
        """Return data time."""
        ...

    def set(self, now_ms: UnixMs) -> None:
        """Move data time forward."""
        ...


_NEVER: Final = UnixMs(0)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The execution side of a run, and the engine where it lives in the same process.

    Ticks up to `resumed_ms` were played by an earlier run: they only warm up.
    """

    clock: DataClock
    keeper: Keeper
    execution: Execution
    brain: ExitBrain
    engine: Engine | None = None
    resumed_ms: UnixMs = _NEVER

    def warm_up(self, tick: Tick) -> None:
        """Show a past tick to those who need history; nothing is decided or recorded."""
        self.keeper.trader.market.on_tick(tick)
        if self.engine is not None:
            self.engine.market.on_tick(tick)

    async def begin(self, at_ms: UnixMs) -> None:
        """Set data time and finish what an earlier run left open, before any entry."""
        self.clock.set(at_ms)
        await self.brain.catch_up()
        await self.keeper.recover()
        await self.execution.drain()

    async def on_tick(self, tick: Tick) -> None:
        """Play one tick to its end."""
        await self.execution.drain()
        self.clock.set(tick.at_ms)
        await self.keeper.on_tick(tick)
        await self.execution.retry()
        if await self.brain.on_tick(tick):
            await self.execution.drain()
        if self.engine is not None and await self.engine.on_tick(tick):
            await self.execution.drain()
