"""Closes all that is ours at the venue, for as long as a person's order to do so holds.

The order is a latch of the journal, `FLATTEN`: a restart goes on with it, whoever gave it
may be gone, and a resume ends it. Each position goes its own way at the same time, so that
one which the venue refuses, or does not answer for, never keeps another open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.services.desk import ReduceDesk
from bridge_patch.services.holds import FLATTEN

#: The pause after a close that changed nothing; it doubles up to the most.
AGAIN_MS: Final = 1_000
AGAIN_MAX_MS: Final = 30_000


@final
@dataclass(frozen=True, slots=True)
class Tried:
    """A close that was sent for so much, and when the next one is due if that is left."""

    held_base: Decimal
    pause_ms: int
    due_ms: UnixMs


@final
@dataclass(slots=True, kw_only=True)
class Flattening:
    """Closes at market what is open, by reductions alone: nothing that stops entries asks.

    A close of which nobody knows is looked up, and waited for as long as a position may be
    naked; then another, under its own id, takes at most what it left. So does one after a
    close that was refused or filled in part. The stops rest until the position is flat.
    """

    desk: ReduceDesk
    _tried: dict[Symbol, Tried] = field(default_factory=dict)
    _flat: bool = False

    @property
    def ordered(self) -> bool:
        """Tell whether the order is in force."""
        return FLATTEN in self.desk.recorder.gauge.holds

    def due(self) -> bool:
        """Tell whether there is something to close now."""
        return self.ordered and bool(self._symbols())

    async def go_on(self) -> None:
        """Look up every close in doubt and send every one that is due, all at once.

        What came of them is durable when this returns; one that fails leaves the others.
        """
        if not self.ordered:
            self._tried.clear()
            self._flat = False
            return
        desk, ledger = self.desk, self.desk.recorder.ledger
        doubts = [doubt.order for doubt in ledger.in_doubt.values()]
        await self._each(desk.look_up(one) for one in doubts if one.leg is Leg.FLATTEN)
        symbols = self._symbols()
        for symbol in symbols:
            self._try(symbol)
        await self._each(desk.flatten(symbol) for symbol in symbols)
        for symbol in self._tried.keys() - ledger.positions.keys():
            del self._tried[symbol]
        self._tell()

    def _symbols(self) -> tuple[Symbol, ...]:
        """Return what is open, not being closed already, and not tried a moment ago."""
        ledger = self.desk.recorder.ledger
        now_ms = self.desk.clock.now_ms()
        found = []
        for symbol, position in ledger.positions.items():
            tried = self._tried.get(symbol)
            waits = tried is not None and now_ms < tried.due_ms
            same = tried is not None and tried.held_base == position.quantity_base
            if not self._is_closing(symbol, now_ms) and not (waits and same):
                found.append(symbol)
        return tuple(found)

    def _is_closing(self, symbol: Symbol, now_ms: UnixMs) -> bool:
        """Tell whether a close is in doubt and young enough to be waited for."""
        sent = self.desk.recorder.ledger.doubts(symbol, Leg.FLATTEN)
        return any(0 <= now_ms - order.at_ms < self.desk.naked_max_ms for order in sent)

    def _try(self, symbol: Symbol) -> None:
        """Note what is about to be closed; what stays as large is tried less often."""
        held_base = self.desk.recorder.ledger.positions[symbol].quantity_base
        before, pause_ms = self._tried.get(symbol), AGAIN_MS
        if before is not None and before.held_base == held_base:
            pause_ms = min(2 * before.pause_ms, AGAIN_MAX_MS)
        due_ms = UnixMs(self.desk.clock.now_ms() + pause_ms)
        self._tried[symbol] = Tried(held_base, pause_ms, due_ms)

    async def _each(self, calls: Iterable[Awaitable[object]]) -> None:
        """Await all of these together; a broken promise stops the process, nothing else."""
        ends = await asyncio.gather(*calls, return_exceptions=True)
        failed = [end for end in ends if isinstance(end, BaseException)]
        for error in failed:
            if isinstance(error, BrokenPromiseError) or not isinstance(error, Exception):
                raise error
        for error in failed:
            self.desk.recorder.telemetry.note(
                "FLATTEN", "a close failed", error=type(error).__name__
            )

    def _tell(self) -> None:
        """Say it once when all is flat."""
        flat = not self.desk.recorder.ledger.positions
        if flat and not self._flat:
            self.desk.recorder.telemetry.note("FLATTEN", "nothing of ours is open")
        self._flat = flat
