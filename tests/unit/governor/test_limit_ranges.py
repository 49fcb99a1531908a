"""How far each bound may go, and what a set of limits looks like."""

from dataclasses import fields, replace
from decimal import Decimal, localcontext
from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.governor.limits import NUMBER_MAX, BelowMin, Limits
from tests.questions import SHIPPED

D = Decimal
BOUNDS = {f.name: getattr(SHIPPED, f.name) for f in fields(Limits) if f.init}
SHARES = [name for name in BOUNDS if name.endswith("_pct")]
AMOUNTS = [
    name
    for name, value in BOUNDS.items()
    if isinstance(value, Decimal)
    if name not in {*SHARES, "leverage_min", "leverage_max", "confidence_min"}
]
COUNTS = [name for name, value in BOUNDS.items() if type(value) is int]
#: Below or above them other bounds are contradicted; those faults are another test's.
RELATED = ("must not exceed", "must leave some margin", "must be at least one order")


def faults(**changes: Any) -> list[str]:
    """What is wrong with a value by itself."""
    try:
        replace(SHIPPED, **changes)
    except InvalidValueError as e:
        return [
            fault
            for fault in str(e).split("; ")
            if not any(said in fault for said in RELATED)
        ]
    return []


@pytest.mark.parametrize("name", SHARES)
def test_a_share_goes_up_to_all_of_it(name: str) -> None:
    least = "from 0 to 100" if name in {"taker_fee_pct", "slippage_pct"} else "above 0"

    assert faults(**{name: D(100)}) == []
    (fault,) = faults(**{name: D("100.01")})
    assert fault.startswith(f"{name} must be {least}")
    assert fault.endswith(", was 100.01")


@pytest.mark.parametrize("name", [*AMOUNTS, *COUNTS])
def test_an_amount_goes_up_to_what_no_one_means(name: str) -> None:
    kind = type(BOUNDS[name])

    assert faults(**{name: kind(10**12)}) == []
    (fault,) = faults(**{name: kind(10**12 + 1)})
    assert fault.startswith(f"{name} must be ")
    assert fault.endswith(f"{NUMBER_MAX}, was 1000000000001")
    assert NUMBER_MAX == 10**12


@pytest.mark.parametrize(
    ("name", "low", "high", "step"),
    [
        ("leverage_min", "1", "125", "0.01"),
        ("leverage_max", "1", "125", "0.01"),
        ("confidence_min", "0", "1", "0.01"),
        ("liquidation_stops_min", "1", "1E+12", "0.01"),
    ],
)
def test_a_range_holds_both_its_ends(name: str, low: str, high: str, step: str) -> None:
    assert faults(**{name: D(low)}) == faults(**{name: D(high)}) == []
    assert len(faults(**{name: D(low) - D(step)})) == 1
    assert len(faults(**{name: D(high) + D(step)})) == 1


@pytest.mark.parametrize("name", AMOUNTS)
def test_the_least_above_zero_is_enough(name: str) -> None:
    if name != "liquidation_stops_min":
        assert faults(**{name: D("1E-9")}) == []


def test_a_number_that_is_none_is_one_fault_and_hides_no_other() -> None:
    assert faults(margin_max_usd=D("NaN"), leverage_max=D(126)) == [
        "margin_max_usd must be finite, was NaN",
        "leverage_max must be from 1 to 125, was 126",
    ]


def test_what_is_shown_of_limits_is_what_a_person_set() -> None:
    shown = repr(SHIPPED)

    assert shown.startswith("Limits(margin_min_usd=Decimal('50'), ")
    assert [part for part in ("round_trip", "digest") if part in shown] == []


def test_limits_are_equal_where_all_that_a_person_set_is() -> None:
    """However they were written, and whatever rounding surrounded the sum of the costs."""
    with localcontext() as context:
        context.prec = 1
        rough = replace(SHIPPED, taker_fee_pct=D("0.0333"))
    fine = replace(SHIPPED, taker_fee_pct=D("0.03330"))

    assert rough == fine
    assert hash(rough) == hash(fine)


def test_symbols_are_a_set_whatever_order_they_were_written_in() -> None:
    ours, written = ("BTCUSDT", "SOLUSDT"), ("SOLUSDT", "BTCUSDT")

    assert replace(SHIPPED, symbols=written).symbols == ours
    assert replace(SHIPPED, symbols=written) == replace(SHIPPED, symbols=ours)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("margin_min_usd", D("50.00"), "margin_min_usd=50"),
        ("margin_min_usd", D("50.10"), "margin_min_usd=50.1"),
        ("margin_max_usd", D("1E+4"), "margin_max_usd=10000"),
        ("margin_max_usd", D("12300"), "margin_max_usd=12300"),
        ("slippage_pct", D("1E-7"), "slippage_pct=0.0000001"),
        ("confidence_min", D("0.0"), "confidence_min=0"),
        ("fail_open", True, "fail_open=True"),
        ("below_min", BelowMin.CLAMP, "below_min=clamp"),
        ("snapshot_age_max_ms", 10_000, "snapshot_age_max_ms=10000"),
        ("symbols", ("SOLUSDT", "BTCUSDT"), "symbols=BTCUSDT,SOLUSDT"),
    ],
)
def test_a_bound_has_one_spelling(name: str, value: object, line: str) -> None:
    limits = replace(SHIPPED, **{name: value})  # type: ignore[arg-type]

    assert line in limits.text().splitlines()


def test_the_digest_is_a_keyed_hash_of_the_text() -> None:
    """Journals hold it for ever: another spelling would disown every old verdict."""
    tiny = replace(SHIPPED, margin_min_usd=D("0.01"))

    assert len({SHIPPED.digest(), tiny.digest()}) == 2
    assert all(set(one.digest()) <= set("0123456789abcdef") for one in (SHIPPED, tiny))
    assert SHIPPED.digest() == _digest_of(SHIPPED.text())


@pytest.mark.parametrize("zero", ["-0", "0.00", "0E+3", "-0.0"])
def test_equal_limits_have_equal_digests_however_zero_is_written(zero: str) -> None:
    """A rule would refuse by LIMITS_MISMATCH what was sized under the same limits."""
    plain = replace(SHIPPED, taker_fee_pct=D(0))
    written = replace(SHIPPED, taker_fee_pct=D(zero))

    assert written == plain
    assert written.text() == plain.text()
    assert written.digest() == plain.digest()


def test_what_limits_derive_does_not_depend_on_the_arithmetic_around_them() -> None:
    """A library that lowers the precision of its thread changes no costs and no verdict."""
    fine = replace(SHIPPED, taker_fee_pct=D("0.051234567"), slippage_pct=D("0.0298765"))
    with localcontext() as rough:
        rough.prec = 3
        made = replace(fine)
        assert faults(margin_max_usd=D("10000.01")) == []

    assert made.round_trip_fraction == fine.round_trip_fraction == D("0.00162222134")


def _digest_of(text: str) -> str:
    from hashlib import blake2b

    return blake2b(text.encode(), digest_size=6, person=b"bridge-limits").hexdigest()


ORDERED = {
    "margin_min_usd": "margin_max_usd",
    "leverage_min": "leverage_max",
    "losers_pause_min": "losers_latch_min",
    "notional_1m_max_equity_multiple": "notional_1h_max_equity_multiple",
    "notional_1h_max_equity_multiple": "notional_1d_max_equity_multiple",
    "venue_orders_10s_max": "venue_orders_1m_max",
}


@pytest.mark.parametrize(("low", "high"), ORDERED.items())
def test_the_smaller_of_two_bounds_may_equal_the_larger_and_no_more(
    low: str, high: str
) -> None:
    """What is allowed in a minute is allowed in the hour around it."""
    most = BOUNDS[high]
    step = 1 if isinstance(most, int) else D("0.01")

    assert getattr(replace(SHIPPED, **{low: most}), low) == most
    with pytest.raises(InvalidValueError) as caught:
        replace(SHIPPED, **{low: most + step})
    assert f"{low} {most + step} must not exceed {high} {most}" in str(caught.value)
