"""Range volatility against fixtures worked out by hand."""

import math
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.market import Bar
from bridge_patch.policy.volatility_range import (
    Estimator,
    Move,
    RangeWindow,
    move_of,
    variance_per_bar,
)
from tests.laws.markets import minute_bar

D = Decimal

# Three bars after a close of 100, worked out with a desk calculator:
#
#   ln 1.02 = 0.0198026273   ln 0.99 = -0.0100503359   ln 1.01 = 0.0099503309
#   ln(103/102) = 0.0097561749   ln(101/102) = -0.0098522964
#
#   bar  open high low close    g            u             d              c
#   1    100  102   99  101     0            0.0198026273  -0.0100503359   0.0099503309
#   2    101  101  100  100     0            0             -0.0099503309  -0.0099503309
#   3    102  103  101  102     0.0198026273 0.0097561749  -0.0098522964   0
#
#   (u - d)^2: 0.0008911994 + 0.0000990091 + 0.0003844922 = 0.0013747007
BARS = (
    minute_bar(0, "100"),
    minute_bar(1, "101", open_="100", high="102", low="99"),
    minute_bar(2, "100", open_="101"),
    minute_bar(3, "102", open_="102", high="103", low="101"),
)
VARIANCES = [
    # 0.0013747007 / 3 / (4 x 0.6931471806) = 0.0004582336 / 2.7725887222
    (Estimator.PARKINSON, 0.0001652728, "9.320268"),
    # halves 0.0004455997, 0.0000495045, 0.0001922461, less 0.3862943611 c^2 with
    # c^2 = 0.0000990091 in the first two (0.0000382466): 0.0004073531, 0.0000112579,
    # 0.0001922461; their mean
    (Estimator.GARMAN_KLASS, 0.0002036190, "10.345151"),
    # u (u - c) + d (d - c):
    # 0.0198026273 x 0.0098522964 + 0.0100503359 x 0.0200006667 = 0.0003961148
    # 0 + 0.0099503309 x 0 = 0
    # 0.0097561749^2 + 0.0098522964^2 = 0.0001922507; their mean
    (Estimator.ROGERS_SATCHELL, 0.0001961218, "10.152912"),
    # var g: mean 0.0066008758; (2 x 0.0066008758^2 + 0.0132017515^2) / 2 = 0.0001307147
    # var c: mean 0; (2 x 0.0000990091) / 2 = 0.0000990091
    # k = 0.34 / (1.34 + 4/2) = 0.1017964072
    # 0.0001307147 + 0.1017964072 x 0.0000990091 + 0.8982035928 x 0.0001961218
    (Estimator.YANG_ZHANG, 0.0003169508, "12.906949"),
]


def moves(bars: Iterable[Bar]) -> list[Move]:
    return [move_of(bar, last.close) for last, bar in pairwise(bars)]


def fed(bars: Iterable[Bar], *, bars_min: int = 3) -> RangeWindow:
    window = RangeWindow(bars_max=5, bars_min=bars_min)
    for bar in bars:
        window.take(bar)
    return window


@pytest.mark.parametrize(("estimator", "variance", "annual"), VARIANCES)
def test_an_estimator_gives_what_was_worked_out_by_hand(
    estimator: Estimator, variance: float, annual: str
) -> None:
    """A public library once documented one of these formulae under another's name."""
    assert variance_per_bar(estimator, moves(BARS)) == pytest.approx(variance, abs=1e-10)


@pytest.mark.parametrize(("estimator", "variance", "annual"), VARIANCES)
def test_a_reading_is_annualised_over_a_year_without_nights(
    estimator: Estimator, variance: float, annual: str
) -> None:
    """sqrt(variance x 525,600 minutes), by the same calculator: Parkinson 9.320268."""
    assert fed(BARS).annual(estimator) == D(annual)


def test_the_overnight_term_is_nothing_where_bars_follow_each_other() -> None:
    """Bars open where the last one closed: Yang-Zhang is then k var(c) + (1 - k) RS.

    Two bars like bar 1 of the table and back: c = +-0.0099503309, mean 0, var 2 c^2; k =
    0.34 / (1.34 + 3) = 0.0783410138; RS of the first 0.0003961148, of the second 0.
    """
    bars = (BARS[0], BARS[1], minute_bar(2, "100", open_="101"))
    expected = 0.0783410138 * 2 * 0.0000990091 + 0.9216589862 * 0.0003961148 / 2

    assert [gap for gap, *_ in moves(bars)] == [0, 0]
    found = variance_per_bar(Estimator.YANG_ZHANG, moves(bars))
    assert found == pytest.approx(expected, abs=1e-10)


def test_the_move_over_missing_bars_is_the_gap_of_the_next_one() -> None:
    """Five bars are missing: only Yang-Zhang counts what happened there."""
    late = minute_bar(9, "104", open_="104", high="104", low="104")
    whole, holed = fed(BARS), fed([*BARS, late])

    read = holed.annual(Estimator.YANG_ZHANG), whole.annual(Estimator.YANG_ZHANG)
    assert isinstance(read[0], D)
    assert isinstance(read[1], D)
    assert moves([BARS[-1], late])[0] == pytest.approx((math.log(104 / 102), 0, 0, 0))
    parkinson = holed.annual(Estimator.PARKINSON)
    assert parkinson == D("8.071589")  # 9.320268 x sqrt(3/4): a still bar more


def test_a_long_hole_empties_the_window() -> None:
    """Six bars are missing: what happened before describes another market."""
    window = fed([*BARS, minute_bar(10, "104")])

    assert window.annual(Estimator.PARKINSON) == Unknown(
        "parkinson needs 3 bars without a long gap, has 0"
    )


def test_the_oldest_bar_leaves_a_full_window() -> None:
    still = [minute_bar(4 + n, "102") for n in range(5)]

    assert fed([*BARS, *still]).annual(Estimator.GARMAN_KLASS) == D("0.000000")
    assert fed([*BARS, *still[:4]]).annual(Estimator.GARMAN_KLASS) != D("0.000000")


def test_a_bar_that_comes_twice_counts_once() -> None:
    assert fed([*BARS, BARS[3], BARS[1]]).annual(Estimator.YANG_ZHANG) == D("12.906949")


def test_there_is_no_reading_before_120_bars() -> None:
    """As with EWMA: not knowing is the honest answer, and no zero."""
    window = RangeWindow()
    for minute in range(120):
        window.take(minute_bar(minute, "100", high="101"))
    assert isinstance(window.annual(Estimator.PARKINSON), Unknown)

    window.take(minute_bar(120, "100", high="101"))
    # Every bar has u - d = ln 1.01: 0.0099503309^2 / 2.7725887222 x 525,600.
    assert window.annual(Estimator.PARKINSON) == D("4.332339")


def test_every_estimator_finds_the_volatility_of_a_walk_that_has_one() -> None:
    """400 steps a bar, 2,000 bars; ranges of few steps read low, by about a tenth."""
    steps = np.random.default_rng(3).normal(0, 0.001, (2000, 400))
    paths = np.cumsum(steps, axis=1)
    table = [(0.0, max(path.max(), 0.0), min(path.min(), 0.0), path[-1]) for path in paths]
    true = 0.001**2 * 400

    for estimator in Estimator:
        assert 0.85 * true < variance_per_bar(estimator, table) < 1.05 * true


@pytest.mark.parametrize("price", ["1E-400", "1E+400"])
def test_a_price_that_is_no_number_here_is_refused(price: str) -> None:
    with pytest.raises(InvalidValueError, match="prices"):
        move_of(minute_bar(1, price), D(100))
    with pytest.raises(InvalidValueError, match="prices"):
        move_of(minute_bar(1, "100"), D(price))


def test_a_reading_too_large_for_a_number_is_unknown() -> None:
    bars = [minute_bar(0, "100")]
    window = RangeWindow(bars_max=3, bars_min=2)
    for bar in [*bars, minute_bar(1, "100", high="101"), minute_bar(2, "100", high="101")]:
        window.take(bar)
    window._moves.append((0.0, 1e200, 0.0, 0.0))

    with np.errstate(over="ignore"):
        assert isinstance(window.annual(Estimator.PARKINSON), Unknown)


@pytest.mark.parametrize(("bars_max", "bars_min"), [(5, 1), (5, 6), (0, 0)])
def test_a_senseless_window_is_refused(bars_max: int, bars_min: int) -> None:
    with pytest.raises(InvalidValueError, match="at least 2 bars"):
        RangeWindow(bars_max, bars_min)


def test_one_bar_has_no_variance() -> None:
    with pytest.raises(InvalidValueError, match="at least 2 bars"):
        variance_per_bar(Estimator.PARKINSON, moves(BARS[:2]))
