"""Which time a hand-made message carries: data time where a replay runs, else ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.ports import Stored

#: An entry recorded this long after the time it speaks of is one of a replay.
_BEHIND_MS: Final = 3600 * 1000
DATA_TIME: Final = "data time"
SYSTEM_CLOCK: Final = "system clock"


@final
@dataclass(frozen=True, slots=True)
class Stamp:
    """A time, and whose it is."""

    at_ms: UnixMs
    clock: str


def stamp_of(barrier_ms: UnixMs | None, tail: Sequence[Stored], now_ms: UnixMs) -> Stamp:
    """Return the newest time that the execution in this folder is known to have reached.

    `barrier_ms` is the last complete tick, `tail` the end of the journal. Neither is ever
    ahead of the execution's clock, so that the message is not from the future there. A run
    that wrote about its own present is live, though it may write about what it missed too.
    """
    newest = tail[-1] if tail else None
    live = newest is not None and any(
        stored.recorded_ms - stored.event.at_ms < _BEHIND_MS
        for stored in tail
        if stored.run_id == newest.run_id
    )
    seen = [stored.event.at_ms for stored in tail]
    if barrier_ms is not None:
        seen.append(barrier_ms)
    if live or not seen:
        return Stamp(now_ms, SYSTEM_CLOCK)
    return Stamp(max(seen), DATA_TIME)
