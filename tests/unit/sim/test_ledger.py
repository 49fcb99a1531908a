"""The account as a fold: what each event does, and what it must not do."""

from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.venue_events import Book, Filled, FundingPaid
from bridge_patch.sim.exchange import Exchange
from bridge_patch.sim.ledger import ENDED_KEPT, Ledger, evolve, leverage_of
from tests.unit.sim.scenery import BTC, ETH, Trader, TwoContracts

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
    state_of = trader.exchange.ledger.order_state

    assert state_of(BTC, ClientOrderId("refused")) is OrderState.REJECTED
    assert state_of(BTC, ClientOrderId("never was")) is None


def test_a_fill_outlives_the_rest_of_its_order_and_not_the_next_use_of_its_id() -> None:
    """The venue lets a filled order's id be used again: what rests under it is open."""
    trader = Trader()
    trader.enter(BUY, "1", order="twice")
    state_of = trader.exchange.ledger.order_state
    twice = ClientOrderId("twice")

    assert state_of(BTC, twice) is OrderState.FILLED
    trader.stop(SELL, "58000", order="twice")
    assert state_of(BTC, twice) is OrderState.OPEN
    trader.cancel("twice")
    assert state_of(BTC, twice) is OrderState.CANCELLED


def test_only_the_newest_ended_orders_are_known() -> None:
    """A venue that never forgets is a process that never stops growing."""
    trader = Trader()
    refused = [f"r-{number}" for number in range(2 * ENDED_KEPT + 1)]
    for order in refused:
        trader.reduce(SELL, "1", order=order)
    ledger = trader.exchange.ledger
    known = [order for order in refused if ledger.order_state(BTC, ClientOrderId(order))]

    assert known == refused[-len(known) :]
    assert ENDED_KEPT < len(known) <= 2 * ENDED_KEPT
    assert len(ledger.ended) + len(ledger.ended_before) == len(known)


def test_an_order_that_rests_is_known_however_many_end_meanwhile() -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "58000", order="s")
    for number in range(2 * ENDED_KEPT + 1):
        trader.reduce(BUY, "1", order=f"r-{number}")

    assert trader.exchange.ledger.order_state(BTC, ClientOrderId("s")) is OrderState.OPEN


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
