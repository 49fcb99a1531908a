"""Whether forecasts were worth what they said: a table, three tests, one verdict.

Forecasts were made before their outcomes were known; that is what makes this a test.

- **Table**: five bins of equal mass: mean forecast, share that paid, number, and the 95 %
  Wilson interval of the share at the number of distinct decision times.
- **ECE**: the mean distance between forecast and share over the bins. A perfect forecaster
  misses too, by chance, so it is held against the 95 % quantile of that chance: each bin's
  miss is then normal with variance sum p (1 - p), and the sum of five such distances is
  convolved on a grid. It is what simulating perfect calibration gives, without dice.
- **In the large**: z = sum(y - p) / sqrt(sum p (1 - p)) above -1.645: not overconfident.
- **Brier**: the mean squared miss is smaller than that of saying the base rate each time,
  by a mean gain whose lower 95 % bound, by decision times, is above zero.

A proof takes all three, on at least 400 forecasts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from bridge_patch.domain.intent import UnixMs
from bridge_patch.policy.calibration import BINS, wilson

FORECASTS_MIN: Final = 400
#: One-sided 95 %.
Z_ONE_SIDED: Final = 1.645
ECE_QUANTILE: Final = 0.95

_GRID: Final = 256
_SIGMAS: Final = 6.0
_Column: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Scored:
    """A forecast beside what came of it."""

    probability: float
    paid: bool
    decided_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One row of the table; `times` is the number of distinct decision times."""

    forecast: float
    observed: float
    n: int
    times: int
    low: float
    high: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The table and the three tests."""

    n: int
    base_rate: float
    bins: tuple[Bin, ...]
    ece: float
    ece_limit: float
    large_z: float
    brier: float
    brier_base: float
    brier_gain_low: float

    @property
    def faults(self) -> tuple[str, ...]:
        """Every test that fails, with its numbers; `n` is for the caller to ask."""
        told = []
        if not self.ece <= self.ece_limit:
            told.append(f"ECE {self.ece:.3f} is above {self.ece_limit:.3f}")
        if not self.large_z > -Z_ONE_SIDED:
            told.append(f"in the large z {self.large_z:.2f} is not above -{Z_ONE_SIDED}")
        if not self.brier_gain_low > 0:
            told.append(f"Brier gain is {self.brier_gain_low:.5f} at least, not above 0")
        return tuple(told)


def reliability(scored: Sequence[Scored]) -> Reliability | None:
    """Hold forecasts against outcomes; None with fewer of them than bins."""
    if len(scored) < BINS:
        return None
    p = np.array([each.probability for each in scored])
    paid = np.array([each.paid for each in scored], dtype=np.float64)
    times = np.array([each.decided_ms for each in scored])
    parts = np.array_split(np.argsort(p, kind="stable"), BINS)
    bins = tuple(_bin(p[part], paid[part], times[part]) for part in parts)
    doubt = p * (1 - p)
    base = float(paid.mean())
    gain = (base - paid) ** 2 - (p - paid) ** 2
    return Reliability(
        n=len(scored),
        base_rate=base,
        bins=bins,
        ece=sum(each.n * abs(each.forecast - each.observed) for each in bins) / len(p),
        ece_limit=ece_limit([float(doubt[part].sum()) for part in parts], len(p)),
        large_z=float((paid - p).sum()) / math.sqrt(max(float(doubt.sum()), 1e-12)),
        brier=float(((p - paid) ** 2).mean()),
        brier_base=base * (1 - base),
        brier_gain_low=_mean_low(gain, times),
    )


def _bin(p: _Column, paid: _Column, times: NDArray[np.int64]) -> Bin:
    observed, distinct = float(paid.mean()), int(np.unique(times).size)
    low, high = wilson(observed, distinct)
    return Bin(
        forecast=float(p.mean()),
        observed=observed,
        n=len(p),
        times=distinct,
        low=low,
        high=high,
    )


def ece_limit(variances: Sequence[float], n: int) -> float:
    """Return the ECE that a perfect forecaster stays under 95 times of 100.

    `variances` are the bins' sums of p (1 - p). The distances of the bins are folded
    normals; their sum's distribution is their convolution.
    """
    sigmas = [math.sqrt(variance) for variance in variances]
    step = _SIGMAS * max(*sigmas, 1e-12) / _GRID
    grid = step * np.arange(_GRID)
    density: _Column = np.ones(1)
    for sigma in sigmas:
        if sigma < step:
            continue
        folded = np.exp(-((grid / sigma) ** 2) / 2)
        folded[0] /= 2
        density = np.convolve(density, folded / folded.sum())
    place = int(np.searchsorted(np.cumsum(density), ECE_QUANTILE))
    return place * step / n


def _mean_low(values: _Column, times: NDArray[np.int64]) -> float:
    """Return the lower one-sided 95 % bound of a mean, taking each time as one draw."""
    mean = float(values.mean())
    _, group = np.unique(times, return_inverse=True)
    sums = np.bincount(group, weights=values - mean)
    return mean - Z_ONE_SIDED * math.sqrt(float((sums**2).sum())) / len(values)
