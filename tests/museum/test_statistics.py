"""Incidents of statistics: every number that a size or a promotion rests on, by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.evidence.paired import paired_interval, together
from bridge_patch.evidence.promotion import Span
from bridge_patch.policy.baseline import Outcome
from bridge_patch.policy.calibration import fit, wilson
from bridge_patch.policy.volatility import HOUR_MS, Ewma, volatility_factor
from bridge_patch.policy.volatility_range import Estimator, Move, variance_per_bar

D = Decimal
DAY_MS: Final = 24 * HOUR_MS

#: Two bars in logarithms: the gap before each, its high, low and close from its open.
MOVES: Final[tuple[Move, ...]] = ((0.0, 0.02, -0.01, 0.01), (0.0, 0.01, -0.03, -0.02))
#: Four formulae over the same bars, so that none can stand under another's name:
#: (0.03^2 + 0.04^2) / 2 / 2.7725887; the mean of 0.00045 - 0.3862944 x 0.0001 and
#: 0.0008 - 0.3862944 x 0.0004; the mean of 0.02 x 0.01 + 0.01 x 0.02 and
#: 0.01 x 0.03 + 0.03 x 0.01; k = 0.34 / (1.34 + 3) = 0.0783410 of var(c) = 0.00045, and
#: 0.9216590 of the one before.
BY_HAND: Final = {
    Estimator.PARKINSON: 0.000450842,
    Estimator.GARMAN_KLASS: 0.000528426,
    Estimator.ROGERS_SATCHELL: 0.0005,
    Estimator.YANG_ZHANG: 0.000496083,
}


def test_statistics_match_hand_computed_values() -> None:
    """M-95: a volatility under another one's formula, a kurtosis that was in excess twice.

    Sizes rest on the volatility, on its ranges and on a calibrated confidence; a promotion
    on counts, hours and their middle; what is said of exits on paired differences.
    """
    # ln 1.1 = 0.0953102, ln 0.9 = -0.1053605; the older square weighs a quarter, the newer
    # a half, and three quarters are all: 0.0104286 a day, 3.8064277 a year of 365.
    daily = Ewma(half_life_ms=DAY_MS, bar_ms=DAY_MS, bars_min=2)
    for day, close in enumerate(("100", "110", "99")):
        daily = daily.after(D(close), UnixMs(day * DAY_MS))
    assert daily.annual() == D("1.951007")
    assert volatility_factor(D("0.75")) == D("1.5")

    told = {one: variance_per_bar(one, MOVES) for one in Estimator}
    assert told == pytest.approx(BY_HAND, abs=5e-10)

    # Raw numbers all alike: the mean of Platt's targets, (6 x 7/8 + 4 x 1/6) / 10.
    ended = [outcome(n, won=n < 6) for n in range(10)]
    calibrated = fit(ended, UnixMs(20 * HOUR_MS)).forecast(0.5).probability
    assert calibrated == pytest.approx(0.5916667, abs=1e-6)
    # (0.8 + 0.192073 -+ 1.959964 sqrt(0.016 + 0.00960365)) / 1.384146
    assert wilson(0.8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)

    assert Span.of([D(9), D(1), D(4), D(2)]) == Span(D(1), D(3), D(9))
    assert together([(2, 1.0), (1, 5.0), (2, 3.0)]) == [5.0, 2.0]
    same = paired_interval([0.25] * 30)
    assert (same.mean, same.low, same.high, same.significant) == (0.25, 0.25, 0.25, True)
    even = paired_interval([1.0, -1.0] * 30)
    assert even.mean == 0
    assert not even.significant


def outcome(n: int, *, won: bool) -> Outcome:
    """A decision of the n-th hour at even odds."""
    return Outcome(
        symbol=Symbol("BTCUSDT"),
        decided_ms=UnixMs(n * HOUR_MS),
        ended_ms=UnixMs((n + 1) * HOUR_MS),
        raw=0.5,
        forecast=None,
        net_fraction=0.01 if won else -0.01,
    )
