"""Volatility against fixtures worked out by hand."""

from decimal import Decimal
from itertools import pairwise

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.policy.volatility import HOUR_MS, MINUTE_MS, Ewma, volatility_factor

D = Decimal
#: Two closes are enough here, and a return's weight halves with every bar.
QUICK = Ewma(half_life_ms=MINUTE_MS, bars_min=2)


def fed(ewma: Ewma, *closes: tuple[int, str]) -> Ewma:
    for minute, close in closes:
        ewma = ewma.after(D(close), UnixMs(minute * MINUTE_MS))
    return ewma


def zigzag(bars: int, start: int = 0) -> list[tuple[int, str]]:
    return [(start + n, "101" if n % 2 else "100") for n in range(bars)]


def test_one_return_is_annualised_over_a_year_without_nights() -> None:
    """ln(1.01) = 0.00995033 per minute; sqrt(365 * 24 * 60) = 724.9828: 7.213818."""
    assert fed(QUICK, (0, "100"), (1, "101")).annual() == D("7.213818")


def test_older_returns_weigh_half_per_half_life() -> None:
    """Returns r = ln 1.01, then 0: (1/4 r^2 + 1/2 * 0) / (3/4), a third of the variance."""
    annual = fed(QUICK, (0, "100"), (1, "101"), (2, "101")).annual()

    assert isinstance(annual, D)
    assert float(annual) == pytest.approx(7.213818 / 3**0.5, abs=2e-6)


def test_equal_moves_give_the_same_reading_from_the_first_bar_on() -> None:
    """Weights are normalised: no bias towards a starting value of zero."""
    ewma = fed(Ewma(bars_min=2), *zigzag(2))
    for (_, one), (minute, other) in pairwise(zigzag(300)):
        assert one != other
        ewma = fed(ewma, (minute, other))

        assert ewma.annual() == D("7.213818")


def test_the_default_half_life_is_twelve_hours() -> None:
    """720 moving minutes, then 720 still ones: the moves keep 1/2 of 3/4 ... of the weight.

    Moves weigh 1/2 x 1/2 and all weigh 3/4, so the variance is a third.
    """
    moving = zigzag(721)
    still = [(minute, "100") for minute in range(721, 1441)]
    annual = fed(Ewma(), *moving, *still).annual()

    assert isinstance(annual, D)
    assert float(annual) == pytest.approx(7.213818 / 3**0.5, abs=2e-6)
    assert Ewma().half_life_ms == 12 * HOUR_MS


def test_there_is_no_reading_before_120_bars() -> None:
    """A handful of bars is noise: not knowing is the honest answer, and no zero."""
    early = fed(Ewma(), *zigzag(119))

    assert early.annual() == Unknown("needs 120 bars without a long gap, has 119")
    assert fed(early, (119, "101")).annual() == D("7.213818")


def test_a_short_gap_is_spread_over_the_bars_it_spans() -> None:
    """Five bars are missing: one return over six minutes has six times the variance."""
    annual = fed(QUICK, (0, "100"), (6, "101")).annual()

    assert isinstance(annual, D)
    assert float(annual) == pytest.approx(7.213818 / 6**0.5, abs=2e-6)


def test_a_long_gap_starts_again() -> None:
    """Six bars are missing: what happened before the hole describes another market."""
    known = fed(Ewma(), *zigzag(200))
    assert isinstance(known.annual(), D)

    after_gap = fed(known, (206, "100"))
    assert after_gap.annual() == Unknown("needs 120 bars without a long gap, has 1")
    assert isinstance(fed(after_gap, *zigzag(118, 207)).annual(), Unknown)
    assert isinstance(fed(after_gap, *zigzag(119, 207)).annual(), D)


def test_a_bar_that_comes_twice_counts_once() -> None:
    once = fed(QUICK, (0, "100"), (1, "101"), (2, "100"))

    assert fed(once, (2, "100")) == once
    assert fed(once, (1, "500")) == once


def test_a_still_market_has_no_volatility_and_says_so() -> None:
    assert fed(QUICK, (0, "100"), (1, "100")).annual() == D("0.000000")


def test_a_reading_too_large_for_a_number_is_unknown() -> None:
    wild = Ewma(bars_min=2, weighted_sum=1e308, weight=1e-3, bars=2)

    assert isinstance(wild.annual(), Unknown)


def test_bars_of_another_length_are_annualised_by_it() -> None:
    """The same move in five minutes is a fifth of the variance."""
    slow = Ewma(bars_min=2, bar_ms=5 * MINUTE_MS)
    annual = fed(slow, (0, "100"), (5, "101")).annual()

    assert isinstance(annual, D)
    assert float(annual) == pytest.approx(7.213818 / 5**0.5, abs=2e-6)


@pytest.mark.parametrize(
    "close", ["NaN", "sNaN", "Infinity", "0", "-1", "1E-400", "1E+400"]
)
def test_a_close_that_is_no_price_is_refused(close: str) -> None:
    with pytest.raises(InvalidValueError, match="close"):
        Ewma().after(D(close), UnixMs(0))


@pytest.mark.parametrize(
    ("half_life_ms", "bar_ms", "bars_min"), [(0, 1, 2), (1, -1, 2), (1, 1, 1)]
)
def test_a_senseless_setting_is_refused(
    half_life_ms: int, bar_ms: int, bars_min: int
) -> None:
    with pytest.raises(InvalidValueError, match="half-life"):
        Ewma(half_life_ms, bar_ms, bars_min)


def test_the_factor_is_one_at_fifty_percent() -> None:
    assert volatility_factor(D("0.5")) == 1
    assert volatility_factor(D("1.25")) == D("2.5")
