"""Close-all stops: several may rest, none that cannot protect, none without a position."""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import Side
from bridge_patch.domain.venue_events import OrderEnded, OrderRefused, StopArmed, VenueEvent
from tests.unit.sim.scenery import BTC, Trader

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def only(events: tuple[VenueEvent, ...]) -> VenueEvent:
    (event,) = events
    return event


@pytest.mark.parametrize(
    ("side", "price", "code"),
    [
        (SELL, "60000", "-2021"),  # at the price: it would fire at once
        (SELL, "60000.1", "-2021"),
        (SELL, "59999.95", "-4014"),
        (SELL, "0", "-4006"),
        (SELL, "NaN", "-4006"),
        (BUY, "61000", "-2022"),  # the side that would enlarge a long
    ],
)
def test_a_stop_that_cannot_protect_is_refused(side: Side, price: str, code: str) -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    answer = only(trader.stop(side, price))

    assert isinstance(answer, OrderRefused)
    assert answer.code == code
    assert trader.exchange.stop_price_usd(BTC) is None


def test_a_new_stop_rests_beside_the_old_one_until_that_is_cancelled() -> None:
    """New first, then cancel: there is no instant without protection."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "58000", order="old")
    armed = only(trader.stop(SELL, "59000", order="new"))

    assert isinstance(armed, StopArmed)
    assert list(trader.exchange.stops[BTC]) == ["old", "new"]
    assert trader.exchange.stop_price_usd(BTC) == D(59000)

    ended = only(trader.cancel("old"))
    assert isinstance(ended, OrderEnded)
    assert ended.reason == "cancelled"
    assert list(trader.exchange.stops[BTC]) == ["new"]


@pytest.mark.parametrize(("price", "code"), [("60000", "-2021"), ("60000.1", "")])
def test_a_shorts_stop_must_lie_above_the_price(price: str, code: str) -> None:
    trader = Trader()
    trader.enter(SELL, "1")
    answer = only(trader.stop(BUY, price))

    assert (answer.code if isinstance(answer, OrderRefused) else "") == code


def test_the_nearest_stop_of_a_short_is_the_lowest() -> None:
    trader = Trader()
    trader.enter(SELL, "1")
    trader.stop(BUY, "62000")
    trader.stop(BUY, "61000")

    assert trader.exchange.stop_price_usd(BTC) == D(61000)


def test_closing_the_position_ends_its_stops() -> None:
    """An orphan close-all stop would close the next position."""
    trader = Trader()
    trader.enter(BUY, "1")
    trader.stop(SELL, "58000", order="a")
    trader.stop(SELL, "59000", order="b")
    _, *ended = trader.reduce(SELL, "1")

    assert [(e.order_id, e.reason) for e in ended if isinstance(e, OrderEnded)] == [
        ("a", "position closed"),
        ("b", "position closed"),
    ]
    assert not trader.exchange.stops
