"""Features worked out by hand, and from closed bars without a hole only."""

import math
from dataclasses import replace

import pytest

from bridge_patch.domain.intent import UnixMs
from bridge_patch.policy.momentum import Features, Tape, raw_probability
from bridge_patch.policy.volatility import YEAR_MS
from tests.laws.markets import minute_bar

#: The volatility per year at which a minute's sigma is one in a thousand.
ANNUAL = 0.001 * math.sqrt(YEAR_MS / 60_000)


def tape(*closes: str, start: int = 0) -> Tape:
    filled = Tape()
    for minute, close in enumerate(closes, start):
        filled.take(minute_bar(minute, close))
    return filled


def test_a_return_is_told_in_sigmas_of_its_own_span() -> None:
    """100 for 181 minutes, 101 for 45, then 102, at a sigma of 0.001 a minute.

    The last close is 102. Fifteen minutes ago it was 101: ln(102/101) = 0.0098522964, over
    0.001 x sqrt(15) = 0.0038729833: 2.543852. An hour ago 100: 0.0198026273 over
    0.0077459667: 2.556508. Four hours ago 100: over 0.0154919334: 1.278254. The close is
    the highest: position 1.
    """
    closes = ["100"] * 181 + ["101"] * 45 + ["102"] * 15
    features = tape(*closes).features(ANNUAL)

    assert features is not None
    assert features.z == pytest.approx((2.543852, 2.556508, 1.278254), abs=1e-6)
    assert features.position == 1
    # The mean of those three and the 1.
    assert features.score == pytest.approx(1.8446535, abs=1e-6)


def test_the_position_is_where_the_close_lies_between_the_extremes() -> None:
    """From 96 to 104, the close at 98 lies a quarter up: 2 x 1/4 - 1."""
    filled = tape(*["100"] * 240)
    filled.take(minute_bar(240, "98", open_="100", high="104", low="96"))
    features = filled.features(ANNUAL)

    assert features is not None
    assert features.position == -0.5


def test_the_extremes_are_of_240_minutes_and_no_more() -> None:
    filled = tape("500", *["100"] * 239, "101")
    features = filled.features(ANNUAL)

    assert features is not None
    assert features.position == 1


def test_a_still_market_points_nowhere() -> None:
    features = tape(*["100"] * 241).features(ANNUAL)

    assert features == Features((0.0, 0.0, 0.0), 0.0)
    assert features.score == 0


def test_no_single_return_shouts_the_others_down() -> None:
    assert Features((50.0, 0.0, 0.0), 0.0).score == 3 / 4
    assert Features((-50.0, 0.0, 0.0), 0.0).score == -3 / 4


def test_there_are_no_features_before_240_minutes_have_passed() -> None:
    assert tape(*["100"] * 240).features(ANNUAL) is None
    assert tape(*["100"] * 241).features(ANNUAL) is not None


def test_one_missing_bar_begins_anew() -> None:
    """A return across a hole is of another span than it says."""
    filled = tape(*["100"] * 241)
    filled.take(minute_bar(242, "100"))
    assert filled.features(ANNUAL) is None

    for minute in range(243, 483):
        filled.take(minute_bar(minute, "100"))
    assert filled.features(ANNUAL) is not None


def test_bars_of_another_length_begin_anew() -> None:
    """Fifteen bars ago is fifteen minutes ago only while every bar is one minute."""
    filled = tape(*["100"] * 241)
    one, two = minute_bar(241, "100"), minute_bar(242, "100")
    filled.take(replace(one, close_ms=two.close_ms))

    assert filled.features(ANNUAL) is None


def test_bars_that_do_not_fit_into_fifteen_minutes_have_no_features() -> None:
    filled, half_hour = Tape(), 30 * 60_000
    for n in range(20):
        bar = minute_bar(30 * n, "100")
        filled.take(replace(bar, close_ms=UnixMs(bar.open_ms + half_hour)))

    assert filled.features(ANNUAL) is None


def test_a_market_without_drift_or_costs_is_a_coin() -> None:
    assert raw_probability(0, annual=0.5, cost_fraction=0, hold_ms=3_600_000) == 0.5


def test_costs_of_one_sigma_leave_one_trade_in_six() -> None:
    """Phi(-1) = 0.1587; sigma of an hour at 50 % is 0.5 / sqrt(8760) = 0.0053422."""
    raw = raw_probability(0, annual=0.5, cost_fraction=0.00534224, hold_ms=3_600_000)

    assert raw == pytest.approx(0.1587, abs=1e-4)


@pytest.mark.parametrize("score", [2, -2])
def test_a_score_counts_for_its_side_and_a_tenth(score: float) -> None:
    """Phi(0.2) = 0.5793."""
    raw = raw_probability(score, annual=0.5, cost_fraction=0, hold_ms=3_600_000)

    assert raw == pytest.approx(0.5793, abs=1e-4)
