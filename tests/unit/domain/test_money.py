"""Money is exact, finite, positive and of one unit."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.intent import Confidence, RiskBudget, StopDistance, parse_symbol
from bridge_patch.domain.money import (
    CENT,
    Leverage,
    Margin,
    Notional,
    Price,
    Quantity,
    floor_to,
)

D = Decimal
AMOUNTS = [Margin, Leverage, Notional, Price, Quantity]
SHARES = [Confidence, StopDistance, RiskBudget]


@pytest.mark.parametrize("kind", AMOUNTS)
@pytest.mark.parametrize("bad", ["0", "-0", "-500", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_an_amount_is_finite_and_positive(kind: Callable[[Decimal], Any], bad: str) -> None:
    assert kind(D("0.00000001"))
    with pytest.raises(InvalidValueError, match="must be finite and positive, was"):
        kind(D(bad))


@pytest.mark.parametrize("kind", [*AMOUNTS, *SHARES])
@pytest.mark.parametrize("bad", [1.0, 1, "1", None, True])
def test_nothing_but_a_decimal_is_an_amount(kind: Callable[[Any], Any], bad: Any) -> None:
    with pytest.raises(InvalidValueError, match=f"was {type(bad).__name__}"):
        kind(bad)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Confidence, ["0", "0.5", "1"], ["-0.01", "1.01", "NaN", "Infinity"]),
        (StopDistance, ["0.0001", "0.9999"], ["0", "1", "-0.1", "NaN"]),
        (RiskBudget, ["0", "0.01", "1E+9"], ["-0.01", "NaN", "Infinity"]),
    ],
)
def test_a_share_or_a_budget_has_its_range(
    kind: Callable[[Decimal], Any], good: list[str], bad: list[str]
) -> None:
    for text in good:
        assert kind(D(text)) == kind(D(text))
    for text in bad:
        with pytest.raises(InvalidValueError, match="must"):
            kind(D(text))


def test_margin_times_leverage_is_notional_and_so_is_quantity_times_price() -> None:
    assert Margin(D("452.61")) * Leverage(D("15.5")) == Notional(D("7015.455"))
    assert Quantity(D("0.071")) * Price(D(95_000)) == Notional(D(6745))


def test_units_do_not_mix_when_run_either() -> None:
    margin, notional, leverage = Margin(D(1)), Notional(D(1)), Leverage(D(1))
    assert len({margin, notional}) == 2
    assert margin < Margin(D(2))
    for mixed in (
        lambda: margin < notional,  # type: ignore[operator]
        lambda: margin + margin,  # type: ignore[operator]
        lambda: leverage * margin,  # type: ignore[operator]
        lambda: margin * D(2),  # type: ignore[operator]
        lambda: margin * notional,  # type: ignore[operator]
    ):
        with pytest.raises((TypeError, AttributeError)):
            mixed()


def test_an_amount_cannot_be_altered() -> None:
    margin = Margin(D(1))
    with pytest.raises(FrozenInstanceError):
        margin.usd = D(2)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "quantum", "cut"),
    [
        ("0.3", "0.1", "0.3"),
        ("0.005", "0.001", "0.005"),
        ("0.0049999", "0.001", "0.004"),
        ("451.619", "0.01", "451.61"),
        ("15.99", "1", "15"),
        ("7", "5", "5"),
        ("0", "0.1", "0"),
        ("0.9999999999999999999999999999", "1", "0"),
    ],
)
def test_a_number_is_cut_down_to_its_grid_and_never_up(
    value: str, quantum: str, cut: str
) -> None:
    """Binary floor division made 0.2 of 0.3 and 0.00499 of 0.005."""
    assert floor_to(D(value), D(quantum)) == D(cut)
    assert floor_to(D(cut), D(quantum)) == D(cut)


def test_the_cent_is_a_cent() -> None:
    assert D("0.01") == CENT


@pytest.mark.parametrize("good", ["BTCUSDT", "1000PEPEUSDT", "OPUSDT", "A" * 24, "AB"])
def test_a_symbol_is_taken_as_it_is(good: str) -> None:
    assert parse_symbol(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "A",
        "A" * 25,
        "BTCUSDT\n",
        "btcusdt",
        "BTC/USDT",
        " BTCUSDT",
        "\u0412\u0422CUSDT",
    ],
)
def test_a_symbol_of_another_form_is_none(bad: str) -> None:
    """A trailing newline passed a check that looked at the line only."""
    with pytest.raises(InvalidValueError, match="symbol must be"):
        parse_symbol(bad)
    assert issubclass(InvalidValueError, BridgeError | ValueError)
