"""How much is kept of the streams that grow with a run: their newest entries, by number.

Whoever restarts follows these from the beginning of what is there: the market's ticks to
warm up, barriers and turns for the last one, outcomes to see whether one was published. All
of that lies in the newest entries. Position updates are not among them: the oldest may be
the only word about what is still held. Nor are dead letters and orders, which are a
person's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from bridge_patch.adapters.streams import (
    EXECUTION_RESULT,
    EXIT_TURN,
    MARKET_TICK,
    REPLAY_BARRIER,
)

FOLLOWED: Final = (MARKET_TICK, REPLAY_BARRIER, EXIT_TURN, EXECUTION_RESULT)
#: More one-minute ticks than the longest hold that a policy may ask for, 30 days.
KEEP_LEAST: Final = 50_000
#: So many entries are finished between two looks.
EVERY: Final = 4096


@final
class Retention:
    """Counts what is finished, and now and then lets go of what is too old."""

    def __init__(
        self,
        keep: int,
        keep_newest: Callable[[str, int], int],
        streams: tuple[str, ...] = FOLLOWED,
    ) -> None:
        """`keep` is how many entries of each stream stay; 0 is all of them."""
        self._keep, self._keep_newest, self._streams = keep, keep_newest, streams
        self._finished = 0

    def finished(self, count: int) -> None:
        """Take in that so many were acknowledged."""
        self._finished += count
        if self._keep and self._finished >= EVERY:
            self._finished = 0
            for stream in self._streams:
                self._keep_newest(stream, self._keep)
