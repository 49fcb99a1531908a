"""Forecasts against outcomes: by hand, against the reference, against simulation."""

import numpy as np
import pytest

from bridge_patch.domain.intent import UnixMs
from bridge_patch.policy.reliability import Reliability, Scored, ece_limit, reliability


def scored(rows: list[tuple[float, bool]]) -> list[Scored]:
    return [Scored(p, paid, UnixMs(time)) for time, (p, paid) in enumerate(rows)]


def judged(rows: list[tuple[float, bool]]) -> Reliability:
    found = reliability(scored(rows))
    assert found is not None
    return found


def drawn(n: int, *, seed: int, low: float, high: float, over: float = 0) -> Reliability:
    """Forecasts spread over [low, high] whose events come true `over` less often."""
    chance = np.random.default_rng(seed)
    p = chance.uniform(low, high, n)
    paid = chance.random(n) < p - over
    return judged(list(zip(p.tolist(), paid.tolist(), strict=True)))


def test_the_table_and_the_scores_are_those_worked_out_by_hand() -> None:
    """Ten forecasts, two to a bin, in any order.

    Bins: forecasts 0.1 0.2 0.3 0.4 0.5, shares 0 0.5 0 0.5 1: misses 0.1 0.3 0.3 0.1 0.5,
    their mean 0.26. Sum of y - p: 4 - 3 = 1; sum of p (1 - p): 2 x (0.09 + 0.16 + 0.21 +
    0.24 + 0.25) = 1.9; z = 1 / 1.378405 = 0.725476. Squares of p - y: 0.01 0.01, 0.64 0.04,
    0.09 0.09, 0.36 0.16, 0.25 0.25: mean 0.19. Base rate 0.4: 0.4 x 0.6 = 0.24.
    """
    rows = [
        (0.5, True),
        (0.1, False),
        (0.2, True),
        (0.3, False),
        (0.4, True),
        (0.4, False),
        (0.3, False),
        (0.2, False),
        (0.1, False),
        (0.5, True),
    ]
    found = judged(rows)

    assert [b.forecast for b in found.bins] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert [b.observed for b in found.bins] == [0, 0.5, 0, 0.5, 1]
    assert [b.n for b in found.bins] == [2] * 5
    assert found.ece == pytest.approx(0.26)
    assert found.large_z == pytest.approx(0.725476, abs=1e-6)
    assert found.brier == pytest.approx(0.19)
    assert found.brier_base == pytest.approx(0.24)


def test_the_brier_gain_is_bounded_below_by_its_own_spread() -> None:
    """Base rate 1/2, forecasts 0.9 or 0.1, right four times of five: gains 0.24, -0.56.

    Mean 0.8 x 0.24 - 0.2 x 0.56 = 0.08; variance 0.16 x 0.64 = 0.1024, spread 0.32; over
    100 times: 0.08 - 1.645 x 0.032 = 0.02736.
    """
    right = [(0.9, True), (0.1, False)] * 40
    wrong = [(0.9, False), (0.1, True)] * 10

    assert judged(right + wrong).brier_gain_low == pytest.approx(0.02736, abs=1e-9)


def test_what_happens_at_one_time_is_one_draw() -> None:
    """The same gains, but all ten of a kind at one time: the spread of ten draws."""
    rows = [(0.9, True), (0.1, False)] * 40 + [(0.9, False), (0.1, True)] * 10
    together = [
        Scored(p, paid, UnixMs(place // 10)) for place, (p, paid) in enumerate(rows)
    ]
    found = reliability(together)

    # 8 times +1.6 and 2 times -6.4 off the mean: sqrt(8 x 2.56 + 2 x 40.96) / 100.
    assert found is not None
    assert found.brier_gain_low == pytest.approx(0.08 - 1.645 * 0.101193, abs=1e-6)
    assert found.bins[0].times == 4  # twenty of them, five at a time


@pytest.mark.parametrize(("n", "limit"), [(400, 0.072), (1000, 0.044), (2000, 0.031)])
def test_the_limit_is_the_reference_s_quantile_of_a_perfect_forecaster(
    n: int, limit: float
) -> None:
    """The reference simulated p in 0.42 to 0.68; a flat 0.05 would fail perfection.

    400 outcomes come in steps of 1/400, which the normal distances do not have.
    """
    p = np.linspace(0.42, 0.68, n)
    parts = np.array_split(p * (1 - p), 5)

    found = ece_limit([float(part.sum()) for part in parts], n)
    assert found == pytest.approx(limit, abs=1 / 400)


def test_the_limit_is_what_simulating_perfect_calibration_gives() -> None:
    """Also where the bins are very unlike each other."""
    chance = np.random.default_rng(5)
    p = np.sort(np.concatenate([chance.uniform(0.01, 0.1, 300), chance.uniform(0, 1, 300)]))
    parts = np.array_split(np.arange(600), 5)
    paid = chance.random((4000, 600)) < p
    misses = sum(np.abs((paid - p)[:, part].sum(axis=1)) for part in parts) / 600
    simulated = float(np.quantile(misses, 0.95))

    found = ece_limit([float((p * (1 - p))[part].sum()) for part in parts], 600)
    assert found == pytest.approx(simulated, rel=0.03)


def test_a_perfect_forecaster_with_something_to_say_stands_every_test() -> None:
    """Guards the rest: tests that nobody can stand would keep everything out."""
    stood = sum(not drawn(800, seed=seed, low=0.2, high=0.8).faults for seed in range(100))

    assert stood >= 85  # three tests at 5 % each


def test_five_points_too_sure_is_seen_in_the_large() -> None:
    """The reference: 95 % of the time with 1,000 forecasts."""
    found = [drawn(1000, seed=seed, low=0.42, high=0.68, over=0.05) for seed in range(100)]
    told = [any("in the large" in fault for fault in each.faults) for each in found]

    assert sum(told) >= 88
    assert told == [each.large_z <= -1.645 for each in found]


def test_saying_the_base_rate_every_time_proves_nothing() -> None:
    """Perfectly calibrated and worthless: no gain over the base rate."""
    proven = sum(
        drawn(1000, seed=seed, low=0.36, high=0.361).brier_gain_low > 0
        for seed in range(100)
    )

    assert proven <= 10


def test_every_fault_is_told_with_its_numbers() -> None:
    found = judged([(0.9, False)] * 50)

    assert [fault.split()[0] for fault in found.faults] == ["ECE", "in", "Brier"]
    assert "0.900 is above" in found.faults[0]


def test_fewer_forecasts_than_bins_are_no_table() -> None:
    assert reliability(scored([(0.5, True)] * 4)) is None
    assert reliability(scored([(0.5, True)] * 5)) is not None


def test_forecasts_without_any_doubt_are_no_division_by_zero() -> None:
    found = judged([(1.0, True)] * 10)

    assert (found.ece, found.large_z, found.ece_limit) == (0, 0, 0)
