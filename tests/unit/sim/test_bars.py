"""The worst order of events inside a bar, each case by hand, shorts mirroring longs.

A long of 1 BTC from 60,000 at 20x (margin 3,000): liquidation at 57,228.916, bankruptcy at
57,000. A short: bankruptcy at 63,000, liquidation at (3,000 + 60,000) ÷ 1.004 = 62,749.004.
Wallet 10,000, entry fee 30. A liquidation trades on the tick behind its price, or at the
open where that is worse; what the insurance fund does then stands in `test_liquidations`.
"""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import Side
from bridge_patch.domain.market import Bar
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    OrderEnded,
)
from bridge_patch.sim.costs import Costs, Depth
from tests.unit.sim.scenery import BTC, ETH, Trader, bar

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def after(side: Side, stop: str | None, one: Bar) -> tuple[Trader, Filled | None]:
    """A position with an optional stop meets one bar; what closed it, if anything did."""
    trader = Trader()
    trader.enter(side, "1")
    if stop:
        trader.stop(side.opposite, stop, order="stop")
    fills = [event for event in trader.bar(one) if isinstance(event, Filled)]
    return trader, fills[0] if fills else None


def told(fill: Filled | None) -> tuple[FillKind, Decimal, Decimal, Decimal] | None:
    return fill and (fill.kind, fill.price_usd, fill.realised_usd, fill.fee_usd)


LONG = {
    "the stop is not reached": ("59000", ("59000.1", "61000"), None),
    "the low touches the stop": (
        "59000",
        ("59000", "60000"),
        (FillKind.STOP, "59000", "-1000", "29.5"),
    ),
    "the low passes the stop and the liquidation: the stop is nearer": (
        "59000",
        ("57000", "60000"),
        (FillKind.STOP, "59000", "-1000", "29.5"),
    ),
    "the open lies beyond the stop: filled there, not at the level": (
        "59000",
        ("58000", "58500"),
        (FillKind.STOP, "58500", "-1500", "29.25"),
    ),
    "the open gaps through stop and liquidation": (
        "59000",
        ("57000", "57228.9"),
        (FillKind.LIQUIDATION, "57228.9", "-2771.1", "0"),
    ),
    "the low reaches the liquidation without a stop": (
        None,
        ("57228.9", "60000"),
        (FillKind.LIQUIDATION, "57228.9", "-2771.1", "0"),
    ),
    "the low stays above the liquidation": (None, ("57229", "60000"), None),
    "a stop beyond the liquidation protects nothing": (
        "57200",
        ("57100", "60000"),
        (FillKind.LIQUIDATION, "57228.9", "-2771.1", "0"),
    ),
    "the favourable extreme does not come first": (
        "59000",
        ("58900", "66000"),
        (FillKind.STOP, "59000", "-1000", "29.5"),
    ),
    "the price falls through the bankruptcy: the fund pays beyond the margin": (
        None,
        ("1000", "50000"),
        (FillKind.LIQUIDATION, "50000", "-10000", "0"),
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_meets_a_bar(name: str) -> None:
    stop, (low, high), expected = LONG[name]
    trader, fill = after(BUY, stop, bar(low, high, minute=2))

    kind, *numbers = expected or (None,)
    assert told(fill) == (expected and (kind, *map(D, numbers)))
    assert (BTC in trader.exchange.positions) == (expected is None)
    if kind is FillKind.LIQUIDATION:
        assert trader.exchange.wallet_usd == D(9970) - 3000


SHORT = {
    "the stop is not reached": ("61000", ("59000", "60999.9"), None),
    "the high touches the stop": (
        "61000",
        ("60000", "61000"),
        (FillKind.STOP, "61000", "-1000", "30.5"),
    ),
    "the open gaps through stop and liquidation": (
        "61000",
        ("62749.1", "63000"),
        (FillKind.LIQUIDATION, "62749.1", "-2749.1", "0"),
    ),
    "the high reaches the liquidation without a stop": (
        None,
        ("60000", "62749.1"),
        (FillKind.LIQUIDATION, "62749.1", "-2749.1", "0"),
    ),
    "the high stays below the liquidation": (None, ("60000", "62748.9"), None),
    "a stop beyond the liquidation protects nothing": (
        "62900",
        ("60000", "62950"),
        (FillKind.LIQUIDATION, "62749.1", "-2749.1", "0"),
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_meets_a_bar(name: str) -> None:
    stop, (low, high), expected = SHORT[name]
    one = bar(low, high, minute=2, open_=low, close=high)
    trader, fill = after(SELL, stop, one)

    kind, *numbers = expected or (None,)
    assert told(fill) == (expected and (kind, *map(D, numbers)))
    assert (BTC in trader.exchange.positions) == (expected is None)
    if kind is FillKind.LIQUIDATION:
        assert trader.exchange.wallet_usd == D(9970) - 3000


def test_a_short_gapped_over_its_stop_is_filled_at_the_open() -> None:
    one = bar("61500", "62000", minute=2, open_="61700", close="61500")
    _, fill = after(SELL, "61000", one)

    assert told(fill) == (FillKind.STOP, D(61700), D(-1700), D("30.85"))


def test_a_stop_that_slips_past_bankruptcy_costs_the_margin_and_no_more() -> None:
    """Stop at 57,300, 100 bp of slippage: 56,727 is beyond bankruptcy at 57,000."""
    rough = Depth(half_spread_bp=D(0), impact_bp=D(0))
    costs = Costs(depths={}, depth_other=rough, fast_tape_bp=D(100))
    trader = Trader(costs=costs)
    trader.enter(BUY, "1")
    trader.stop(SELL, "57300")
    (fill,) = trader.bar(bar("57250", "60000", minute=2))

    assert told(fill if isinstance(fill, Filled) else None) == (
        FillKind.STOP,
        D(57000),
        D(-3000),
        D(0),
    )
    assert trader.exchange.available_usd() == D(10000) - 30 - 3000


def test_a_stop_pays_slippage_in_fast_tape() -> None:
    """1 BTC at 59,000: 0.25 + 1.1 × √0.059 + 5 = 5.517 bp = 32.55, to the tick below."""
    trader = Trader(costs=Costs())
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000")
    (fill,) = trader.bar(bar("58000", "60000", minute=2))

    assert isinstance(fill, Filled)
    assert fill.price_usd == D("58967.4")


def test_of_two_stops_the_nearer_fires_and_the_other_ends() -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "58000", order="far")
    trader.stop(SELL, "59000", order="near")
    fill, ended = trader.bar(bar("57500", "60000", minute=2))

    assert isinstance(fill, Filled)
    assert (fill.order_id, fill.price_usd) == ("near", D(59000))
    assert isinstance(ended, OrderEnded)
    assert (ended.order_id, ended.reason) == ("far", "position closed")
    assert not trader.exchange.stops


def test_a_bar_played_again_does_not_fire_what_was_armed_after_it() -> None:
    """After a restart the feed repeats its last bar; the stop was set at its close."""
    trader = Trader()
    trader.enter(BUY, "1")
    dip = bar("58500", "60000", minute=2, close="59900")
    trader.bar(dip)
    trader.stop(SELL, "59000")

    assert trader.bar(dip) == ()
    assert trader.exchange.stop_price_usd(BTC) == D(59000)


def test_a_bar_from_before_the_newest_changes_nothing() -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    trader.bar(bar("60000", minute=5))

    assert trader.bar(bar("100", minute=4)) == ()
    assert trader.exchange.equity_usd() == D(9970)


def test_a_position_opened_at_the_close_is_not_judged_by_that_bar() -> None:
    trader = Trader()
    dip = bar("50000", "60000", minute=2, close="60000")
    trader.bar(dip)
    trader.enter(BUY, "1")

    assert trader.bar(dip) == ()
    assert BTC in trader.exchange.positions


def test_bars_of_other_symbols_do_not_touch_a_position() -> None:
    trader = Trader()
    trader.enter(BUY, "1")

    assert trader.bar(bar("1", minute=2, symbol=ETH)) == ()
    assert trader.exchange.equity_usd() == D(9970)
