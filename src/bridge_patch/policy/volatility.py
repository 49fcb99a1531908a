"""How much the market moves: annualised volatility from completed bars.

Floats inside, because this is a statistic; one rounded Decimal comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.money import CENT
from bridge_patch.policy.sizing import VOLATILITY_REFERENCE

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
#: The market never closes: a year is 365 whole days.
YEAR_MS: Final = 365 * 24 * HOUR_MS

#: Two hours of one-minute bars before the first reading: fewer are noise, not volatility.
BARS_MIN: Final = 120
#: More missing bars than this and what was known before describes another market.
GAP_BARS_MAX: Final = 5

_PLACES: Final = Decimal("0.000001")


@final
@dataclass(frozen=True, slots=True)
class Ewma:
    """Exponentially weighted volatility of close-to-close returns, one step per bar.

    A return's weight halves every `half_life_ms`. Weights are normalised, so the first
    readings are not biased towards a starting value. Immutable: `after` returns the next
    state, in constant time. `bars` counts closes since the start or the last long gap.

    >>> Ewma().after(Decimal(100), UnixMs(0)).annual()
    Unknown(why='needs 120 bars without a long gap, has 1')
    """

    half_life_ms: int = 12 * HOUR_MS
    bar_ms: int = MINUTE_MS
    bars_min: int = BARS_MIN
    bars: int = 0
    last_ms: UnixMs | None = None
    log_close: float = 0.0
    weighted_sum: float = 0.0
    weight: float = 0.0

    def __post_init__(self) -> None:
        if not (self.half_life_ms > 0 and self.bar_ms > 0 and self.bars_min > 1):
            msg = (
                "half-life and bar length must be positive and at least 2 bars needed,"
                f" was {self.half_life_ms}, {self.bar_ms}, {self.bars_min}"
            )
            raise InvalidValueError(msg)

    def after(self, close: Decimal, close_ms: UnixMs) -> Ewma:
        """Take in a completed bar's close.

        A bar that is not newer than the last one changes nothing, so that a redelivery
        cannot count twice. A return over up to five missing bars is spread over the bars
        it spans; after a longer gap the count starts again.
        """
        price = float(close) if close.is_finite() else math.nan
        if not (math.isfinite(price) and price > 0):
            msg = f"close must be finite and positive, was {close}"
            raise InvalidValueError(msg)
        log_close = math.log(price)
        if self.last_ms is None:
            return replace(self, bars=1, last_ms=close_ms, log_close=log_close)
        if close_ms <= self.last_ms:
            return self
        elapsed_bars = (close_ms - self.last_ms) / self.bar_ms
        if elapsed_bars - 1 > GAP_BARS_MAX:
            fresh = Ewma(self.half_life_ms, self.bar_ms, self.bars_min)
            return fresh.after(close, close_ms)
        gained = -math.expm1(-math.log(2) * elapsed_bars * self.bar_ms / self.half_life_ms)
        per_bar = (log_close - self.log_close) ** 2 / elapsed_bars
        return replace(
            self,
            bars=self.bars + 1,
            last_ms=close_ms,
            log_close=log_close,
            weighted_sum=(1 - gained) * self.weighted_sum + gained * per_bar,
            weight=(1 - gained) * self.weight + gained,
        )

    def sigmas(self, close: Decimal, close_ms: UnixMs) -> Decimal | None:
        """Return how far a close that `after` may take lies from the last, to two places.

        In standard deviations of the time between them, as known before it: the move is not
        measured by itself. None while that is not known, or was zero.
        """
        if self.last_ms is None or close_ms <= self.last_ms or self.bars < self.bars_min:
            return None
        variance = self.weighted_sum / self.weight * (close_ms - self.last_ms) / self.bar_ms
        if not (math.isfinite(variance) and variance > 0):
            return None
        moved = abs(math.log(float(close)) - self.log_close)
        return Decimal(moved / math.sqrt(variance)).quantize(CENT)

    def annual(self) -> Decimal | Unknown:
        """Return the annualised volatility (0.5 = 50 %) to six places, as of `last_ms`.

        Unknown until there are `bars_min` bars since the start or the last long gap.
        """
        if self.bars < self.bars_min:
            return Unknown(
                f"needs {self.bars_min} bars without a long gap, has {self.bars}"
            )
        variance = self.weighted_sum / self.weight * (YEAR_MS / self.bar_ms)
        if not math.isfinite(variance):
            return Unknown(f"must be finite, variance was {variance}")
        return Decimal(math.sqrt(variance)).quantize(_PLACES)


def volatility_factor(annual: Decimal) -> Decimal:
    """Return how volatile the market is beside the 50 % that the sizer's figures are for.

    >>> volatility_factor(Decimal("0.75"))
    Decimal('1.5')
    """
    return annual / VOLATILITY_REFERENCE
