"""Slippage: the recorded figures, and never a fill better than the last price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.sim.costs import Costs, fill_price, usd_down, usd_up
from tests.unit.sim.scenery import contract

D = Decimal
BP = D("0.0001")


@pytest.mark.parametrize(
    ("symbol", "notional", "bp"),
    [
        ("BTCUSDT", 10_000, "0.36"),  # 0.25 + 1.1 × √0.01
        ("BTCUSDT", 1_000_000, "1.35"),  # 0.25 + 1.1
        ("BTCUSDT", 4_000_000, "4.65"),  # 0.25 + 1.1 × 4: the line, not the root
        ("ETHUSDT", 1_000_000, "2.95"),  # 0.25 + 2.7
        ("SOLUSDT", 10_000, "3.0"),  # 0.5 + 25 × 0.1
        ("LAYERUSDT", 10_000, "12.0"),  # 2 + 100 × 0.1
        ("NEWUSDT", 10_000, "12.0"),  # an unknown book is a thin one
    ],
)
def test_slippage_follows_the_documented_function(
    symbol: str, notional: int, bp: str
) -> None:
    assert Costs().slippage_fraction(Symbol(symbol), D(notional)) == D(bp) * BP


@pytest.mark.parametrize(
    ("symbol", "notional", "recorded_bp"),
    [
        ("BTCUSDT", 100_000, "0.02"),
        ("BTCUSDT", 1_000_000, "1.1"),
        ("ETHUSDT", 100_000, "0.4"),
        ("ETHUSDT", 1_000_000, "2.7"),
    ],
)
def test_slippage_is_no_kinder_than_what_was_recorded(
    symbol: str, notional: int, recorded_bp: str
) -> None:
    """The upper recorded costs: a simulator that flatters would promote what loses."""
    fraction = Costs().slippage_fraction(Symbol(symbol), D(notional))

    assert fraction >= D(recorded_bp) * BP


def test_a_stop_in_fast_tape_pays_five_basis_points_more() -> None:
    calm = Costs().slippage_fraction(Symbol("BTCUSDT"), D(10_000))
    fast = Costs().slippage_fraction(Symbol("BTCUSDT"), D(10_000), fast_tape=True)

    assert fast - calm == 5 * BP


def test_a_fill_is_rounded_to_the_tick_against_the_order() -> None:
    """60,000 × 0.1 BTC = $6,000: 0.25 + 1.1 × √0.006 = 0.335 bp = $2.01 from the price."""
    fills = [
        fill_price(
            Costs(), contract(), side=side, quantity_base=D("0.1"), last_usd=D(60_000)
        )
        for side in Side
    ]

    assert fills == [D("60002.1"), D("59997.9")]


@given(
    side=st.sampled_from(Side),
    ticks=st.integers(1, 10**7),
    steps=st.integers(1, 120_000),
    fast=st.booleans(),
)
def test_no_fill_is_better_than_the_last_price(
    side: Side, ticks: int, steps: int, *, fast: bool
) -> None:
    last = ticks * D("0.1")
    price = fill_price(
        Costs(),
        contract(),
        side=side,
        quantity_base=steps * D("0.001"),
        last_usd=last,
        fast_tape=fast,
    )

    assert price % D("0.1") == 0
    assert price > 0
    if last > D("0.1"):
        assert side.sign * (price - last) > 0


def test_amounts_are_rounded_against_us_to_eight_decimals() -> None:
    third = D(1) / D(3)

    assert usd_up(third) == D("0.33333334")
    assert usd_down(third) == D("0.33333333")
    assert usd_down(-third) == D("-0.33333334")
