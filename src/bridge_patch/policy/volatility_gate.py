"""The volatility a gate should see: the largest of several memories.

One half-life is wrong half of the time: a short one forgets yesterday's storm, a long one
has not noticed today's. The largest reading is late at neither. There is nothing to set:
the half-lives of 2 hours, 12 hours and 3 days are those of the reference's measurement, and
the last day's candles (Yang-Zhang) are beside them for what closes do not show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.market import Bar
from bridge_patch.policy.volatility import BARS_MIN, HOUR_MS, Ewma
from bridge_patch.policy.volatility_range import Estimator, RangeWindow

GATE_HALF_LIVES_MS: Final = (2 * HOUR_MS, 12 * HOUR_MS, 72 * HOUR_MS)
GATE_RANGE: Final = Estimator.YANG_ZHANG

_DAY_MS: Final = 24 * HOUR_MS


def gate_volatility(readings: Iterable[Decimal | Unknown]) -> Decimal | Unknown:
    """Return the largest reading; one that is not known makes the whole unknown.

    >>> gate_volatility([Decimal("0.4"), Decimal("0.6")])
    Decimal('0.6')
    """
    largest: Decimal | None = None
    for reading in readings:
        if isinstance(reading, Unknown):
            return reading
        largest = reading if largest is None else max(largest, reading)
    return Unknown("no volatility has been read") if largest is None else largest


@final
@dataclass(slots=True)
class GateVolatility:
    """One symbol's readings side by side, a fold of its completed bars."""

    _ewmas: tuple[Ewma, ...] = tuple(Ewma(half_life) for half_life in GATE_HALF_LIVES_MS)
    _day: RangeWindow = field(default_factory=RangeWindow)

    def take(self, bar: Bar) -> None:
        """Take in a completed bar; its length is that of the first one."""
        if self._day.last_ms is None:
            length = bar.close_ms - bar.open_ms
            self._ewmas = tuple(replace(ewma, bar_ms=length) for ewma in self._ewmas)
            self._day = RangeWindow(max(_DAY_MS // length, BARS_MIN))
        self._ewmas = tuple(ewma.after(bar.close, bar.close_ms) for ewma in self._ewmas)
        self._day.take(bar)

    def annual(self) -> Decimal | Unknown:
        """Return the largest annualised volatility (0.5 = 50 %), or why none is known."""
        return gate_volatility(
            [*(ewma.annual() for ewma in self._ewmas), self._day.annual(GATE_RANGE)]
        )
