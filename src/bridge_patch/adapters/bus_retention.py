"""How much is kept of the streams that grow with a run: their newest entries, by number.

Whoever restarts follows these from the beginning of what is there: the market's ticks to
warm up, barriers and turns for the last one, outcomes to see whether one was published. All
of that lies in the newest entries. Position updates are not among them: the oldest may be
the only word about what is still held. Nor are dead letters and orders, which are a
person's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, final

from bridge_patch.adapters.streams import (
    EXECUTION_RESULT,
    EXIT_TURN,
    MARKET_TICK,
    REPLAY_BARRIER,
)
from bridge_patch.domain.errors import BrokenPromiseError

FOLLOWED: Final = (MARKET_TICK, REPLAY_BARRIER, EXIT_TURN, EXECUTION_RESULT)
#: More one-minute ticks than the longest hold that a policy may ask for, 30 days.
KEEP_LEAST: Final = 50_000
#: So many entries are finished between two looks.
EVERY: Final = 4096


class Tell(Protocol):
    """Says something to the person who runs this, as Telemetry.note does."""

    def __call__(self, area: str, message: str, **facts: object) -> None:
        """Say it."""
        ...


def unheard(area: str, message: str, **facts: object) -> None:
    """Say it to nobody."""


@final
class Retention:
    """Counts what is finished, and now and then lets go of what is too old.

    That comes behind a commit, and whatever fails then is said and done the next time: the
    commit is done, and must not look as if it were not.
    """

    def __init__(
        self,
        keep: int,
        keep_newest: Callable[[str, int], int],
        tell: Tell,
        streams: tuple[str, ...] = FOLLOWED,
    ) -> None:
        """`keep` is how many entries of each stream stay; 0 is all of them."""
        self._keep, self._keep_newest, self._streams = keep, keep_newest, streams
        self._tell = tell
        self._finished = 0

    def finished(self, count: int) -> None:
        """Take in that so many were acknowledged."""
        self._finished += count
        if self._keep and self._finished >= EVERY:
            self._finished = 0
            self.attempt(self._all)

    def attempt(self, let_go: Callable[[], object]) -> None:
        """Do it, or say why not."""
        try:
            let_go()
        except BrokenPromiseError as error:
            self._tell("BUS", "what is too old on the bus stays for now", why=error)

    def _all(self) -> None:
        for stream in self._streams:
            self._keep_newest(stream, self._keep)
