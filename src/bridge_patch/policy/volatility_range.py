"""Volatility from whole candles: what a bar's extremes say beyond its close.

With u = ln(high / open), d = ln(low / open), c = ln(close / open), g = ln(open / previous
close), over a window of n completed bars; the variance per bar is

| estimator | variance | drift | gaps |
|---|---|---|---|
| Parkinson 1980 | mean (u - d)^2 / (4 ln 2) | reads high | ignored |
| Garman-Klass 1980 | mean of (u - d)^2 / 2 - (2 ln 2 - 1) c^2 | reads high | ignored |
| Rogers-Satchell 1991 | mean of u (u - c) + d (d - c) | none | ignored |
| Yang-Zhang 2000 | var(g) + k var(c) + (1 - k) Rogers-Satchell | none | counted |

with k = 0.34 / (1.34 + (n + 1) / (n - 1)) and var the sample variance (divided by n - 1).

A market that never closes has no overnight gap: a bar opens where the last one closed, so
g and its variance are about zero, and Yang-Zhang is a weighted mean of close-to-open and
Rogers-Satchell. The term stays, because it is where a missing bar's move turns up.

Range estimators read low where prints are few, for the true extremes fall between the
prints: with 60 prints a bar the variance is 16 to 22 % short. So they never gate alone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Bar
from bridge_patch.policy.volatility import BARS_MIN, GAP_BARS_MAX, YEAR_MS

#: A day of one-minute bars.
DAY_BARS: Final = 1440

#: A bar in logarithms: g, u, d, c.
Move: TypeAlias = tuple[float, float, float, float]

_Column: TypeAlias = NDArray[np.float64]
_PARKINSON: Final = 4 * math.log(2)
_GARMAN_KLASS: Final = 2 * math.log(2) - 1
_PLACES: Final = Decimal("0.000001")


class Estimator(StrEnum):
    """Which of the formulae; the names are shown."""

    PARKINSON = "parkinson"
    GARMAN_KLASS = "garman-klass"
    ROGERS_SATCHELL = "rogers-satchell"
    YANG_ZHANG = "yang-zhang"


def move_of(bar: Bar, previous_close: Decimal) -> Move:
    """Return a bar in logarithms: the gap before it, high, low and close from its open."""
    before, open_ = float(previous_close), float(bar.open)
    high, low = float(bar.high), float(bar.low)
    if not (0 < low <= high < math.inf and 0 < before < math.inf):
        msg = (
            f"prices must be numbers above 0, were {previous_close}, {bar.low}, {bar.high}"
        )
        raise InvalidValueError(msg)
    return (
        math.log(open_ / before),
        math.log(high / open_),
        math.log(low / open_),
        math.log(float(bar.close) / open_),
    )


def variance_per_bar(estimator: Estimator, moves: Sequence[Move]) -> float:
    """Return what an estimator makes of at least two bars."""
    if len(moves) < 2:  # noqa: PLR2004 - a sample variance divides by n - 1
        msg = f"a variance needs at least 2 bars, has {len(moves)}"
        raise InvalidValueError(msg)
    table = np.array(moves, dtype=np.float64)
    gap, high, low, close = table[:, 0], table[:, 1], table[:, 2], table[:, 3]
    match estimator:
        case Estimator.PARKINSON:
            return float(np.mean((high - low) ** 2)) / _PARKINSON
        case Estimator.GARMAN_KLASS:
            return float(np.mean((high - low) ** 2 / 2 - _GARMAN_KLASS * close**2))
        case Estimator.ROGERS_SATCHELL:
            return _rogers_satchell(high, low, close)
        case Estimator.YANG_ZHANG:
            n = len(moves)
            k = 0.34 / (1.34 + (n + 1) / (n - 1))
            ranged = _rogers_satchell(high, low, close)
            overnight, daily = float(np.var(gap, ddof=1)), float(np.var(close, ddof=1))
            return overnight + k * daily + (1 - k) * ranged


def _rogers_satchell(high: _Column, low: _Column, close: _Column) -> float:
    return float(np.mean(high * (high - close) + low * (low - close)))


@final
@dataclass(slots=True)
class RangeWindow:
    """The last completed bars of one symbol, at most `bars_max` of them.

    A bar that is not newer than the last one changes nothing. The move over up to five
    missing bars is the gap before the next one; after a longer hole the window is empty.
    """

    bars_max: int = DAY_BARS
    bars_min: int = BARS_MIN
    _moves: deque[Move] = field(init=False)
    _last: Bar | None = None

    def __post_init__(self) -> None:
        if not 1 < self.bars_min <= self.bars_max:
            msg = (
                "a window needs at least 2 bars and holds at least those,"
                f" was {self.bars_min} of {self.bars_max}"
            )
            raise InvalidValueError(msg)
        self._moves = deque(maxlen=self.bars_max)

    def take(self, bar: Bar) -> None:
        """Take in a completed bar; the first one only says where the next began."""
        last = self._last
        if last is None:
            self._last = bar
            return
        if bar.close_ms <= last.close_ms:
            return
        missing = (bar.open_ms - last.close_ms) / (bar.close_ms - bar.open_ms)
        if missing > GAP_BARS_MAX:
            self._moves.clear()
        else:
            self._moves.append(move_of(bar, last.close))
        self._last = bar

    @property
    def last_ms(self) -> UnixMs | None:
        """When the newest bar closed."""
        return None if self._last is None else self._last.close_ms

    def annual(self, estimator: Estimator) -> Decimal | Unknown:
        """Return the annualised volatility (0.5 = 50 %) to six places, as of `last_ms`."""
        bar, held = self._last, len(self._moves)
        if bar is None or held < self.bars_min:
            return Unknown(
                f"{estimator} needs {self.bars_min} bars without a long gap, has {held}"
            )
        bars_a_year = YEAR_MS / (bar.close_ms - bar.open_ms)
        variance = variance_per_bar(estimator, self._moves) * bars_a_year
        if not math.isfinite(variance):
            return Unknown(f"{estimator} must be finite, variance was {variance}")
        return Decimal(math.sqrt(variance)).quantize(_PLACES)
