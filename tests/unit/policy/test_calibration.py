"""Calibration learns from what has ended, late enough, and claims little."""

import math
import random

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.policy.baseline import HOLD_MS, Outcome
from bridge_patch.policy.calibration import (
    OUTCOMES_KEPT,
    OUTCOMES_MIN,
    REFIT_MS,
    Calibrator,
    fit,
    wilson,
)

HOUR_MS = 3_600_000


def outcome(hour: int, *, raw: float, paid: bool, symbol: str = "BTCUSDT") -> Outcome:
    """Return a decision of this hour that ends with the next one."""
    return Outcome(
        symbol=Symbol(symbol),
        decided_ms=UnixMs(hour * HOUR_MS),
        ended_ms=UnixMs((hour + 1) * HOUR_MS),
        raw=raw,
        forecast=None,
        net_fraction=0.01 if paid else -0.01,
    )


def drawn(n: int, *, seed: int = 1, slope: float = 1, start: int = 0) -> list[Outcome]:
    """Return outcomes whose true odds are the raw ones to the power of `slope`, halved."""
    chance = random.Random(seed)
    found = []
    for hour in range(start, start + n):
        raw = chance.uniform(0.2, 0.8)
        z = -math.log(2) + slope * math.log(raw / (1 - raw))
        paid = chance.random() < 1 / (1 + math.exp(-z))
        found.append(outcome(hour, raw=raw, paid=paid))
    return found


def fed(outcomes: list[Outcome]) -> Calibrator:
    calibrator = Calibrator()
    for each in outcomes:
        calibrator.resolve(each, each.ended_ms)
    return calibrator


def test_there_is_no_calibration_before_400_outcomes() -> None:
    """A hit rate from a hundred trades is ten points wide."""
    calibrator = fed(drawn(399))
    assert OUTCOMES_MIN == 400
    assert calibrator.calibration(UnixMs(400 * HOUR_MS)) is None

    (last,) = drawn(1, start=399)
    calibrator.resolve(last, last.ended_ms)
    assert calibrator.calibration(UnixMs(400 * HOUR_MS)) is not None


def test_an_outcome_that_has_not_ended_is_refused() -> None:
    """The future cannot be learned from, not even by mistake."""
    calibrator = Calibrator()
    early = outcome(5, raw=0.5, paid=True)

    with pytest.raises(InvalidValueError, match="not known"):
        calibrator.resolve(early, UnixMs(early.ended_ms - 1))
    assert calibrator.resolved == 0
    calibrator.resolve(early, early.ended_ms)
    assert calibrator.resolved == 1
    assert early.ended_ms == early.decided_ms + HOLD_MS


def test_time_does_not_go_back() -> None:
    calibrator = fed([outcome(5, raw=0.5, paid=True)])

    with pytest.raises(InvalidValueError, match="go back"):
        calibrator.calibration(UnixMs(5 * HOUR_MS))


def test_the_sigmoid_finds_the_odds_that_made_the_outcomes() -> None:
    """Odds = raw odds squared, halved: intercept -ln 2 = -0.693, slope 2."""
    found = fit(drawn(20_000, slope=2), UnixMs(0))

    assert found.intercept == pytest.approx(-0.693, abs=0.06)
    assert found.slope == pytest.approx(2, abs=0.08)
    # At raw 2/3 the odds are (2/1)^2 / 2 = 2.
    assert found.forecast(2 / 3).probability == pytest.approx(2 / 3, abs=0.02)


def test_a_raw_number_without_meaning_is_calibrated_to_the_base_rate() -> None:
    chance = random.Random(4)
    noise = [
        outcome(hour, raw=chance.uniform(0.2, 0.8), paid=chance.random() < 0.3)
        for hour in range(10_000)
    ]
    found = fit(noise, UnixMs(0))

    assert found.forecast(0.25).probability == pytest.approx(0.3, abs=0.02)
    assert found.forecast(0.75).probability == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("paid", [True, False])
def test_outcomes_that_all_agree_do_not_make_it_certain(paid: bool) -> None:
    """400 wins in a row: smoothed to 401/402, and the bound of 80 hours says 95 %.

    Wilson at share 1 and n = 80: 1 / (1 + 1.959964^2 / 80) = 80 / 83.8415 = 0.954182.
    """
    found = fit([outcome(h, raw=0.5, paid=paid) for h in range(400)], UnixMs(0))
    forecast = found.forecast(0.5)

    if paid:
        assert forecast.probability == pytest.approx(401 / 402, abs=1e-6)
        assert forecast.lower == pytest.approx(0.954182, abs=1e-6)
    else:
        assert forecast.probability == pytest.approx(1 / 402, abs=1e-6)
        assert forecast.lower == pytest.approx(0, abs=1e-12)


def test_four_symbols_in_one_hour_count_as_one_hour() -> None:
    """Coins move together: 400 outcomes of 100 hours are no more sure than 100 are.

    Bins of 20 hours and 80 outcomes; half of each hour's coins paid. Wilson at 1/2, n = 20:
    centre (0.5 + 3.841459/40) / 1.192073 = 0.5; half-width 1.959964 x sqrt(0.0125 +
    3.841459/1600) / 1.192073 = 0.200702. So the bound is 0.299298.
    """
    outcomes = [
        outcome(hour, raw=0.3 + hour / 1000, paid=n < 2, symbol=f"COIN{n}USDT")
        for hour in range(100)
        for n in range(4)
    ]
    found = fit(outcomes, UnixMs(0))

    assert found.lowers == pytest.approx([0.299298] * 5, abs=1e-6)


def test_a_forecast_is_bounded_by_its_own_bin() -> None:
    """Low raws lost, high raws paid: the bound of the lowest bin is not the highest's."""
    found = fit(
        [outcome(h, raw=0.3 + h / 1000, paid=h >= 200) for h in range(400)], UnixMs(0)
    )

    # The bins' edges lie between raws: 80 outcomes each.
    assert found.edges == pytest.approx([0.3795, 0.4595, 0.5395, 0.6195])
    assert found.forecast(0.31).lower < 0.05
    assert found.forecast(0.69).lower == pytest.approx(0.954182, abs=1e-6)
    assert found.forecast(0.69).probability > 0.954182


def test_it_is_fitted_again_after_a_week_and_not_before() -> None:
    calibrator = fed(drawn(400))
    fitted_ms = UnixMs(400 * HOUR_MS)
    first = calibrator.calibration(fitted_ms)
    assert REFIT_MS == 168 * HOUR_MS
    for each in drawn(168, seed=2, slope=-3, start=400):
        calibrator.resolve(each, each.ended_ms)
        if each.ended_ms < fitted_ms + REFIT_MS:
            assert calibrator.calibration(each.ended_ms) is first

    again = calibrator.calibration(UnixMs(fitted_ms + REFIT_MS))
    assert first is not None
    assert again is not None
    assert (first.outcomes, again.outcomes) == (400, 568)
    assert again.slope < first.slope


def test_old_outcomes_are_forgotten() -> None:
    calibrator = fed(drawn(OUTCOMES_KEPT + 10))

    assert calibrator.resolved == OUTCOMES_KEPT == 4000


def test_wilson_gives_the_textbook_intervals() -> None:
    """None of 10: z^2 / (n + z^2) = 3.841459 / 13.841459. Five of 10: 0.2366 to 0.7634."""
    assert wilson(0, 10) == pytest.approx((0, 3.841459 / 13.841459), abs=1e-6)
    assert wilson(1, 10) == pytest.approx((10 / 13.841459, 1), abs=1e-6)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@pytest.mark.parametrize(("outcomes_min", "refit_ms"), [(4, 1), (400, 0)])
def test_a_senseless_setting_is_refused(outcomes_min: int, refit_ms: int) -> None:
    with pytest.raises(InvalidValueError, match="calibration needs"):
        Calibrator(outcomes_min, refit_ms)
