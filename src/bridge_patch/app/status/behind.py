"""How far the execution is behind, as it looks from outside: bus and end of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge_patch.adapters.bus_look import Place
from bridge_patch.adapters.streams import EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.app.stamping import stamp_of
from bridge_patch.domain.events import (
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    Event,
    Settled,
)
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.backlog import Backlog, BacklogLimits, Waiting, backlog_of
from bridge_patch.services.ports import Stored

#: A journal that was not written to for longer says nothing about a rate.
_LATELY_MS: Final = 10_000


def backlog_seen(
    places: Sequence[Place], tail: Sequence[Stored], now_ms: UnixMs, limits: BacklogLimits
) -> Backlog:
    """Return what waits, by data time on a replay, and how fast it went lately."""
    ours = (p for p in places if (p.stream, p.group) == (TRADE_INTENT, EXECUTION_GROUP))
    place = next(ours, None)
    waiting = Waiting(
        lag=place.lag if place else 0,
        pending=place.pending if place else 0,
        oldest_ms=place.oldest_ms if place else None,
    )
    lately = bool(tail) and now_ms - tail[-1].recorded_ms <= _LATELY_MS
    ended = sum(_ended(stored.event) for stored in tail) if lately else 0
    return backlog_of(
        waiting,
        limits,
        now_ms=stamp_of(None, tail, now_ms).at_ms,
        ended=ended,
        took_ms=tail[-1].recorded_ms - tail[0].recorded_ms if lately else 0,
    )


def _ended(event: Event) -> int:
    match event:
        case BulkExpired():
            return len(event.intent_ids)
        case Settled() | DeadLettered() | DuplicateSeen():
            return 1
        case _:
            return 0
