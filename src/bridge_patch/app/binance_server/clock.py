"""The one clock of the exchange: server time is data time.

It moves when the market is played (`core.advance`), never by itself. In speed mode somebody
else reads the wall clock and advances it (`pace`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(slots=True)
class ExchangeClock:
    """`now_ms` is the exchange's time; `skew_ms` is what its replies add to it."""

    now_ms: int = 0
    skew_ms: int = 0

    @property
    def stated_ms(self) -> int:
        """The time that clients are told and judged by."""
        return self.now_ms + self.skew_ms

    def move_to(self, at_ms: int) -> None:
        """Go on; time never goes back."""
        self.now_ms = max(self.now_ms, at_ms)
