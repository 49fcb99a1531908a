"""Drills: outages and orders from a person, staged so that their verdicts are seen.

Every drill is labelled as one, in the journal and on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.events import Book, Rearmed, TradingState
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.services.ports import Account, AccountReading
from bridge_patch.services.recorder import Recorder

HOUR_MS: Final = 3600 * 1000
#: Hours after the start of the run, first and last.
OUTAGE_HOURS: Final = (26, 32)
REDUCING_HOURS: Final = (36, 42)
HALTED_HOURS: Final = (46, 52)
#: At this hour of each day of the run, what latched on its losers is re-armed.
REARM_HOUR: Final = 9
WHO: Final = "drill"


@final
@dataclass(slots=True)
class FrozenAccount:
    """An account that, while frozen, answers with its last reading: a stuck data source."""

    account: Account
    frozen: bool = False
    _last: AccountReading | Unknown = field(default_factory=lambda: Unknown("never read"))

    async def read(self) -> AccountReading | Unknown:
        """Return the account, or during the drill what it was when the drill began."""
        if not self.frozen:
            self._last = await self.account.read()
        return self._last


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Drills:
    """The timetable; hours are counted from `start_ms`."""

    start_ms: UnixMs
    book: Book
    account: FrozenAccount
    recorder: Recorder
    losers_latch_min: int

    async def on_tick(self, at_ms: UnixMs) -> None:
        """Begin or end what is due at this moment."""
        hour = (at_ms - self.start_ms) / HOUR_MS
        self.account.frozen = OUTAGE_HOURS[0] <= hour < OUTAGE_HOURS[1]
        await self._latch(at_ms, hour, REDUCING_HOURS, TradingState.REDUCING)
        await self._latch(at_ms, hour, HALTED_HOURS, TradingState.HALTED)
        if at_ms % (24 * HOUR_MS) == REARM_HOUR * HOUR_MS:
            await self._rearm(at_ms)

    async def _rearm(self, at_ms: UnixMs) -> None:
        """Play the person who looks each morning at what stopped itself, and lets it go on.

        Without one, each symbol of a demo would be latched for good within days.
        """
        for symbol in self.recorder.activity.latched(self.losers_latch_min):
            why = "staged: looked at, and let go on"
            await self.recorder.write(
                Rearmed(book=self.book, at_ms=at_ms, symbol=symbol, who=WHO, why=why)
            )

    async def _latch(
        self, at_ms: UnixMs, hour: float, hours: tuple[int, int], state: TradingState
    ) -> None:
        holds, drill = self.recorder.gauge.holds, f"DRILL_{state}"
        if hours[0] <= hour < hours[1] and not holds:
            await self.recorder.write(holds.latch(state, drill, "staged", at_ms, who=WHO))
        elif drill in holds and hour >= hours[1]:
            over = holds.latch(
                *(TradingState.RUNNING, "DRILL_OVER", "the drill is over", at_ms),
                who=WHO,
                releases=(drill,),
            )
            await self.recorder.write(over)
