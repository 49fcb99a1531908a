"""Whether every stream has the readers it must have: at a start, and on a timer.

What is silent that an entry depends on is noticed where it is needed: exits that do not
answer, marks and bars that are old, an account that is unread. This is about the rest: a
group that serves a second stream, and a stream whose name is almost one of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import LatchSet, TradingState
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.holds import MISWIRED, Holds
from bridge_patch.services.ports import Clock

#: How often the streams are looked at.
EVERY_MS: Final = 30_000
#: What is said when all is well again.
_WELL: Final = "every stream is read as it must be"


@final
@dataclass(slots=True, kw_only=True)
class StreamsWatch:
    """Holds the account while something is wrong; `faults` says what, in words.

    `wall` times the looks: the machine's clock, also in a replay.
    """

    clock: Clock
    wall: Clock
    faults: Callable[[], tuple[str, ...]] = tuple
    _looked_ms: UnixMs | None = None
    _told: str = ""

    def due(self, holds: Holds) -> LatchSet | None:
        """Return the latch by which the account's state follows; None where it does."""
        now_ms, looked_ms = self.wall.now_ms(), self._looked_ms
        if looked_ms is not None and 0 <= now_ms - looked_ms < EVERY_MS:
            return None
        self._looked_ms = now_ms
        why, before = self._why(), self._told
        self._told = why
        if why and why != before and MISWIRED in holds:  # another fault: say which
            return holds.latch(TradingState.REDUCING, MISWIRED, why, self.clock.now_ms())
        return holds.by_reason(MISWIRED, why, _WELL, self.clock.now_ms())

    def _why(self) -> str:
        """Return what is wrong; not to know it is wrong too, but for an outage."""
        try:
            return "; ".join(self.faults())
        except BrokenPromiseError:
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be seen opens nothing
            return f"the streams cannot be looked at ({type(error).__name__}): restart it"
