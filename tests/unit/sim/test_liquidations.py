"""Liquidation: where it comes, what it takes, and what it ends."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument, liquidation_price
from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
)
from bridge_patch.sim.exchange import Exchange
from tests.unit.sim.scenery import (
    BTC,
    MINUTE,
    NO_SLIPPAGE,
    TIERS,
    Trader,
    bar,
    contract,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def test_a_liquidation_takes_the_margin_and_no_more() -> None:
    """Bankruptcy at 60,000 − 8,571.42857143 is off the tick: the fee takes the rest."""
    trader = Trader(wallet="20000")
    trader.enter(BUY, "1", 7)
    (fill,) = trader.bar(bar("40000", minute=2))

    assert isinstance(fill, Filled)
    assert fill.price_usd == D("51428.6")
    assert fill.realised_usd == D("-8571.4")
    assert fill.fee_usd == D("0.02857143")
    assert trader.exchange.wallet_usd == D(20000) - 30 - D("8571.42857143")
    assert fill.intent_id == "intent of o-1"
    assert fill.order_id.startswith("autoclose-")


def test_a_changed_position_has_another_liquidation_level() -> None:
    """0.5 at 20x and 0.5 at 50x: (2,100 − 60,000) ÷ −0.996 = 58,132.53."""
    trader = Trader()
    trader.enter(BUY, "0.5", 20)
    trader.bar(bar("58000", "60000", minute=2, close="60000"))
    trader.enter(BUY, "0.5", 50)

    assert trader.bar(bar("58132.6", "60000", minute=3)) == ()
    assert trader.bar(bar("58132.5", "58132.6", minute=4)) != ()


@pytest.mark.parametrize("stop", [None, "57000"])
@pytest.mark.parametrize(("low", "high"), [("57000", "60000"), ("56000", "57000")])
def test_reaching_the_liquidation_price_is_enough(
    low: str, high: str, stop: str | None
) -> None:
    """Funding made the margin 3,228 and the level 57,000; a stop there is late."""
    trader = Trader()
    trader.enter(BUY, "1")
    if stop:
        trader.stop(SELL, stop, order="late")
    paid = FundingPaid(
        book=Book.ACCOUNT,
        at_ms=UnixMs(MINUTE),
        symbol=BTC,
        amount_usd=D(228),
        rate_fraction=D(0),
    )
    trader.exchange.restore([paid])
    fill, *ended = trader.bar(bar(low, high, minute=2))

    assert isinstance(fill, Filled)
    assert fill.kind is FillKind.LIQUIDATION
    assert [e.order_id for e in ended if isinstance(e, OrderEnded)] == ["late"] * bool(stop)
    assert not trader.exchange.stops


def test_the_liquidation_fee_is_a_rate_of_its_own() -> None:
    """A tiny rate leaves some of the margin: 51,428.6 × 0.0000001, rounded up."""
    costs = replace(NO_SLIPPAGE, liquidation_fraction=D("0.0000001"))
    trader = Trader(wallet="20000", costs=costs)
    trader.enter(BUY, "1", 7)
    (fill,) = trader.bar(bar("40000", minute=2))

    assert isinstance(fill, Filled)
    assert fill.fee_usd == D("0.00514286")


def test_an_open_position_of_an_unlisted_contract_is_said_aloud() -> None:
    """Its liquidation cannot be worked out: silence would be a position nobody watches."""

    class Nothing:
        def find(self, symbol: str) -> Unknown:
            return Unknown("delisted")

    trader = Trader()
    trader.enter(BUY, "1")
    exchange = Exchange(
        book=Book.ACCOUNT, wallet_usd=D(10000), instruments=Nothing(), costs=NO_SLIPPAGE
    )
    exchange.restore(trader.told)

    with pytest.raises(InvalidValueError, match="delisted"):
        exchange.on_bar(bar("60000", minute=2))


@pytest.mark.parametrize(
    ("side", "quantity", "entry", "leverage", "expected"),
    [
        (BUY, 10, 30_500, 10, "27560.24"),  # tier 2 first, tier 1 at the level
        (SELL, 10, 29_000, 10, "31771.14"),  # tier 1 first, tier 2 at the level
        (BUY, 1, 60_000, 20, "57228.92"),  # tier 1 throughout
    ],
)
def test_the_liquidation_price_matches_the_worked_vectors(
    side: Side, quantity: int, entry: int, leverage: int, expected: str
) -> None:
    """The exchange's own formula, with the tier of the notional at the level."""
    instrument: Instrument = replace(contract(), brackets=TIERS)
    level = liquidation_price(
        instrument,
        side=side,
        quantity=Quantity(D(quantity)),
        entry=Price(D(entry)),
        margin_usd=D(quantity) * entry / leverage,
    )

    assert level.quantize(D("0.01")) == D(expected)


def test_the_fully_backed_long_is_never_liquidated() -> None:
    """At 1x the margin is the whole price: no price above zero takes it."""
    trader = Trader(wallet="70000")
    trader.enter(BUY, "1", 1)

    assert trader.bar(bar("0.1", minute=2)) == ()
    assert BTC in trader.exchange.positions
