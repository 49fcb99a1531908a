"""The default sizer against numbers worked out by hand from its definition."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Side
from bridge_patch.policy.sizing import (
    AbstainCode,
    Abstained,
    Sized,
    SizingBounds,
    mode_of,
    safe_distance,
    size,
)

D = Decimal
CODE = AbstainCode
BOUNDS = SizingBounds(
    margin_min_usd=D(50),
    margin_max_usd=D(10_000),
    notional_max_usd=D(100_000),
    leverage_min=D(5),
    leverage_max=D(80),
)
EQUITY = D(10_000)


def numbers_of(decided: Sized | Abstained) -> tuple[Decimal, Decimal, Decimal]:
    """Notional, leverage and margin."""
    assert isinstance(decided, Sized), decided
    proposal = decided.proposal
    return decided.notional_usd, proposal.leverage.times, proposal.margin.usd


def sized(
    confidence: str,
    factor: str,
    equity_usd: Decimal = EQUITY,
    bounds: SizingBounds = BOUNDS,
) -> Sized:
    decided = size(D(confidence), D(factor), equity_usd, bounds)
    assert isinstance(decided, Sized), decided
    return decided


@pytest.mark.parametrize(
    ("confidence", "factor", "numbers", "mode"),
    [
        ("0.85", "1", ("7000", "15.5", "451.61"), HarvestMode.TREND_RUNNER),
        ("0.95", "1", ("9000", "15.5", "580.64"), HarvestMode.TREND_RUNNER),
        ("0.70", "1", ("4000", "15.5", "258.06"), HarvestMode.SWING),
        ("0.55", "1", ("1000", "15.5", "64.51"), HarvestMode.SCALPER),
        # stop 4 %, liquidation 12 % away: short 1 / (0.12 * 1.004 + 0.004) = 8.03
        ("0.85", "2", ("3500", "8.0", "437.50"), HarvestMode.TREND_RUNNER),
        # stop 1 %, liquidation 3 % away: short 1 / (0.03 * 1.004 + 0.004) = 29.31
        ("0.70", "0.5", ("8000", "29.3", "273.03"), HarvestMode.SWING),
    ],
)
def test_the_checked_values_hold(
    confidence: str, factor: str, numbers: tuple[str, str, str], mode: HarvestMode
) -> None:
    found = sized(confidence, factor)

    assert numbers_of(found) == tuple(map(D, numbers))
    assert found.policy == POLICIES[mode]
    assert found.stop.fraction == D("0.02") * D(factor)


def test_too_small_an_edge_is_not_worth_an_order() -> None:
    """c = 0.53: 600 of notional is 38.70 of margin at 15.5x, below the 50 of an order."""
    decided = size(D("0.53"), D(1), EQUITY, BOUNDS)

    assert decided == Abstained(
        AbstainCode.MARGIN_BELOW_MIN, "margin 38.70 USD is below the minimum of 50 USD"
    )


def test_a_known_side_takes_its_own_leverage() -> None:
    """A short is liquidated a little sooner: long 15.68, short 15.57."""
    long = size(D("0.85"), D(1), EQUITY, BOUNDS, side=Side.BUY)
    short = size(D("0.85"), D(1), EQUITY, BOUNDS, side=Side.SELL)

    assert numbers_of(long) == (D(7000), D("15.6"), D("448.71"))
    assert numbers_of(short) == (D(7000), D("15.5"), D("451.61"))


def test_a_known_maintenance_rate_lowers_leverage() -> None:
    """Short at 1 %: 1 / (0.06 * 1.01 + 0.01) = 14.16."""
    found = size(D("0.85"), D(1), EQUITY, BOUNDS, mmr=D("0.01"))

    assert numbers_of(found) == (D(7000), D("14.1"), D("496.45"))


def test_liquidation_is_kept_clear_of_stop_and_noise() -> None:
    """Three stops of 2 %, or 5 sigmas: 5 % each over a hundredth of a year."""
    usual = POLICIES[HarvestMode.TREND_RUNNER]
    patient = replace(usual, hold_max_sec=315_360)

    assert safe_distance(D("0.02"), D(1), usual) == D("0.06")
    assert safe_distance(D("0.02"), D(1), patient) == D("0.25")


@pytest.mark.parametrize(
    ("bounds", "numbers"),
    [
        (replace(BOUNDS, margin_max_usd=D(200)), ("3100", "15.5", "200.00")),
        (replace(BOUNDS, notional_max_usd=D(5000)), ("5000", "15.5", "322.58")),
        (replace(BOUNDS, leverage_max=D(10)), ("7000", "10.0", "700.00")),
        (replace(BOUNDS, leverage_max=D("7.59")), ("7000", "7.5", "933.33")),
        (
            replace(BOUNDS, order_notional_max_equity_multiple=D("0.3")),
            ("3000", "15.5", "193.54"),
        ),
        (replace(BOUNDS, margin_min_usd=D("451.61")), ("7000", "15.5", "451.61")),
        # 5,000 / 324.60 leaves 15.4x, at which 324.67 would be above the maximum
        (
            replace(
                BOUNDS,
                margin_min_usd=D("324.60"),
                margin_max_usd=D("324.60"),
                notional_max_usd=D(5000),
            ),
            ("4998.84", "15.4", "324.60"),
        ),
    ],
)
def test_a_bound_takes_away_and_nothing_else(
    bounds: SizingBounds, numbers: tuple[str, str, str]
) -> None:
    found = sized("0.85", "1", bounds=bounds)

    assert numbers_of(found) == tuple(map(D, numbers))


def test_the_equity_multiple_binds_in_a_calm_market() -> None:
    """Risk / stop would be 28,000 here; the Governor lets 1.5 x equity through."""
    assert numbers_of(sized("0.85", "0.25")) == (D(15_000), D("52.4"), D("286.25"))


def test_a_cap_on_notional_lowers_leverage_before_it_abstains() -> None:
    """1,500 at 52.4x is 28.62 of margin: a calm market would refuse what a wild takes."""
    assert numbers_of(sized("1", "0.25", D(1000))) == (D(1500), D(30), D(50))


@pytest.mark.parametrize(
    ("bounds", "factor", "code"),
    [
        (
            replace(BOUNDS, leverage_min=D("15.6")),
            "1",
            AbstainCode.LEVERAGE_BELOW_MIN,
        ),
        (BOUNDS, "4", AbstainCode.LEVERAGE_BELOW_MIN),
        (replace(BOUNDS, margin_min_usd=D(452)), "1", AbstainCode.MARGIN_BELOW_MIN),
        # 253 / 50 leaves 5.0x in steps of 0.1, and the least is 5.05x
        (
            replace(BOUNDS, notional_max_usd=D(253), leverage_min=D("5.05")),
            "1",
            AbstainCode.MARGIN_BELOW_MIN,
        ),
        # 200 / 50 leaves 4x, and the least is 5x
        (replace(BOUNDS, notional_max_usd=D(200)), "1", AbstainCode.MARGIN_BELOW_MIN),
        (
            replace(BOUNDS, margin_min_usd=D("322.5804"), notional_max_usd=D(5000)),
            "1",
            AbstainCode.MARGIN_BELOW_MIN,
        ),
    ],
)
def test_what_does_not_fit_the_bounds_is_not_proposed(
    bounds: SizingBounds, factor: str, code: AbstainCode
) -> None:
    decided = size(D("0.85"), D(factor), EQUITY, bounds)

    assert isinstance(decided, Abstained)
    assert decided.code is code


UNUSABLE: list[tuple[str, object, AbstainCode]] = [
    ("confidence", D("0.5"), CODE.CONFIDENCE_TOO_LOW),
    ("confidence", D(0), CODE.CONFIDENCE_TOO_LOW),
    ("confidence", D("1.01"), CODE.CONFIDENCE_INVALID),
    ("confidence", D(-1), CODE.CONFIDENCE_INVALID),
    ("volatility_factor", D("0.2499"), CODE.VOLATILITY_OUT_OF_RANGE),
    ("volatility_factor", D("4.0001"), CODE.VOLATILITY_OUT_OF_RANGE),
    ("volatility_factor", D(0), CODE.VOLATILITY_OUT_OF_RANGE),
    ("volatility_factor", D(-1), CODE.VOLATILITY_OUT_OF_RANGE),
    ("equity_usd", D(0), CODE.EQUITY_INVALID),
    ("equity_usd", D(-1), CODE.EQUITY_INVALID),
    ("equity_usd", D("1E+13"), CODE.EQUITY_INVALID),
    ("equity_usd", D("1E+999999"), CODE.EQUITY_INVALID),
    ("equity_usd", D("1E-999999"), CODE.MARGIN_BELOW_MIN),
    ("mmr", D(1), CODE.MAINTENANCE_RATE_INVALID),
    ("mmr", D(-1), CODE.MAINTENANCE_RATE_INVALID),
    *(
        (name, value, code)
        for value in (
            D("NaN"),
            D("sNaN"),
            D("Infinity"),
            D("-Infinity"),
            0.9,
            "1",
            True,
            None,
        )
        for name, code in (
            ("confidence", CODE.CONFIDENCE_INVALID),
            ("volatility_factor", CODE.VOLATILITY_INVALID),
            ("equity_usd", CODE.EQUITY_INVALID),
            ("mmr", CODE.MAINTENANCE_RATE_INVALID),
        )
    ),
]


def ask(**inputs: Any) -> Sized | Abstained:
    return size(bounds=BOUNDS, **inputs)


@pytest.mark.parametrize(("name", "value", "code"), UNUSABLE)
def test_sizer_can_answer_no_trade(name: str, value: object, code: AbstainCode) -> None:
    """M-13: confidence 0 gave 5x, NaN the boldest exit, and no equity 50 USD at 72.5x."""
    usable = {
        "confidence": D("0.85"),
        "volatility_factor": D(1),
        "equity_usd": EQUITY,
        "mmr": D("0.004"),
    }
    assert isinstance(ask(**usable), Sized)

    decided = ask(**usable | {name: value})

    assert isinstance(decided, Abstained)
    assert decided.code is code
    assert len(decided.detail) < 200


def test_every_way_to_abstain_is_shown_above() -> None:
    shown = {code for *_, code in UNUSABLE} | {CODE.LEVERAGE_BELOW_MIN}

    assert shown == set(AbstainCode)


@pytest.mark.parametrize(
    ("confidence", "mode"),
    [
        ("0.5001", HarvestMode.SCALPER),
        ("0.5999", HarvestMode.SCALPER),
        ("0.6", HarvestMode.SWING),
        ("0.7999", HarvestMode.SWING),
        ("0.8", HarvestMode.TREND_RUNNER),
        ("1", HarvestMode.TREND_RUNNER),
    ],
)
def test_confidence_chooses_the_exit(confidence: str, mode: HarvestMode) -> None:
    assert mode_of(D(confidence)) is mode


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"margin_min_usd": D("NaN")}, "margin_min_usd"),
        ({"margin_max_usd": D(0)}, "margin_max_usd"),
        ({"notional_max_usd": 100_000.0}, "notional_max_usd"),
        ({"margin_min_usd": D(10_001)}, "must not exceed"),
        ({"leverage_min": D(81)}, "must not exceed"),
        ({"order_notional_max_equity_multiple": D(-1)}, "equity_multiple"),
    ],
)
def test_bounds_that_are_none_are_refused(change: dict[str, D], fault: str) -> None:
    with pytest.raises(InvalidValueError, match=fault):
        replace(BOUNDS, **change)
