"""A market order takes a tenth of the bar's volume and no more; the rest expires."""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    OrderEnded,
    OrderRefused,
    VenueEvent,
)
from bridge_patch.sim.commands import Enter
from bridge_patch.sim.exchange import Exchange
from tests.unit.sim.scenery import BTC, Trader, TwoContracts, bar

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def quantities(events: tuple[VenueEvent, ...]) -> list[Decimal]:
    return [event.quantity_base for event in events if isinstance(event, Filled)]


def code(events: tuple[VenueEvent, ...]) -> str:
    (event,) = events
    assert isinstance(event, OrderRefused)
    return event.code


def test_an_entry_fills_its_share_and_the_rest_expires() -> None:
    """5 BTC traded: 0.5 of the 1 asked for fill, with the margin and fee of 0.5."""
    trader = Trader(volume="5")
    fill, ended = trader.enter(BUY, "1", order="a")

    assert isinstance(fill, Filled)
    assert (fill.quantity_base, fill.margin_usd) == (D("0.5"), D(1500))
    assert fill.fee_usd == D(15)
    assert isinstance(ended, OrderEnded)
    assert (ended.order_id, ended.reason[:16]) == ("a", "the rest expired")
    assert trader.exchange.positions[BTC].quantity_base == D("0.5")
    assert trader.exchange.ledger.order_state(BTC, ClientOrderId("a")) is OrderState.FILLED


@pytest.mark.parametrize(("volume", "filled"), [("10", "1"), ("9.999", "0.999")])
def test_the_share_is_a_tenth_cut_to_the_step(volume: str, filled: str) -> None:
    assert quantities(Trader(volume=volume).enter(BUY, "1")) == [D(filled)]


def test_orders_of_one_bar_share_its_volume() -> None:
    """Else an order cut into ten pieces would move what one order may not."""
    trader = Trader(volume="5")
    trader.enter(BUY, "0.3")
    assert quantities(trader.enter(BUY, "0.3")) == [D("0.2")]
    assert code(trader.enter(BUY, "0.3")) == "-2020"

    trader.bar(bar("60000", minute=2, volume="1"))
    assert quantities(trader.enter(BUY, "0.3")) == [D("0.1")]


def test_where_nothing_traded_nothing_can_be_opened() -> None:
    trader = Trader(volume="0")

    assert code(trader.enter(BUY, "1")) == "-2020"
    assert not trader.exchange.positions


def test_an_order_is_paid_for_as_asked() -> None:
    """The venue asks for the whole margin before it knows what will fill."""
    assert code(Trader(wallet="2000", volume="5").enter(BUY, "1")) == "-2019"


def test_an_order_against_the_position_stops_where_the_volume_does() -> None:
    trader = Trader(wallet="20000")
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="s")
    trader.bar(bar("60000", minute=2, volume="5"))
    fill, ended = trader.enter(SELL, "3", order="flip")

    assert isinstance(fill, Filled)
    assert isinstance(ended, OrderEnded)
    assert (fill.kind, fill.quantity_base) == (FillKind.REDUCE, D("0.5"))
    assert ended.order_id == "flip"
    assert list(trader.exchange.stops[BTC]) == ["s"]


def test_a_reduction_closes_its_share_and_what_is_left_stays_protected() -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="s")
    trader.bar(bar("60000", minute=2, volume="3"))
    fill, ended = trader.reduce(SELL, "1", order="r")

    assert isinstance(fill, Filled)
    assert isinstance(ended, OrderEnded)
    assert (fill.quantity_base, ended.order_id) == (D("0.3"), "r")
    assert trader.exchange.positions[BTC].quantity_base == D("0.7")
    assert trader.exchange.stop_price_usd(BTC) == D(59000)


def test_a_reduction_always_gets_somewhere() -> None:
    """The least quantity trades in any bar: else a quiet symbol could not be left."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.bar(bar("60000", minute=2, volume="0"))

    assert quantities(trader.reduce(SELL, "1")) == [D("0.001")]


def test_a_reduction_in_part_leaves_no_dust() -> None:
    """0.010 of 0.015 could be taken, and 0.005 could not be closed afterwards."""
    trader = Trader(quantity_min="0.010")
    trader.enter(BUY, "0.015")
    trader.bar(bar("60000", minute=2, volume="0.1"))

    assert quantities(trader.reduce(SELL, "0.015")) == [D("0.015")]
    assert not trader.exchange.positions


def test_a_stop_fills_whole() -> None:
    """It pays by the price: half a stop would leave the other half naked."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000")

    assert quantities(trader.bar(bar("58000", "60000", minute=2, volume="1"))) == [D(1)]


def test_a_restart_forgets_neither_the_volume_nor_what_was_taken() -> None:
    """The last bar is seen again, and what was filled at its close is in the journal."""
    trader = Trader(volume="5")
    trader.enter(BUY, "0.3")
    again = Exchange(book=Book.ACCOUNT, wallet_usd=D(10000), instruments=TwoContracts())
    again.restore(trader.told)
    again.see(bar("60000", minute=1, volume="5"))
    order = Enter(
        symbol=BTC,
        side=BUY,
        quantity_base=D("0.3"),
        leverage=20,
        order_id=ClientOrderId("b"),
        intent_id=IntentId("i"),
    )

    assert quantities(again.enter(order)) == [D("0.2")]
