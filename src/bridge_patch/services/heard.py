"""Whether an id was ever heard of: a filter of fixed size in front of the journal.

"No" is certain and costs next to nothing, so that an intent whose id is new, and a million
that come too late, need not be looked up. "Perhaps" is for the journal to answer. The size
never grows: what too many ids cost is look-ups that find nothing, never a wrong answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from mmap import mmap
from typing import Final, final

from bridge_patch.domain.events import BulkExpired, Event
from bridge_patch.domain.intent import IntentId

#: 4 MiB; with a million ids in it, less than one new id in a thousand is looked up in vain.
_BITS_POWER: Final = 25
_MASK: Final = 2**_BITS_POWER - 1
_SECOND: Final = 32


@final
@dataclass(slots=True)
class Heard:
    """A fold of the journal. Python's own hash differs by process: nobody can aim at it."""

    # Memory that nothing was written to is not there yet.
    _bits: mmap = field(default_factory=lambda: mmap(-1, 2**_BITS_POWER // 8))
    _newest: str = ""

    def apply(self, event: Event) -> None:
        """Take in the ids that an event is about."""
        if isinstance(event, BulkExpired):
            self._add(event.intent_ids)
            return
        about: str = getattr(event, "intent_id", "")
        if about and about != self._newest:
            self._newest = about
            self._add((about,))

    def perhaps(self, intent_id: IntentId) -> bool:
        """Tell whether anything about an id may have been written; no is certain."""
        bits, first = self._bits, hash(intent_id)
        step = first >> _SECOND
        second, third = first + step, first + 2 * step
        return bool(
            bits[(first & _MASK) >> 3] >> (first & 7) & 1
            and bits[(second & _MASK) >> 3] >> (second & 7) & 1
            and bits[(third & _MASK) >> 3] >> (third & 7) & 1
        )

    def _add(self, ids: Iterable[str]) -> None:
        bits = self._bits
        for intent_id in ids:
            first = hash(intent_id)
            step = first >> _SECOND
            second, third = first + step, first + 2 * step
            bits[(first & _MASK) >> 3] |= 1 << (first & 7)
            bits[(second & _MASK) >> 3] |= 1 << (second & 7)
            bits[(third & _MASK) >> 3] |= 1 << (third & 7)
