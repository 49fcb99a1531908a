"""What a few hours of closed bars say about the next one: transparent, and not much.

Per symbol and from bars that have closed, with s the volatility per year and y a year:

    z_k      = ln(close / close k ago) / (s sqrt(k / y))      k = 15, 60, 240 minutes
    position = 2 (close - lowest) / (highest - lowest) - 1    over the last 240 minutes
    score    = mean of the three z, each cut to [-3, 3], and the position

The sign of the score is the side. The raw probability that a trade pays its costs is that
of a market without a drift of its own, pushed by the score:

    raw = Phi(TILT |score| - costs / (s sqrt(hold / y)))

Equal weights and a tilt of a tenth are judgement, made before any data was looked at. Raw
is a ranking; what it is worth, calibration has to say.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Bar
from bridge_patch.policy.volatility import MINUTE_MS, YEAR_MS

LOOKBACKS_MS: Final = (15 * MINUTE_MS, 60 * MINUTE_MS, 240 * MINUTE_MS)
#: How many sigmas of drift over the hold one unit of score is taken for.
TILT: Final = 0.1
Z_MAX: Final = 3.0

_SPAN_MS: Final = LOOKBACKS_MS[-1]


@final
@dataclass(frozen=True, slots=True)
class Features:
    """A symbol's recent past in units of its own volatility."""

    z: tuple[float, ...]
    position: float

    @property
    def score(self) -> float:
        """The mean of the features: above zero the market has been rising."""
        cut = [max(-Z_MAX, min(Z_MAX, z)) for z in self.z]
        return (sum(cut) + self.position) / (len(cut) + 1)


@final
@dataclass(frozen=True, slots=True)
class _Seen:
    high: float
    low: float
    close: float


@final
@dataclass(slots=True)
class Tape:
    """The last 240 minutes of one symbol without a hole; a missing bar begins it anew."""

    _seen: deque[_Seen] = field(default_factory=deque)
    _bar_ms: int = 0
    _last_ms: UnixMs | None = None

    def take(self, bar: Bar) -> None:
        """Take in a completed bar that is newer than the last one."""
        length = bar.close_ms - bar.open_ms
        if bar.open_ms != self._last_ms or length != self._bar_ms:
            self._bar_ms = length
            self._seen = deque(maxlen=_SPAN_MS // length + 1)
        self._last_ms = bar.close_ms
        self._seen.append(_Seen(float(bar.high), float(bar.low), float(bar.close)))

    def features(self, annual: float) -> Features | None:
        """Return what is seen at this volatility per year; None before 240 minutes are.

        None too for bars that do not fit into the shortest lookback.
        """
        seen, length = self._seen, self._bar_ms
        if len(seen) * length <= _SPAN_MS or LOOKBACKS_MS[0] % length:
            return None
        last = seen[-1].close
        z = tuple(
            math.log(last / seen[-1 - span // length].close)
            / (annual * math.sqrt(span / YEAR_MS))
            for span in LOOKBACKS_MS
        )
        window = list(seen)[1:]
        highest = max(each.high for each in window)
        lowest = min(each.low for each in window)
        width = highest - lowest
        return Features(z, 2 * (last - lowest) / width - 1 if width > 0 else 0.0)


def raw_probability(
    score: float, *, annual: float, cost_fraction: float, hold_ms: int
) -> float:
    """Return the uncalibrated probability that a trade on the score's side pays its costs.

    >>> raw_probability(0.0, annual=0.5, cost_fraction=0.0, hold_ms=3_600_000)
    0.5
    """
    hurdle = cost_fraction / (annual * math.sqrt(hold_ms / YEAR_MS))
    return _normal(TILT * abs(score) - hurdle)


def _normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2
