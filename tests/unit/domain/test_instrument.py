"""Filters, brackets and liquidation, against the venue's own worked figures."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import (
    CostRates,
    leverage_allowed,
    leverage_for_distance,
    liquidation_distance,
    liquidation_price,
)
from bridge_patch.domain.intent import Side
from bridge_patch.domain.money import Notional, Price, Quantity
from tests.questions import BTC_RULES, tier

D = Decimal
CENT = D("0.01")


@pytest.mark.parametrize(
    ("side", "base", "entry", "leverage", "expected"),
    [
        (Side.BUY, "10", "30500", 10, "27560.24"),
        (Side.SELL, "10", "29000", 10, "31771.14"),
        (Side.BUY, "1", "60000", 20, "57228.92"),
    ],
    ids=["tier 2 then 1", "tier 1 then 2", "tier 1"],
)
def test_the_venues_liquidation_vectors(
    side: Side, base: str, entry: str, leverage: int, expected: str
) -> None:
    """Isolated, wallet = notional / leverage; the tier is that of the notional at LP."""
    quantity, price = Quantity(D(base)), Price(D(entry))
    level = liquidation_price(
        BTC_RULES,
        side=side,
        quantity=quantity,
        entry=price,
        margin_usd=(quantity * price).usd / leverage,
    )

    assert level.quantize(CENT) == D(expected)


def test_a_long_that_is_fully_backed_is_never_liquidated() -> None:
    level = liquidation_price(
        BTC_RULES,
        side=Side.BUY,
        quantity=Quantity(D(1)),
        entry=Price(D(30_000)),
        margin_usd=D(30_001),
    )
    assert level == 0


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("leverage", [2, 5, 15, 50, 125])
def test_distance_and_price_are_the_same_formula(side: Side, leverage: int) -> None:
    """In tier 1, entry x (1 -+ distance) is the liquidation price."""
    quantity, entry = Quantity(D("0.1")), Price(D(60_000))
    margin = (quantity * entry).usd / leverage
    level = liquidation_price(
        BTC_RULES, side=side, quantity=quantity, entry=entry, margin_usd=margin
    )
    distance = liquidation_distance(side, D(leverage), D("0.004"))

    assert (entry.usd * (1 - side.sign * distance) - level).copy_abs() < D("1E-15")


@pytest.mark.parametrize(
    ("side", "expected"), [(Side.BUY, "15.68"), (Side.SELL, "15.57")], ids=["long", "short"]
)
def test_the_contracts_leverage_for_a_distance_of_six_percent(
    side: Side, expected: str
) -> None:
    """Long 1/(0.06 x 0.996 + 0.004), short 1/(0.06 x 1.004 + 0.004)."""
    most = leverage_for_distance(side, D("0.06"), D("0.004"))
    back = liquidation_distance(side, most, D("0.004"))

    assert most.quantize(CENT) == D(expected)
    assert (back - D("0.06")).copy_abs() < D("1E-20")


@pytest.mark.parametrize(
    ("notional", "most"),
    [("0", 125), ("300000", 125), ("300000.01", 100), ("800000", 100), ("9E+9", 75)],
)
def test_a_tier_holds_up_to_its_cap(notional: str, most: int) -> None:
    assert BTC_RULES.bracket_at(D(notional)).leverage_max == most
    assert leverage_allowed(BTC_RULES, D(notional)).times == most


def test_a_quantity_is_cut_down_to_the_step() -> None:
    assert BTC_RULES.quantity_of(Notional(D(6750)), Price(D(95_000))) == D("0.071")
    assert BTC_RULES.quantity_of(Notional(D(94)), Price(D(95_000))) == 0


@pytest.mark.parametrize(
    ("opened", "wanted", "closed"),
    [
        ("1", "0.5", "0.5"),
        ("1", "0.5004", "0.5"),
        ("1", "2", "1"),
        ("1", "0.9995", "0.999"),
        ("0.0015", "0.001", "0.0015"),
        ("0.002", "0.0009", "0.002"),
    ],
    ids=["half", "to the step", "all", "almost all", "leaves dust", "is dust"],
)
def test_a_reduction_leaves_no_dust(opened: str, wanted: str, closed: str) -> None:
    assert BTC_RULES.reducible(D(opened), D(wanted)) == D(closed)


@pytest.mark.parametrize(
    ("price", "side", "tick"),
    [
        ("94999.91", Side.BUY, "95000.0"),
        ("94999.91", Side.SELL, "94999.9"),
        ("94999.9", Side.BUY, "94999.9"),
    ],
)
def test_a_stop_is_rounded_towards_the_entry(price: str, side: Side, tick: str) -> None:
    assert BTC_RULES.price_beyond(D(price), side).usd == D(tick)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"brackets": ()}, "at least one leverage bracket"),
        ({"quantity_step": D(0)}, "quantity_step must be finite and positive"),
        ({"price_tick": D("NaN")}, "price_tick must be finite and positive"),
        ({"quantity_min": D(-1)}, "quantity_min must be finite and positive"),
        ({"quantity_max": D("Infinity")}, "quantity_max must be finite and positive"),
        ({"notional_min": D(-1)}, "notional_min must be finite and not negative"),
        ({"brackets": (tier(0, "0", "1", "0.1", "0"),)}, "leverage, rate and cap"),
        ({"brackets": (tier(5, "0", "1", "1", "0"),)}, "leverage, rate and cap"),
        ({"brackets": (tier(5, "0", "0", "0.1", "0"),)}, "leverage, rate and cap"),
        (
            {"brackets": (tier(5, "0", "2", "0.1", "0"), tier(6, "2", "3", "0.1", "0"))},
            "must tighten",
        ),
        (
            {"brackets": (tier(5, "0", "2", "0.1", "0"), tier(5, "2", "2", "0.1", "0"))},
            "must tighten",
        ),
        (
            {"brackets": (tier(5, "0", "2", "0.1", "0"), tier(5, "2", "3", "0.09", "0"))},
            "must tighten",
        ),
    ],
)
def test_rules_that_are_no_rules_are_refused(changes: dict[str, Any], said: str) -> None:
    """A tier that grants a larger position more would make caps depend on their order."""
    with pytest.raises(InvalidValueError, match=f"BTCUSDT: .*{said}"):
        replace(BTC_RULES, **changes)


def test_the_listed_contracts_are_in_order() -> None:
    listed = ListedInstruments()

    assert len(listed.symbols) >= 12
    assert {listed.find(symbol) for symbol in listed.symbols}


def test_a_round_trip_costs_two_fees_and_two_slippages() -> None:
    assert CostRates().round_trip_fraction == D("0.002")
