"""Live time: this machine's clock, and how far it is ahead of the venue's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.governor.snapshot import Known, Reading

#: An answer that took longer says too little about when it was given.
TRIP_MAX_MS: Final = 1_000
_DAWN: Final = UnixMs(0)
UNREAD: Final = Unknown("the venue's clock has not been read yet")


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@final
@dataclass(slots=True)
class LiveClock:
    """The system clock, as the present of a live run: nobody winds it.

    Where the system's is put back it goes on half as fast until that has come as far
    again: ages never shrink, no deadline stands still, and the difference to the venue
    shows. `steady_ms` is time that passes, from whenever.
    """

    wall_ms: Callable[[], int] = _wall_ms
    steady_ms: Callable[[], int] = _steady_ms
    #: The present when the system's was not behind it last, and the steady time then.
    _from_ms: UnixMs = _DAWN
    _steady_ms: int = 0

    def now_ms(self) -> UnixMs:
        """Return the present."""
        wall_ms, steady_ms = self.wall_ms(), self.steady_ms()
        least_ms = self._from_ms + (steady_ms - self._steady_ms) // 2
        if wall_ms < least_ms:
            return UnixMs(least_ms)
        self._from_ms, self._steady_ms = UnixMs(wall_ms), steady_ms
        return self._from_ms

    def set(self, now_ms: UnixMs) -> None:
        """Move nothing: a tick is about the time that it names, and that is past."""


@final
@dataclass(slots=True)
class VenueTime:
    """How far our clock is ahead of the venue's, as of its last good answer."""

    clock: LiveClock = field(default_factory=LiveClock)
    skew: Reading = UNREAD

    def answered(self, asked_ms: UnixMs, server_ms: int) -> None:
        """Take in an answer that came just now to what was asked then."""
        now_ms = self.clock.now_ms()
        if not 0 <= now_ms - asked_ms <= TRIP_MAX_MS:
            return
        ahead_ms = Decimal(asked_ms + now_ms) / 2 - server_ms
        self.skew = Known(ahead_ms, now_ms)

    def skew_ms(self) -> Reading:
        """Return the difference in ms, or why it is not known; how old it is it says."""
        return self.skew
