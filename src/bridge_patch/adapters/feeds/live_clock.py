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


@final
@dataclass(slots=True)
class LiveClock:
    """The system clock, as the present of a live run: nobody winds it.

    Where the system's is put back it stands still until that has come as far again: ages
    never shrink, and the difference to the venue shows.
    """

    wall_ms: Callable[[], int] = _wall_ms
    _now_ms: UnixMs = _DAWN

    def now_ms(self) -> UnixMs:
        """Return the present."""
        self._now_ms = UnixMs(max(self._now_ms, self.wall_ms()))
        return self._now_ms

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
