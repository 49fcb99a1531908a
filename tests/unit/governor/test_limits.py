"""There is no unlimited, and no limits that contradict one another."""

from dataclasses import fields, replace
from decimal import Decimal, localcontext
from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.governor.limits import NUMBER_MAX, BelowMin, Limits
from tests.questions import SHIPPED

D = Decimal
NAMES = [f.name for f in fields(Limits) if f.init]
NUMBERS = [name for name in NAMES if isinstance(getattr(SHIPPED, name), Decimal)]
TIMES = [name for name in NAMES if name.endswith("_ms")]
MAY_BE_ZERO = {
    *("confidence_min", "taker_fee_pct", "slippage_pct"),
    *("losers_pause_ms", "shock_pause_ms", "unknown_orders_max"),
}


def other(**changes: Any) -> Limits:
    return replace(SHIPPED, **changes)


def faults(**changes: Any) -> list[str]:
    with pytest.raises(InvalidValueError) as caught:
        other(**changes)
    return str(caught.value).split("; ")


def test_every_bound_has_to_be_given() -> None:
    given = {name: getattr(SHIPPED, name) for name in NAMES}
    assert Limits(**given) == SHIPPED
    for name in NAMES:
        with pytest.raises(TypeError):
            Limits(**{k: v for k, v in given.items() if k != name})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "1E+13"])
def test_a_bound_is_a_finite_amount(name: str, bad: str) -> None:
    assert any(fault.startswith(f"{name} must be") for fault in faults(**{name: D(bad)}))


@pytest.mark.parametrize("name", NUMBERS)
def test_a_limit_of_zero_is_no_limit_set(name: str) -> None:
    if name in MAY_BE_ZERO:
        assert getattr(other(**{name: D(0)}), name) == 0
    else:
        assert any(f.startswith(f"{name} must be") for f in faults(**{name: D(0)}))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [None, 1.5, "1", b"1", [1]])
def test_a_bound_of_another_type_is_a_fault(name: str, bad: object) -> None:
    (fault,) = faults(**{name: bad})

    assert fault.startswith(f"{name} must be ")
    assert fault.endswith(f", was {type(bad).__name__}")


def test_yes_is_not_a_number_and_a_number_is_not_yes() -> None:
    assert faults(margin_min_usd=True) == ["margin_min_usd must be Decimal, was bool"]
    assert faults(snapshot_age_max_ms=True) == ["snapshot_age_max_ms must be int, was bool"]
    assert faults(fail_open=1) == ["fail_open must be bool, was int"]
    assert faults(fail_open=D(0)) == ["fail_open must be bool, was Decimal"]
    assert faults(below_min="refuse") == ["below_min must be BelowMin, was str"]


@pytest.mark.parametrize("name", TIMES)
def test_an_age_is_above_zero(name: str) -> None:
    if name in MAY_BE_ZERO:
        assert getattr(other(**{name: 0}), name) == 0
        return
    assert faults(**{name: 0}) == [
        f"{name} must be above 0 and at most {NUMBER_MAX}, was 0"
    ]
    assert getattr(other(**{name: 1}), name) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"margin_min_usd": D(10_001), "notional_max_usd": D(10**6)},
            "margin_min_usd 10001 must not exceed margin_max_usd 10000",
        ),
        ({"leverage_min": D(81)}, "leverage_min 81 must not exceed leverage_max 80"),
        (
            {"notional_max_usd": D("249.99")},
            "margin_min_usd 50 x leverage_min 5 must not exceed notional_max_usd 249.99",
        ),
        ({"leverage_max": D(126)}, "leverage_max must be from 1 to 125, was 126"),
        ({"confidence_min": D("1.01")}, "confidence_min must be from 0 to 1, was 1.01"),
        (
            {"daily_loss_max_pct": D(101)},
            "daily_loss_max_pct must be above 0 and at most 100, was 101",
        ),
        (
            {"liquidation_stops_min": D("0.9")},
            f"liquidation_stops_min must be from 1 to {NUMBER_MAX}, was 0.9",
        ),
        ({"symbols": ()}, "symbols must name at least one symbol, named none"),
        (
            {"losers_pause_min": 6},
            "losers_pause_min 6 must not exceed losers_latch_min 5",
        ),
        (
            {"notional_1h_max_equity_multiple": D(11)},
            (
                "notional_1h_max_equity_multiple 11 must not exceed"
                " notional_1d_max_equity_multiple 10"
            ),
        ),
        (
            {"venue_orders_10s_max": 1201},
            "venue_orders_10s_max 1201 must not exceed venue_orders_1m_max 1200",
        ),
        (
            {"entry_orders_max_pct": D("50.01")},
            (
                "entry_orders_max_pct 50.01 and exit_orders_reserve_pct 50 must not exceed"
                " 100 together"
            ),
        ),
        (
            {"leverage_min": D("5.5"), "leverage_max": D("5.9")},
            ("from leverage_min 5.5 to leverage_max 5.9 there must be a whole leverage"),
        ),
        (
            {"margin_min_usd": D("50.001"), "margin_max_usd": D("50.005")},
            (
                "from margin_min_usd 50.001 to margin_max_usd 50.005 there must be a"
                " whole cent"
            ),
        ),
        (
            {"leverage_min": D("5.5"), "leverage_max": D("5.5")},
            "from leverage_min 5.5 to leverage_max 5.5 there must be a whole leverage",
        ),
        (
            {"margin_min_usd": D("50.001"), "margin_max_usd": D("50.001")},
            (
                "from margin_min_usd 50.001 to margin_max_usd 50.001 there must be a"
                " whole cent"
            ),
        ),
        (
            {"leverage_min": D("5.5"), "notional_max_usd": D(275)},
            (
                "margin_min_usd 50 x leverage_min 5.5, each made whole, must not exceed"
                " notional_max_usd 275"
            ),
        ),
        (
            {"leverage_min": D("5.5"), "notional_max_usd": D("299.99")},
            (
                "margin_min_usd 50 x leverage_min 5.5, each made whole, must not exceed"
                " notional_max_usd 299.99"
            ),
        ),
        (
            {"entry_orders_max_pct": D("0.33")},
            (
                "entry_orders_max_pct 0.33 of venue_orders_10s_max 300 must be at least"
                " one order"
            ),
        ),
        (
            {"venue_orders_10s_max": 3},
            "entry_orders_max_pct 25 of venue_orders_10s_max 3 must be at least one order",
        ),
        (
            {"taker_fee_pct": D(5), "slippage_pct": D(5)},
            "taker_fee_pct 5 and slippage_pct 5 must leave some margin at leverage_min 5",
        ),
        (
            {"leverage_min": D("4.5"), "taker_fee_pct": D(10), "slippage_pct": D(0)},
            (
                "taker_fee_pct 10 and slippage_pct 0 must leave some margin at"
                " leverage_min 4.5"
            ),
        ),
    ],
)
def test_contradictions_are_told_with_both_numbers(
    changes: dict[str, Decimal], said: str
) -> None:
    assert faults(**changes) == [said]


def test_equal_bounds_are_no_contradiction() -> None:
    tight = replace(
        SHIPPED,
        margin_max_usd=D(50),
        leverage_max=D(5),
        notional_max_usd=D(250),
        confidence_min=D(1),
        drawdown_max_pct=D(100),
    )
    assert tight.margin_min_usd == tight.margin_max_usd


@pytest.mark.parametrize(
    "changes",
    [
        {"leverage_min": D("5.5"), "leverage_max": D(6)},
        {"margin_min_usd": D("50.001"), "margin_max_usd": D("50.01")},
        {"leverage_min": D("5.5"), "notional_max_usd": D(300)},
        {"margin_min_usd": D("50.001"), "notional_max_usd": D("250.05")},
        {"entry_orders_max_pct": D(25), "venue_orders_10s_max": 4},
        {"taker_fee_pct": D(5), "slippage_pct": D("4.99")},
    ],
)
def test_room_for_one_smallest_order_is_enough(changes: dict[str, Decimal]) -> None:
    """The contradictions above are told at exactly their edge."""
    assert other(**changes) != SHIPPED


@pytest.mark.parametrize("bound", [D("1E+5000"), D("-1E+999999")])
def test_a_bound_beyond_all_arithmetic_is_a_fault_like_any_other(bound: Decimal) -> None:
    told = faults(margin_min_usd=bound, leverage_min=bound)

    assert [text.partition(" ")[0] for text in told] == ["margin_min_usd", "leverage_min"]


def test_the_largest_bound_hides_no_contradiction() -> None:
    told = faults(notional_max_usd=NUMBER_MAX, leverage_min=D(81))

    assert told == ["leverage_min 81 must not exceed leverage_max 80"]


def test_all_faults_are_told_at_once() -> None:
    told = faults(margin_min_usd=D(-1), confidence_min=D(2), leverage_min=D(90))

    assert len(told) == 3


def test_equal_limits_have_equal_digests_and_others_do_not() -> None:
    """However a number was written, and whatever the arithmetic around it."""
    same = replace(SHIPPED, margin_max_usd=D("10000.000"), notional_max_usd=D("1E+5"))
    with localcontext() as context:
        context.prec = 2
        again = same.digest()
    others = {
        replace(SHIPPED, **{name: getattr(SHIPPED, name) - D("0.0001")}).digest()
        for name in NUMBERS
        if getattr(SHIPPED, name) > 0 and not name.startswith("notional_1h")
    }

    assert same.text() == SHIPPED.text()
    assert SHIPPED.digest() == same.digest() == again
    assert len(SHIPPED.digest()) == 12
    assert len(others | {SHIPPED.digest()}) == len(NUMBERS) - 1
    assert replace(SHIPPED, fail_open=True).digest() != SHIPPED.digest()
    assert replace(SHIPPED, below_min=BelowMin.CLAMP).digest() != SHIPPED.digest()


def test_the_text_lists_every_bound_once() -> None:
    assert [line.partition("=")[0] for line in SHIPPED.text().splitlines()] == NAMES
    assert "notional_max_usd=100000\n" in SHIPPED.text()


def test_a_round_trip_costs_two_fees_and_two_slippages() -> None:
    """0.05 % fee and 0.05 % slippage, twice, is 0.2 %."""
    assert SHIPPED.round_trip_fraction == D("0.002")


def test_a_symbol_that_is_named_twice_is_one_symbol() -> None:
    """Equal limits have equal digests: two processes would not work together else."""
    once, twice = (replace(SHIPPED, symbols=named) for named in (("A",), ("A", "A")))

    assert once == twice
    assert once.digest() == twice.digest()


@pytest.mark.parametrize("symbols", [(1, "A"), (None,), ("",), (b"A",)])
def test_a_symbol_that_is_no_name_is_told(symbols: Any) -> None:
    with pytest.raises(InvalidValueError, match="symbols must all be names"):
        replace(SHIPPED, symbols=symbols)
