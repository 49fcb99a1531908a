"""Intervals of paired differences: what they promise, beside formulas written out here."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.evidence.paired import (
    PAIRS_MIN,
    Interval,
    block_length,
    paired_interval,
    together,
)


def drawn(count: int, *, follows: float, seed: int = 7) -> NDArray[np.float64]:
    """A series in which each value keeps this share of the one before."""
    rng = np.random.default_rng(seed)
    values = [0.0]
    for shock in rng.normal(size=count + 50):
        values.append(follows * values[-1] + shock)
    return np.asarray(values[-count:])


def politis_white(x: NDArray[np.float64]) -> float:
    """The rule as published (2004, corrected 2009), for the stationary bootstrap."""
    n = len(x)
    most_m = math.ceil(math.sqrt(n)) + max(5, math.ceil(math.log10(n)))
    run = max(5, math.ceil(math.log10(n)))
    centred = x - x.mean()

    def covariance(lag: int) -> float:
        return float(centred[lag:] @ centred[: n - lag]) / n

    bound = 2 * math.sqrt(math.log10(n) / n)
    small = [abs(covariance(lag)) < bound * covariance(0) for lag in range(1, most_m + 1)]
    quiet = next((m for m in range(most_m - run + 1) if all(small[m : m + run])), None)
    last = max((m for m, low in enumerate(small, 1) if not low), default=0)
    kept = min(2 * (last if quiet is None else quiet + 1), most_m)
    g_hat, variance = 0.0, covariance(0)
    for lag in range(1, kept + 1):
        share = lag / kept
        weight = 1.0 if share <= 0.5 else 2 * (1 - share)
        g_hat += 2 * weight * lag * covariance(lag)
        variance += 2 * weight * covariance(lag)
    length = (2 * g_hat**2 / (2 * variance**2)) ** (1 / 3) * n ** (1 / 3)
    return float(min(length, math.ceil(min(3 * math.sqrt(n), n / 3))))


@pytest.mark.parametrize("follows", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_block_is_about_as_long_as_the_published_rule_says(
    follows: float, seed: int
) -> None:
    """The library counts one lag more as significant than the paper does."""
    series = drawn(500, follows=follows, seed=seed)
    published = politis_white(series)

    assert block_length(series) == pytest.approx(published, abs=1.01)


def test_what_follows_upon_itself_is_drawn_in_longer_blocks_and_known_less_well() -> None:
    """The reason for blocks: neighbours that agree are not that many witnesses."""
    alone = paired_interval(drawn(800, follows=0.0).tolist(), draws=2_000)
    bound = paired_interval(drawn(800, follows=0.8).tolist(), draws=2_000)

    assert bound.block > alone.block
    assert bound.high - bound.low > 2 * (alone.high - alone.low)


def test_of_independent_differences_it_is_the_textbook_interval() -> None:
    series = drawn(1_000, follows=0.0)
    found = paired_interval(series.tolist())
    half = 1.96 * float(series.std(ddof=1)) / math.sqrt(len(series))

    assert found.mean == pytest.approx(float(series.mean()))
    assert found.low == pytest.approx(found.mean - half, abs=0.15 * half)
    assert found.high == pytest.approx(found.mean + half, abs=0.15 * half)


def test_it_covers_what_is_true_about_as_often_as_it_says() -> None:
    """Sixty samples of differences whose true mean is zero, heavy on the left."""
    rng = np.random.default_rng(11)
    centre = math.exp(0.5)
    found = [
        paired_interval((centre - rng.lognormal(size=200)).tolist(), draws=300)
        for _ in range(60)
    ]
    covered = sum(one.low <= 0 <= one.high for one in found)

    assert 51 <= covered <= 59


def test_the_same_differences_give_the_same_interval() -> None:
    series = drawn(100, follows=0.3).tolist()

    assert paired_interval(series, draws=500) == paired_interval(series, draws=500)


def test_differences_that_are_all_alike_leave_no_doubt() -> None:
    assert paired_interval([0.0] * PAIRS_MIN) == Interval(
        mean=0.0, low=0.0, high=0.0, block=1, count=PAIRS_MIN
    )


@pytest.mark.parametrize("bad", [[1.0] * (PAIRS_MIN - 1), [1.0] * PAIRS_MIN + [math.nan]])
def test_too_few_or_no_numbers_have_no_interval(bad: list[float]) -> None:
    with pytest.raises(InvalidValueError, match="30 or more finite numbers"):
        paired_interval(bad)


@pytest.mark.parametrize(
    ("low", "high", "says"), [(-1, 1, False), (0, 1, False), (0.1, 1, True), (-2, -1, True)]
)
def test_zero_inside_or_at_the_end_is_not_significant(
    low: float, high: float, says: bool
) -> None:
    found = Interval(mean=(low + high) / 2, low=low, high=high, block=1, count=30)

    assert found.significant is says


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9)), min_size=1, max_size=30))
def test_one_moment_has_one_difference_in_the_order_of_time(
    dated: list[tuple[int, int]],
) -> None:
    found = together((at, float(value)) for at, value in dated)
    moments = sorted({at for at, _ in dated})
    means = [
        sum(v for at, v in dated if at == moment) / sum(at == moment for at, _ in dated)
        for moment in moments
    ]

    assert found == pytest.approx(means)
