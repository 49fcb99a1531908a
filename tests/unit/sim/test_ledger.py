"""The account as a fold: what each event does, and what it must not do."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.instrument import Instrument, liquidation_price
from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.venue_events import Book, Filled, FundingPaid
from bridge_patch.sim.exchange import Exchange
from bridge_patch.sim.ledger import Ledger, evolve, leverage_of
from tests.unit.sim.scenery import BTC, ETH, TIERS, Trader, TwoContracts, bar, contract

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def test_the_leverage_is_read_off_the_entry() -> None:
    """Margin is rounded to eight decimals; every whole leverage survives that."""
    for leverage in range(1, 126):
        (fill,) = Trader("95502.7", wallet="100000").enter(BUY, "0.007", leverage)
        assert isinstance(fill, Filled)
        assert leverage_of(fill) == leverage


def test_a_refused_order_is_known_and_a_refused_cancel_makes_none() -> None:
    trader = Trader()
    trader.reduce(SELL, "1", order="refused")
    trader.cancel("never was")
    orders = trader.exchange.ledger.orders

    assert orders == {(BTC, ClientOrderId("refused")): OrderState.REJECTED}


def test_funding_moves_wallet_and_margin_alike() -> None:
    """In isolated mode the position pays, so its liquidation comes nearer."""
    trader = Trader()
    trader.enter(BUY, "1")
    ledger = trader.exchange.ledger
    paid = FundingPaid(
        book=Book.ACCOUNT,
        at_ms=UnixMs(1),
        symbol=BTC,
        amount_usd=D(-6),
        rate_fraction=D("0.0001"),
    )
    evolve(ledger, paid)

    assert ledger.wallet_usd == D(9964)
    assert ledger.positions[BTC].margin_usd == D(2994)
    assert ledger.margin_usd == D(2994)

    evolve(ledger, replace(paid, symbol=ETH))
    assert ledger.wallet_usd == D(9958)
    assert ledger.margin_usd == D(2994)


def test_events_of_another_book_are_not_ours() -> None:
    """Shadow money must never show up in the account."""
    trader = Trader()
    trader.enter(BUY, "1")
    (fill,) = trader.told
    other = Exchange(book=Book.ASKED, wallet_usd=D(1), instruments=TwoContracts())
    other.restore([fill])

    assert other.ledger == Ledger(wallet_usd=D(1))


def test_a_restored_exchange_knows_the_time_and_the_price_of_its_last_trade() -> None:
    """Until the first bar the last trade is the last price: equity is known at once."""
    trader = Trader()
    trader.enter(BUY, "1")
    again = Exchange(book=Book.ACCOUNT, wallet_usd=D(10000), instruments=TwoContracts())
    again.restore(trader.told)

    assert again.now_ms == 60_000
    assert again.equity_usd() == D(9970)
    assert again.last_usd(BTC) == D(60000)
    assert again.last_usd(ETH) == Unknown("no price of ETHUSDT yet")


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
