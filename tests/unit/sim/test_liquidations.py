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
    InsuranceCleared,
    OrderEnded,
)
from bridge_patch.sim.costs import Costs
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


def liquidated(low: str, high: str, costs: Costs = NO_SLIPPAGE) -> Trader:
    """1 BTC at 7x: margin 8,571.42857143, liquidation at −51,428.57142857 ÷ −0.996."""
    trader = Trader(wallet="20000", costs=costs)
    trader.enter(BUY, "1", 7)
    trader.bar(bar(low, high, minute=2))
    return trader


def test_the_insurance_fund_takes_what_a_liquidation_leaves() -> None:
    """Sold at 51,635.1 for −8,364.9: of the margin 206.52857143 are left, 2 % is more."""
    trader = liquidated("51000", "60000")
    _, fill, cleared = trader.told

    assert isinstance(fill, Filled)
    assert (fill.price_usd, fill.realised_usd) == (D("51635.1"), D("-8364.9"))
    assert (fill.fee_usd, fill.margin_usd) == (D(0), D("-8571.42857143"))
    assert isinstance(cleared, InsuranceCleared)
    assert cleared.amount_usd == D("-206.52857143")
    assert trader.exchange.wallet_usd == D(20000) - 30 - D("8571.42857143")
    assert fill.intent_id == cleared.intent_id == "intent of o-1"
    assert fill.order_id == cleared.order_id
    assert fill.order_id.startswith("autoclose-")


def test_the_insurance_fund_pays_what_the_margin_cannot() -> None:
    """A gap to 40,000 costs 20,000; the margin is 8,571.42857143, the fund has the rest."""
    trader = liquidated("40000", "40000")
    _, fill, cleared = trader.told

    assert isinstance(fill, Filled)
    assert (fill.price_usd, fill.realised_usd) == (D(40000), D(-20000))
    assert isinstance(cleared, InsuranceCleared)
    assert cleared.amount_usd == D("11428.57142857")
    assert trader.exchange.wallet_usd == D(20000) - 30 - D("8571.42857143")
    assert trader.exchange.available_usd() == trader.exchange.wallet_usd


def test_the_fund_takes_its_rate_and_no_more() -> None:
    """0.1 % of 51,635.1 is less than what is left: the rest stays with the account."""
    costs = replace(NO_SLIPPAGE, liquidation_fraction=D("0.001"))
    trader = liquidated("51000", "60000", costs)
    *_, cleared = trader.told

    assert isinstance(cleared, InsuranceCleared)
    assert cleared.amount_usd == D("-51.6351")
    assert trader.exchange.wallet_usd == D(20000) - 30 - D("8364.9") - D("51.6351")


def test_a_liquidation_slips_in_fast_tape() -> None:
    """0.25 + 1.1 × √0.05163511 + 5 = 5.4999 bp of 51,635.114 = 28.40, to the tick below."""
    trader = Trader(wallet="20000", costs=Costs())
    trader.exchange.restore(liquidated("60000", "60000").told)
    fill, cleared = trader.bar(bar("51000", "60000", minute=3))

    assert isinstance(fill, Filled)
    assert fill.price_usd == D("51606.7")
    assert isinstance(cleared, InsuranceCleared)
    assert cleared.amount_usd == D("-178.12857143")


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
    fill, cleared, *ended = trader.bar(bar(low, high, minute=2))

    assert isinstance(fill, Filled)
    assert isinstance(cleared, InsuranceCleared)
    assert fill.kind is FillKind.LIQUIDATION
    assert [e.order_id for e in ended if isinstance(e, OrderEnded)] == ["late"] * bool(stop)
    assert not trader.exchange.stops


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
