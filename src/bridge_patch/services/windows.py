"""Sums over the last seconds, hours or days, at the same cost after a million entries."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.money import ZERO


@final
@dataclass(slots=True)
class SlidingSum:
    """What was added within the last `span_ms`, newest included; older entries drop out.

    Entries come in the order of time. The sum is exact: what is added is subtracted again.
    """

    span_ms: int
    total: Decimal = ZERO
    _entries: deque[tuple[int, Decimal]] = field(default_factory=deque)

    def add(self, at_ms: int, amount: Decimal) -> None:
        """Count an amount from now on until it is `span_ms` old."""
        self._entries.append((at_ms, amount))
        self.total += amount

    def at(self, now_ms: int) -> Decimal:
        """Return the sum of what is younger than the span."""
        entries = self._entries
        while entries and now_ms - entries[0][0] >= self.span_ms:
            self.total -= entries.popleft()[1]
        return self.total


@final
@dataclass(slots=True)
class SlidingCount:
    """How many things happened within the last `span_ms`."""

    span_ms: int
    _times: deque[int] = field(default_factory=deque)

    def add(self, at_ms: int) -> None:
        """Count one more, until it is `span_ms` old."""
        self._times.append(at_ms)

    def at(self, now_ms: int) -> int:
        """Return how many are younger than the span."""
        times = self._times
        while times and now_ms - times[0] >= self.span_ms:
            times.popleft()
        return len(times)
