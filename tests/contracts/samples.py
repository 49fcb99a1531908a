"""Events for a journal to store; which ones they are does not matter to it."""

from __future__ import annotations

from typing import Final

from bridge_patch.domain.events import DeadLettered, DuplicateSeen, Event
from bridge_patch.domain.intent import IntentId, UnixMs

NOON_MS: Final = UnixMs(1_746_360_000_000)  # 2025-05-04 12:00 UTC


def seen(about: str, n: int = 0) -> Event:
    """An event about one intent."""
    return DuplicateSeen(
        at_ms=UnixMs(NOON_MS + n), intent_id=IntentId(about), entry_id=f"entry-{n}"
    )


def set_aside(reason: str = "NOT_JSON é ✅") -> Event:
    """An event about none."""
    return DeadLettered(at_ms=NOON_MS, entry_id="entry-0", reason=reason, faults=("a", "b"))
