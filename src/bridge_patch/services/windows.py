"""Sums over the last seconds, hours or days, at the same cost after a million entries."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.money import ZERO

_KEPT_MOST: Final = 256


@final
@dataclass(slots=True)
class SlidingWindow:
    """What was added within the last `span_ms`, newest included: how much, how often.

    Entries come in the order of time. The sum is exact: what is added is subtracted again.
    Of what has dropped out the last 256 entries are kept, and count again where the clock
    is set back: a clock that went ahead for a moment opens no room, up to so many.
    """

    span_ms: int
    _total: Decimal = ZERO
    _entries: deque[tuple[int, Decimal]] = field(default_factory=deque)
    #: How many of the oldest entries are not counted at the moment.
    _out: int = 0

    def add(self, at_ms: int, amount: Decimal = ZERO) -> None:
        """Count an entry from now on until it is `span_ms` old."""
        self._entries.append((at_ms, amount))
        self._total += amount
        self._slide(at_ms)
        while self._out > _KEPT_MOST:
            self._entries.popleft()
            self._out -= 1

    def total(self, now_ms: int) -> Decimal:
        """Return the sum of what is younger than the span."""
        self._slide(now_ms)
        return self._total

    def count(self, now_ms: int) -> int:
        """Return how many entries are younger than the span."""
        self._slide(now_ms)
        return len(self._entries) - self._out

    def _slide(self, now_ms: int) -> None:
        entries = self._entries
        while self._out < len(entries) and self._is_old(now_ms, self._out):
            self._total -= entries[self._out][1]
            self._out += 1
        while self._out and not self._is_old(now_ms, self._out - 1):
            self._out -= 1
            self._total += entries[self._out][1]

    def _is_old(self, now_ms: int, index: int) -> bool:
        return now_ms - self._entries[index][0] >= self.span_ms
