"""Turns values into places in a picture, and finds the round numbers beside its axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

DAY_MS: Final = 86_400_000
_ROUND: Final = (1, 2, 2.5, 5, 10)
#: Steps of a time axis, in days.
_DAYS: Final = (1, 2, 3, 7, 14, 28, 91, 182, 364)
#: Steps of a time axis that spans less than two days, in hours.
_HOURS: Final = (1, 2, 3, 6, 12, 24)
_HOUR_MS: Final = 3_600_000


@final
@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` stand from `start` to `end`, in pixels."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return where a value stands; beyond the ends it stands at the end."""
        low, high = self.low, self.high
        inside = min(max(value, low), high)
        if self.log:
            low, high, inside = math.log10(low), math.log10(high), math.log10(inside)
        share = (inside - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` round numbers between two ends.

    >>> ticks(0, 10_000, 5), ticks(7, 7, 5)
    ([0.0, 2500.0, 5000.0, 7500.0, 10000.0], [7])
    """
    span = high - low
    if span <= 0:
        return [low]
    for step in _steps(span / most):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [number * step for number in range(first, last + 1)]
    return []


def decades(low: float, high: float, most: int) -> list[float]:
    """Return the 1, 2 and 5 times powers of ten between two positive ends, or fewer.

    >>> decades(40, 600, 6), decades(40, 20_000, 4)
    ([50.0, 100.0, 200.0, 500.0], [100.0, 1000.0, 10000.0])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside: list[float] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**power for power in powers for factor in factors]
        inside = [value for value in found if low <= value <= high]
        if len(inside) <= most:
            return inside
    return inside[:: -(-len(inside) // most)]


def rounded_out(low: float, high: float) -> tuple[float, float]:
    """Return the nearest 1, 2 or 5 times a power of ten outside two positive ends.

    >>> rounded_out(52, 640)
    (50.0, 1000.0)
    """
    below, above = math.floor(math.log10(low)), math.ceil(math.log10(high))
    lows = [factor * 10.0**below for factor in (1, 2, 5)]
    highs = [10.0**above / factor for factor in (1, 2, 5)]
    return (
        max(value for value in lows if value <= low * (1 + 1e-9)),
        min(value for value in highs if value >= high * (1 - 1e-9)),
    )


def moments(start_ms: int, end_ms: int, most: int) -> list[int]:
    """Return at most `most` moments at the beginning of UTC days, or of hours.

    >>> [t // DAY_MS for t in moments(5, 10 * DAY_MS, 6)]
    [2, 4, 6, 8, 10]
    """
    if end_ms - start_ms >= 2 * DAY_MS:
        steps = [days * DAY_MS for days in _DAYS]
    else:
        steps = [hours * _HOUR_MS for hours in _HOURS]
    for step in steps:
        first, last = -(-start_ms // step), end_ms // step
        if last - first < most:
            return [number * step for number in range(first, last + 1)]
    return []


def _steps(least: float) -> Iterator[float]:
    power = 10.0 ** math.floor(math.log10(least))
    for factor in (1, 10, 100):
        yield from (round_ * power * factor for round_ in _ROUND)
