"""What the exchange does with orders: numbers by hand, refusals by the venue's codes."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bridge_patch.domain.intent import IntentId, Side, Symbol
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    OrderEnded,
    OrderRefused,
    VenueEvent,
)
from tests.unit.sim.scenery import BTC, ETH, Trader, bar

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def only(events: tuple[VenueEvent, ...]) -> VenueEvent:
    (event,) = events
    return event


def test_an_entry_posts_margin_and_pays_the_fee() -> None:
    """1 BTC at 60,000 and 20x: margin 3,000, fee 0.05 % = 30, free 10,000 − 3,030."""
    trader = Trader()
    fill = only(trader.enter(BUY, "1", 20, order="a"))

    assert isinstance(fill, Filled)
    assert (fill.kind, fill.side, fill.quantity_base) == (FillKind.ENTRY, BUY, D(1))
    assert (fill.price_usd, fill.margin_usd, fill.fee_usd) == (D(60000), D(3000), D(30))
    assert fill.realised_usd == 0
    assert fill.intent_id == "intent of a"
    assert trader.exchange.wallet_usd == D(9970)
    assert trader.exchange.available_usd() == D(6970)
    assert trader.exchange.positions[BTC].signed_base == D(1)


def test_equity_moves_with_the_price_and_free_balance_does_not() -> None:
    """In isolated mode an unrealised gain cannot be posted again."""
    trader = Trader()
    trader.enter(SELL, "1")
    trader.bar(bar("59000", minute=2))

    assert trader.exchange.equity_usd() == D(10000) - 30 + 1000
    assert trader.exchange.available_usd() == D(6970)


def test_a_partial_reduction_releases_its_share_of_the_margin() -> None:
    """0.4 of 1 at 61,000: gain 400, fee 12.2, margin back 1,200 of 3,000."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.bar(bar("61000", minute=2))
    fill = only(trader.reduce(SELL, "0.4"))

    assert isinstance(fill, Filled)
    assert fill.kind is FillKind.REDUCE
    assert (fill.realised_usd, fill.fee_usd) == (D(400), D("12.2"))
    assert fill.margin_usd == D(-1200)
    assert trader.exchange.positions[BTC].quantity_base == D("0.6")
    assert trader.exchange.positions[BTC].margin_usd == D(1800)
    assert trader.exchange.wallet_usd == D(10000) - 30 + 400 - D("12.2")


def test_a_reduction_larger_than_the_position_closes_it_and_no_more() -> None:
    """Reduce-only never flips: the excess expires."""
    trader = Trader()
    trader.enter(BUY, "1")
    fill = only(trader.reduce(SELL, "5"))

    assert isinstance(fill, Filled)
    assert fill.quantity_base == D(1)
    assert fill.margin_usd == D(-3000)
    assert not trader.exchange.positions


def test_dust_below_the_minimum_may_be_closed_whole_and_not_in_part() -> None:
    """The least quantity must never trap a remainder: 0.015 − 0.010 leaves 0.005."""
    trader = Trader(quantity_min="0.010")
    trader.enter(BUY, "0.015")
    trader.reduce(SELL, "0.010")
    part = only(trader.reduce(SELL, "0.004"))

    assert isinstance(part, OrderRefused)
    assert part.code == "-4004"
    assert isinstance(only(trader.reduce(SELL, "0.005")), Filled)
    assert not trader.exchange.positions


def test_an_order_against_the_position_closes_and_then_opens() -> None:
    """One-way mode: sell 3 against a long of 1 leaves a short of 2, in two trades."""
    trader = Trader(wallet="20000")
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="s")
    closed, ended, opened = trader.enter(SELL, "3", 20, order="flip")

    assert isinstance(closed, Filled)
    assert isinstance(ended, OrderEnded)
    assert isinstance(opened, Filled)
    assert (closed.kind, closed.quantity_base) == (FillKind.REDUCE, D(1))
    assert (opened.kind, opened.quantity_base) == (FillKind.ENTRY, D(2))
    assert closed.trade_id != opened.trade_id
    assert closed.order_id == opened.order_id == "flip"
    assert ended.order_id == "s"
    assert trader.exchange.positions[BTC].signed_base == D(-2)
    assert trader.exchange.positions[BTC].margin_usd == D(6000)
    assert trader.exchange.ledger.opened_by[BTC] == IntentId("intent of flip")


def test_enlarging_averages_the_entry_and_adds_margin() -> None:
    trader = Trader(wallet="20000")
    trader.enter(BUY, "1")
    trader.bar(bar("62000", minute=2))
    trader.enter(BUY, "1")
    position = trader.exchange.positions[BTC]

    assert position.entry_price_usd == D(61000)
    assert position.margin_usd == D(3000) + D(3100)


def test_leverage_may_rise_but_not_fall_under_an_open_position() -> None:
    trader = Trader(wallet="20000")
    trader.enter(BUY, "0.1", 20)
    lower = only(trader.enter(BUY, "0.1", 19))
    higher = only(trader.enter(BUY, "0.1", 50))

    assert isinstance(lower, OrderRefused)
    assert lower.code == "-4161"
    assert isinstance(higher, Filled)
    assert trader.exchange.ledger.leverages[BTC] == 50


def test_margin_and_fee_together_must_be_free() -> None:
    """1 BTC at 20x needs 3,000 + 30: one cent less is refused, that much is enough."""
    short = only(Trader(wallet="3029.99").enter(BUY, "1"))
    enough = Trader(wallet="3030")

    assert isinstance(short, OrderRefused)
    assert short.code == "-2019"
    assert isinstance(only(enough.enter(BUY, "1")), Filled)
    assert enough.exchange.available_usd() == 0


@pytest.mark.parametrize(("quantity", "code"), [("5", ""), ("5.001", "-2027")])
def test_leverage_is_bounded_by_the_bracket_of_the_size(quantity: str, code: str) -> None:
    """125x up to a notional of 300,000: 5 BTC at 60,000 is the last that passes."""
    answer = only(Trader(wallet="100000").enter(BUY, quantity, 125))

    assert (answer.code if isinstance(answer, OrderRefused) else "") == code


def test_the_bracket_judges_what_will_be_open_not_the_order_alone() -> None:
    """4 + 4 BTC are 480,000 together: the second order needs the second tier."""
    trader = Trader(wallet="100000")
    trader.enter(BUY, "4", 125)
    answer = only(trader.enter(BUY, "4", 125))

    assert isinstance(answer, OrderRefused)
    assert answer.code == "-2027"


@pytest.mark.parametrize(("quantity", "code"), [("50", ""), ("50.001", "-2027")])
def test_beyond_the_last_bracket_no_leverage_is_granted(quantity: str, code: str) -> None:
    """The last tier ends at 3,000,000: 50 BTC at 60,000 is the last that passes."""
    answer = only(Trader(wallet="1000000").enter(BUY, quantity, 20))

    assert (answer.code if isinstance(answer, OrderRefused) else "") == code


@pytest.mark.parametrize(
    ("price", "quantity"),
    [("1000", "120"), ("100000", "0.001")],
    ids=["the largest quantity", "the least notional"],
)
def test_an_order_exactly_at_a_filter_passes(price: str, quantity: str) -> None:
    assert isinstance(only(Trader(price).enter(BUY, quantity)), Filled)


@pytest.mark.parametrize(
    ("wallet", "signed"), [("3090", "-1"), ("3089.99", "1")], ids=["enough", "a cent short"]
)
def test_a_flip_may_use_the_margin_it_frees_and_happens_whole_or_not(
    wallet: str, signed: str
) -> None:
    """Entry fee 30, closing fee 30, new margin 3,000 and fee 30: 3,090 in all."""
    trader = Trader(wallet=wallet)
    trader.enter(BUY, "1")
    trader.enter(SELL, "2")

    assert trader.exchange.positions[BTC].signed_base == D(signed)


def sane(trader: Trader) -> VenueEvent:
    return only(trader.enter(BUY, "1"))


REFUSALS: dict[str, tuple[str, Callable[[Trader], tuple[VenueEvent, ...]]]] = {
    "unknown symbol": ("-1121", lambda t: t.enter(BUY, "1", symbol=Symbol("NOPEUSDT"))),
    "no price yet": ("-1112", lambda t: t.enter(BUY, "1", symbol=ETH)),
    "leverage zero": ("-4028", lambda t: t.enter(BUY, "1", 0)),
    "leverage 126": ("-4028", lambda t: t.enter(BUY, "1", 126)),
    "quantity zero": ("-4003", lambda t: t.enter(BUY, "0")),
    "quantity negative": ("-4003", lambda t: t.enter(BUY, "-1")),
    "quantity NaN": ("-4003", lambda t: t.enter(BUY, "NaN")),
    "quantity infinite": ("-4003", lambda t: t.enter(BUY, "Infinity")),
    "quantity off the step": ("-1111", lambda t: t.enter(BUY, "0.0015")),
    "quantity above the most": ("-4005", lambda t: t.enter(BUY, "120.001")),
    "notional below the least": ("-4164", lambda t: t.enter(BUY, "0.001")),
    "margin missing": ("-2019", lambda t: t.enter(BUY, "5", 20)),
    "reduce while flat": ("-2022", lambda t: t.reduce(SELL, "1")),
    "stop while flat": ("-2022", lambda t: t.stop(SELL, "59000")),
    "cancel of nothing": ("-2011", lambda t: t.cancel("nothing")),
}


def test_the_sane_order_is_filled() -> None:
    """Guards the table below: each row is this order, or none, with one thing wrong."""
    assert isinstance(sane(Trader()), Filled)


@pytest.mark.parametrize("name", REFUSALS)
def test_one_disturbance_is_refused_with_its_code_and_changes_nothing(name: str) -> None:
    code, act = REFUSALS[name]
    trader = Trader()
    answer = only(act(trader))

    assert isinstance(answer, OrderRefused)
    assert answer.code == code
    assert trader.exchange.wallet_usd == D(10000)
    assert not trader.exchange.positions
    assert not trader.exchange.stops


def test_an_entry_below_the_least_quantity_is_refused() -> None:
    answer = only(Trader(quantity_min="0.010").enter(BUY, "0.009"))

    assert isinstance(answer, OrderRefused)
    assert answer.code == "-4004"


def test_a_reduction_on_the_positions_own_side_is_refused() -> None:
    trader = Trader()
    trader.enter(SELL, "1")
    answer = only(trader.reduce(SELL, "1"))

    assert isinstance(answer, OrderRefused)
    assert answer.code == "-2022"
    assert trader.exchange.positions[BTC].signed_base == D(-1)


def test_the_id_of_an_open_order_cannot_be_used_again() -> None:
    """The first order stays as it is: the refusal does not hide it."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "58000", order="s")
    answers = [trader.stop(SELL, "59000", order="s"), trader.reduce(SELL, "1", order="s")]

    assert [e.code for (e,) in answers if isinstance(e, OrderRefused)] == ["-4116"] * 2
    assert trader.exchange.ledger.order_state(BTC, ClientOrderId("s")) is OrderState.OPEN
    assert trader.exchange.stop_price_usd(BTC) == D(58000)


def test_the_id_of_a_filled_order_may_be_used_again() -> None:
    """As at the venue, where an id is unique among open orders only: no idempotency key."""
    trader = Trader()
    trader.enter(BUY, "0.1", order="a")
    trader.enter(BUY, "0.1", order="a")

    assert trader.exchange.positions[BTC].quantity_base == D("0.2")
