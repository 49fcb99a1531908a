"""Whether the user stream is alive: an open socket proves nothing.

It is alive as long as it tells what queries find out by another way: a trade that a query
found and the stream does not tell, or an account that changed between two readings without
an event, is a stream that is silent. The readings themselves are compared, not the times
that they carry: those mean different things in different replies.
What this cannot show is a stream that dies while nothing at all happens.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.intent import Unknown

#: For how long the stream may be behind a query.
BEHIND_MAX_MS: Final = 5_000
#: How often the account is asked for, to compare; two failures in a row are too many.
BEAT_MS: Final = 15_000
_BEAT_MAX_MS: Final = 40_000
#: The key lives 60 minutes and is extended every 25.
KEY_KEEP_MS: Final = 1_500_000
_KEY_MAX_MS: Final = 3_300_000


@final
@dataclass(slots=True)
class Liveness:
    """What speaks for and against the stream. Times in ms of our clock.

    `standing` is the account as last read, `events` how many events came, `events_then`
    how many had come by then. `awaited` are trades that were found by a query first, with
    the time of that.
    """

    why: str = "the user stream has not been opened yet"
    since_ms: int | None = None
    key_ms: int = 0
    beat_ms: int = 0
    behind_since_ms: int | None = None
    standing: Hashable | None = None
    events: int = 0
    events_then: int = 0
    awaited: dict[str, int] = field(default_factory=dict)

    def opened(self, now_ms: int) -> None:
        """Begin to trust a new connection: it is held against what happens from now on."""
        self.since_ms = self.key_ms = self.beat_ms = now_ms
        self.standing, self.behind_since_ms = None, None
        self.awaited.clear()

    def lost(self, why: str) -> None:
        """Stop trusting the connection."""
        self.since_ms, self.why = None, why

    def heard(self) -> None:
        """Note an event of the stream that is about the account."""
        self.events += 1
        self.behind_since_ms = None

    def streamed(self, trade_id: str) -> None:
        """Note a trade that came by the stream."""
        self.awaited.pop(trade_id, None)

    def found(self, trade_id: str, now_ms: int) -> None:
        """Note a trade that a query found before the stream told it."""
        if self.since_ms is not None:
            self.awaited.setdefault(trade_id, now_ms)

    def beat(self, standing: Hashable, now_ms: int) -> None:
        """Note a reading of the account: what it holds and owns, prices apart."""
        changed = self.standing is not None and standing != self.standing
        if changed and self.events == self.events_then and self.behind_since_ms is None:
            self.behind_since_ms = now_ms
        self.standing, self.events_then, self.beat_ms = standing, self.events, now_ms

    def alive_since_ms(self, now_ms: int) -> int | Unknown:
        """Return since when it is proved alive without a break, or why it is not."""
        if self.since_ms is None:
            return Unknown(self.why)
        if now_ms - self.beat_ms > _BEAT_MAX_MS:
            return Unknown("the account could not be read to compare")
        if now_ms - self.key_ms > _KEY_MAX_MS:
            return Unknown("the listen key was not extended")
        late_ms = now_ms - BEHIND_MAX_MS
        if self.behind_since_ms is not None and self.behind_since_ms < late_ms:
            return Unknown("the account changed and the stream is silent")
        if any(found_ms < late_ms for found_ms in self.awaited.values()):
            return Unknown("a trade was found that the stream does not tell")
        return self.since_ms
