"""Funding: who pays, how much, when, and what it does to the liquidation.

1 BTC from 60,000 at 20x: margin 3,000, wallet 9,970 after the entry fee of 30.
"""

from decimal import Decimal

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.market import Funding
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    VenueEvent,
)
from bridge_patch.sim.exchange import Exchange
from tests.unit.sim.scenery import BTC, ETH, MINUTE, Trader, TwoContracts, bar

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
LATER = MINUTE + 5


def amounts(events: tuple[VenueEvent, ...]) -> list[Decimal]:
    return [event.amount_usd for event in events if isinstance(event, FundingPaid)]


@pytest.mark.parametrize(
    ("side", "rate", "amount"),
    [
        (BUY, "0.0001", "-6"),
        (SELL, "0.0001", "6"),
        (BUY, "-0.0001", "6"),
        (SELL, "-0.0001", "-6"),
    ],
)
def test_longs_pay_a_positive_rate_and_shorts_a_negative_one(
    side: Side, rate: str, amount: str
) -> None:
    """60,000 × 0.01 % = 6, from or to the wallet and the position's own margin."""
    trader = Trader()
    trader.enter(side, "1")

    assert amounts(trader.fund(rate, at_ms=LATER)) == [D(amount)]
    assert trader.exchange.wallet_usd == D(9970) + D(amount)
    assert trader.exchange.positions[BTC].margin_usd == D(3000) + D(amount)
    assert trader.exchange.available_usd() == D(6970)


def test_the_notional_is_that_of_the_moment_not_of_the_entry() -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    trader.bar(bar("66000", minute=2))

    assert amounts(trader.fund("0.0001", at_ms=2 * MINUTE + 5)) == [D("-6.6")]


@pytest.mark.parametrize(("side", "amount"), [(BUY, "-0.06511375"), (SELL, "0.06511374")])
def test_what_is_paid_rounds_up_and_what_is_received_rounds_down(
    side: Side, amount: str
) -> None:
    """95,502.7 × 0.01 × 0.00006818 = 0.06511374086."""
    trader = Trader("95502.7")
    trader.enter(side, "0.01")

    assert amounts(trader.fund("0.00006818", at_ms=LATER)) == [D(amount)]


def test_a_position_is_charged_only_if_it_was_open_before_the_settlement() -> None:
    trader = Trader()
    trader.enter(BUY, "1")

    assert trader.fund("0.0001", at_ms=MINUTE) == ()
    assert amounts(trader.fund("0.0001", at_ms=MINUTE + 1)) == [D(-6)]


def test_a_settlement_played_again_is_paid_once() -> None:
    """After a restart the feed may repeat a tick, and the journal has what it caused."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.fund("0.0001", at_ms=LATER)
    again = Exchange(book=Book.ACCOUNT, wallet_usd=D(10000), instruments=TwoContracts())
    again.restore(trader.told)
    repeated = Funding(symbol=BTC, at_ms=UnixMs(LATER), rate_fraction=D("0.0001"))

    assert trader.fund("0.0001", at_ms=LATER) == ()
    assert again.on_funding((repeated,)) == ()
    assert again.wallet_usd == D(9964)
    assert amounts(trader.fund("0.0001", at_ms=LATER + 1)) == [D(-6)]


def test_who_holds_nothing_pays_nothing() -> None:
    trader = Trader()
    trader.bar(bar("2000", minute=1, symbol=ETH))
    trader.enter(BUY, "1")

    assert trader.fund("0.0001", at_ms=LATER, symbol=ETH) == ()
    assert trader.fund("0", at_ms=LATER) == ()


@pytest.mark.parametrize(("low", "liquidated"), [("57349.4", False), ("57349.3", True)])
def test_funding_moves_the_liquidation_price(low: str, liquidated: bool) -> None:
    """0.2 % cost 120: (2,880 − 60,000) ÷ −0.996 = 57,349.398, was 57,228.916."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.fund("0.002", at_ms=LATER)
    trader.bar(bar(low, "60000", minute=2))

    assert (BTC not in trader.exchange.positions) is liquidated


def test_a_position_pays_with_its_margin_and_nothing_else() -> None:
    """6 % of 60,000 is more than the margin of 3,000; the next price ends the position."""
    trader = Trader()
    trader.enter(BUY, "1")

    assert amounts(trader.fund("0.06", at_ms=LATER)) == [D(-3000)]
    assert trader.fund("0.06", at_ms=LATER + 1) == ()
    (fill,) = trader.bar(bar("59900", "60000", minute=2))
    assert isinstance(fill, Filled)
    assert (fill.kind, fill.price_usd) == (FillKind.LIQUIDATION, D(60000))
    assert trader.exchange.wallet_usd == trader.exchange.available_usd() == D(6970)


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "1", "-1", "5"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    """A percentage read as a fraction would charge a hundred times too much."""
    with pytest.raises(InvalidValueError, match="between -1 and 1"):
        Funding(symbol=BTC, at_ms=UnixMs(1), rate_fraction=D(rate))
