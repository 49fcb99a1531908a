"""Calibration by what has already happened: an outcome counts from its end on.

A `Calibrator` is fed outcomes as they end and refuses one that has not. From 400 of them on
it fits a sigmoid, p = 1 / (1 + exp(-(a + b logit(raw)))) with Platt's smoothed targets, and
fits it again every week on the last 4,000. Beside the sigmoid stand five bins of equal
mass with the lower 95 % Wilson bound of what was observed in each; a forecast's lower bound
is the smaller of the sigmoid and its bin's bound.

Coins rise and fall together: what four symbols did in one hour is closer to one observation
than to four. So the width of every interval comes from the number of distinct decision
times, not of outcomes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs
from bridge_patch.policy.baseline import Outcome
from bridge_patch.policy.volatility import HOUR_MS

OUTCOMES_MIN: Final = 400
OUTCOMES_KEPT: Final = 4000
REFIT_MS: Final = 7 * 24 * HOUR_MS
BINS: Final = 5
#: Two-sided 95 %.
Z_95: Final = 1.959964

_RAW_MIN: Final = 1e-6
_STEPS_MAX: Final = 50
_RIDGE: Final = 1e-6
_SMALL: Final = 1e-10

_Column = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Forecast:
    """The calibrated probability that a trade pays, and what it is at least."""

    probability: float
    lower: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A fit: the sigmoid's two numbers, and each bin's upper edge (raw) and lower bound."""

    fitted_ms: UnixMs
    outcomes: int
    intercept: float
    slope: float
    edges: tuple[float, ...]
    lowers: tuple[float, ...]

    def forecast(self, raw: float) -> Forecast:
        """Return what a raw probability has been worth."""
        probability = _sigmoid(self.intercept + self.slope * _logit(raw))
        place = sum(raw > edge for edge in self.edges)
        return Forecast(probability, min(probability, self.lowers[place]))


@final
@dataclass(slots=True)
class Calibrator:
    """A fold of outcomes in the order of their ends."""

    outcomes_min: int = OUTCOMES_MIN
    refit_ms: int = REFIT_MS
    _held: deque[Outcome] = field(default_factory=lambda: deque(maxlen=OUTCOMES_KEPT))
    _now_ms: UnixMs | None = None
    _fit: Calibration | None = None

    def __post_init__(self) -> None:
        if not (self.outcomes_min >= BINS and self.refit_ms > 0):
            msg = (
                f"a calibration needs at least {BINS} outcomes and a time between fits,"
                f" was {self.outcomes_min} and {self.refit_ms} ms"
            )
            raise InvalidValueError(msg)

    @property
    def resolved(self) -> int:
        """How many outcomes are held."""
        return len(self._held)

    def resolve(self, outcome: Outcome, at_ms: UnixMs) -> None:
        """Take in an outcome, at a time when it is over."""
        self._advance(at_ms)
        if outcome.ended_ms > at_ms:
            msg = f"an outcome that ends at {outcome.ended_ms} is not known at {at_ms}"
            raise InvalidValueError(msg)
        self._held.append(outcome)

    def calibration(self, at_ms: UnixMs) -> Calibration | None:
        """Return the fit that is in force, made now if one is due; None with too few."""
        self._advance(at_ms)
        if len(self._held) < self.outcomes_min:
            return None
        if self._fit is None or at_ms - self._fit.fitted_ms >= self.refit_ms:
            self._fit = fit(self._held, at_ms)
        return self._fit

    def _advance(self, at_ms: UnixMs) -> None:
        if self._now_ms is not None and at_ms < self._now_ms:
            msg = f"time must not go back, was {at_ms} after {self._now_ms}"
            raise InvalidValueError(msg)
        self._now_ms = at_ms


def fit(outcomes: Sequence[Outcome], at_ms: UnixMs) -> Calibration:
    """Fit sigmoid and bins to these outcomes."""
    raw = np.array([each.raw for each in outcomes])
    paid = np.array([each.paid for each in outcomes], dtype=np.float64)
    times = np.array([each.decided_ms for each in outcomes])
    intercept, slope = _platt(np.array([_logit(each) for each in raw.tolist()]), paid)
    order = np.argsort(raw, kind="stable")
    parts = np.array_split(order, BINS)
    edges = tuple((raw[a[-1]] + raw[b[0]]) / 2 for a, b in pairwise(parts))
    lowers = tuple(
        wilson(float(paid[part].mean()), np.unique(times[part]).size)[0] for part in parts
    )
    return Calibration(
        fitted_ms=at_ms,
        outcomes=len(outcomes),
        intercept=intercept,
        slope=slope,
        edges=tuple(map(float, edges)),
        lowers=lowers,
    )


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a probability, given a share observed `n` times.

    >>> [round(bound, 4) for bound in wilson(0.5, 100)]
    [0.4038, 0.5962]
    """
    square = Z_95**2
    centre = share + square / (2 * n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return (
        max((centre - half) / (1 + square / n), 0.0),
        min((centre + half) / (1 + square / n), 1.0),
    )


def _platt(x: _Column, paid: _Column) -> tuple[float, float]:
    """Fit intercept and slope by Newton's method from the base rate, targets smoothed.

    Source: Platt 1999. Smoothed targets have a finite optimum, also where the raw numbers
    part wins from losses; the ridge keeps raw numbers that are all alike solvable.
    """
    wins = float(paid.sum())
    losses = len(paid) - wins
    target = np.where(paid > 0, (wins + 1) / (wins + 2), 1 / (losses + 2))
    a, b = math.log((wins + 1) / (losses + 1)), 0.0
    for _ in range(_STEPS_MAX):
        p = np.exp(-np.logaddexp(0, -(a + b * x)))
        miss, weight = p - target, p * (1 - p)
        grad_a, grad_b = float(miss.sum()), float((miss * x).sum())
        if abs(grad_a) + abs(grad_b) < _SMALL * len(x):
            break
        haa = float(weight.sum()) + _RIDGE
        hab, hbb = float((weight * x).sum()), float((weight * x * x).sum()) + _RIDGE
        det = haa * hbb - hab * hab
        step_a = (hbb * grad_a - hab * grad_b) / det
        step_b = (haa * grad_b - hab * grad_a) / det
        a, b = a - step_a, b - step_b
    return a, b


def _logit(probability: float) -> float:
    cut = min(max(probability, _RAW_MIN), 1 - _RAW_MIN)
    return math.log(cut / (1 - cut))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
