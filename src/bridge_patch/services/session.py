"""One run over a market: each tick's consequences are complete before the next begins.

That is the barrier which makes a replay independent of speed: venue and books first, then
the exits, then what is left over, then new intents. Data time moves between ticks only. A
live market waits for nobody: there is a pulse every moment between two ticks, and a tick
that comes late is history, of which only the venue and the books have to know.

A run that was killed goes on where its journal ends: the ticks before it warm up, the tick
it died in is played again from the stage that it had reached, and nothing is done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, final

from bridge_patch.domain.events import ExitsBlind, Stage, TickReached
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import FundingTerms, Mark, Tick
from bridge_patch.services.engine import Engine
from bridge_patch.services.execution import Execution
from bridge_patch.services.exits_apart import Exits
from bridge_patch.services.keeper import Keeper
from bridge_patch.services.lost import Lost
from bridge_patch.services.progress import NEVER
from bridge_patch.services.recorder import Recorder

#: A bar that closed longer ago is not decided upon any more: the next one has closed.
LATE_MS: Final = 60_000


class DataClock(Protocol):
    """The clock of a replay, which somebody has to wind; a live one goes by itself."""

    def now_ms(self) -> UnixMs:
        """Return data time."""
        ...

    def set(self, now_ms: UnixMs) -> None:
        """Move data time forward; a live clock does not listen."""
        ...


@final
@dataclass(slots=True, kw_only=True)
class Session:
    """The execution side of a run, and the engine where it lives in the same process.

    Ticks before `resumed_ms` were played by an earlier run: they only warm up. `seen_ms` is
    the newest tick that was warmed up with or played. In a `live` run what waits is judged
    by pulses, between the ticks, and not at the time of the tick before.
    """

    clock: DataClock
    keeper: Keeper
    execution: Execution
    lost: Lost
    brain: Exits
    engine: Engine | None = None
    live: bool = False
    resumed_ms: UnixMs = NEVER
    seen_ms: UnixMs = NEVER
    _begun: bool = False

    @property
    def recorder(self) -> Recorder:
        """The way into the journal."""
        return self.keeper.trader.recorder

    @property
    def has_begun(self) -> bool:
        """Tell whether it has come behind what only warms it up."""
        return self._begun

    def needs_since_ms(self) -> UnixMs:
        """Return since when ticks are needed by what is open, in a book or at the venue."""
        trader = self.keeper.trader
        held = [
            trader.recorder.ledger.positions,
            *(b.exchange.positions for b in trader.books),
        ]
        opened = [one.opened_ms for positions in held for one in positions.values()]
        return min(opened, default=self.resumed_ms)

    async def warm_up(self, tick: Tick) -> None:
        """Show a past tick to those who need history; nothing is decided or recorded."""
        if self.seen_ms == NEVER:
            await self.brain.catch_up()
        self.keeper.see(tick)
        self.brain.see(tick)
        if self.engine is not None:
            self.engine.see(tick)
        self.seen_ms = tick.at_ms

    async def on_tick(self, tick: Tick) -> None:
        """Play one tick to its end; one that was played to its end is passed over."""
        if tick.at_ms <= self.seen_ms:
            return
        if self._is_late(tick):
            await self._passed(tick)
            return
        again = tick.at_ms == self.recorder.progress.at_ms
        await self._before(again=again)
        self.clock.set(tick.at_ms)
        await self.keeper.on_tick(tick)
        await self.execution.retry()
        # Exits that a killed run had asked for are decided again before they are carried
        # out: carried out first, they would change what this bar decides.
        if again and self.recorder.progress.reached(tick.at_ms, Stage.EXITED):
            await self.execution.drain()
        await self._exits(tick)
        await self._entries(tick)
        if (again or not self._begun) and not self.live:
            await self.execution.drain()
        await self.lost.end()
        self._begun, self.seen_ms = True, tick.at_ms

    async def begin(self) -> None:
        """Start, or go on, between two ticks: recover before anything is judged."""
        if self._begun:
            return
        self._begun = True
        if self.seen_ms != NEVER:
            self.clock.set(self.seen_ms)
        await self.keeper.recover()

    async def pulse(
        self, marks: tuple[Mark, ...] = (), terms: tuple[FundingTerms, ...] = ()
    ) -> None:
        """Live between two ticks: what a person ordered, what moved, what waits.

        Nothing is decided here: the exit brain and the engine go by bars that have closed,
        and the stops at the venue hold meanwhile.
        """
        await self.keeper.switch.heed()
        await self.keeper.pulse(marks, terms)
        await self.execution.retry()
        if await self.execution.inbox.left():
            await self.brain.pulse(self.clock.now_ms())
            await self._watch_exits()
        await self.execution.drain()

    def _is_late(self, tick: Tick) -> bool:
        """Tell whether a live clock has left this tick behind; a replay's never has."""
        newest_ms = max((bar.close_ms for bar in tick.bars), default=tick.at_ms)
        return self.clock.now_ms() - newest_ms > LATE_MS

    async def _passed(self, tick: Tick) -> None:
        """Take in a tick that is history: nothing is decided, and nothing is judged by it.

        What waits on the bus is left for the present.
        """
        await self.keeper.switch.heed()
        await self.keeper.on_tick(tick)
        await self.brain.catch_up()
        self.brain.see(tick)
        if self.engine is not None:
            self.engine.see(tick)
        self._begun, self.seen_ms = True, tick.at_ms

    async def _before(self, *, again: bool) -> None:
        """Finish, at the time of the tick before, what was said about it.

        The first tick of a run has none before it, unless it was warmed up. One that is
        played again was begun already, and so what came before it is finished. What a
        person ordered comes before any of it.
        """
        await self.keeper.switch.heed()
        if again or self.seen_ms == NEVER:
            return
        await self.begin()
        if self.live:
            return
        await self.execution.drain()
        if self.recorder.ledger.in_doubt:
            await self.keeper.recover()
            await self.execution.retry()

    async def _exits(self, tick: Tick) -> None:
        if self.recorder.progress.reached(tick.at_ms, Stage.EXITED):
            await self.brain.catch_up()
            self.brain.see(tick)
            return
        if await self.brain.act(tick, self.recorder.mark_tick):
            self.recorder.stage(TickReached(at_ms=tick.at_ms, stage=Stage.EXITED))
            await self.execution.drain()
        await self._watch_exits()

    async def _watch_exits(self) -> None:
        """Journal what the exits lack of what is open, when that changes."""
        blind = self.brain.blind()
        if blind != self.recorder.progress.blind:
            now_ms = self.clock.now_ms()
            await self.recorder.write(ExitsBlind(at_ms=now_ms, symbols=blind))

    async def _entries(self, tick: Tick) -> None:
        if self.engine is None:
            return
        if self.recorder.progress.reached(tick.at_ms, Stage.PROPOSED):
            self.engine.see(tick)
            return
        drafts = await self.engine.decide(tick)
        if drafts:
            await self.recorder.mark_tick()
            await self.engine.propose(drafts)
            self.recorder.stage(TickReached(at_ms=tick.at_ms, stage=Stage.PROPOSED))
            await self.execution.drain()
