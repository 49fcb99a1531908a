"""Trailing stops: armed, pulled along, never back, and fired in the worst order of a bar.

A long of 1 BTC from 60,000 at 20x. A callback of 1 % behind 60,000 fires at 59,400.
"""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    OrderEnded,
    OrderRefused,
    TrailingSet,
    VenueEvent,
)
from bridge_patch.sim.exchange import Exchange
from tests.unit.sim.scenery import BTC, MINUTE, Trader, TwoContracts, bar

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def long(callback: str = "1", activation: str = "") -> Trader:
    trader = Trader()
    trader.enter(BUY, "1")
    trader.trail(SELL, callback, activation, order="t")
    return trader


def short(callback: str = "1", activation: str = "") -> Trader:
    trader = Trader()
    trader.enter(SELL, "1")
    trader.trail(BUY, callback, activation, order="t")
    return trader


def best(trader: Trader) -> Decimal | None:
    return trader.exchange.trails[BTC][ClientOrderId("t")].best_usd


def fired(events: tuple[VenueEvent, ...]) -> Decimal | None:
    """The price at which the trail traded, if it did."""
    fills = [event for event in events if isinstance(event, Filled)]
    assert all((f.kind, f.order_id) == (FillKind.STOP, "t") for f in fills)
    return fills[0].price_usd if fills else None


def test_without_an_activation_price_it_trails_from_the_last_price() -> None:
    trader = long()

    assert trader.told[-1] == TrailingSet(
        book=Book.ACCOUNT,
        at_ms=UnixMs(MINUTE),
        symbol=BTC,
        side=SELL,
        callback_pct=D(1),
        activation_usd=D(60000),
        best_usd=D(60000),
        order_id=ClientOrderId("t"),
        intent_id=trader.exchange.trails[BTC][ClientOrderId("t")].intent_id,
    )
    assert trader.exchange.stop_price_usd(BTC) == D(59400)


LONG = {
    "the level is not reached": (("60000", "59400.1", "60000"), None),
    "the low touches the level": (("60000", "59400", "60000"), "59400"),
    "the open gaps through the level": (("59000", "58900", "59000"), "59000"),
    "the high pulls it, and the low came too near to the new level": (
        ("60000", "60000", "61000"),
        "60390",
    ),
    "the low is beyond the old level already: no help from the high": (
        ("60000", "59000", "61000"),
        "59400",
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_is_trailed(name: str) -> None:
    (opened, low, high), price = LONG[name]
    trader = long()
    events = trader.bar(bar(low, high, minute=2, open_=opened))

    assert fired(events) == (price and D(price))
    assert (BTC in trader.exchange.positions) is (price is None)


SHORT = {
    "the level is not reached": (("60000", "60599.9"), None),
    "the high touches the level": (("60000", "60600"), "60600"),
    "the low pulls it, and the high came too near to the new level": (
        ("59000", "60000"),
        "59590",
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_is_trailed_in_the_mirror(name: str) -> None:
    (low, high), price = SHORT[name]
    events = short().bar(bar(low, high, minute=2, open_="60000", close=high))

    assert fired(events) == (price and D(price))


def test_the_best_price_only_gets_better() -> None:
    """60,500 pulls the level to 59,895; a lower high leaves it there."""
    trader = long()
    (moved,) = trader.bar(bar("60000", "60500", minute=2, open_="60000"))
    assert isinstance(moved, TrailingSet)
    assert (moved.best_usd, moved.at_ms) == (D(60500), 2 * MINUTE)

    assert trader.bar(bar("60000", "60400", minute=3)) == ()
    assert best(trader) == D(60500)
    assert trader.exchange.stop_price_usd(BTC) == D(59895)
    assert fired(trader.bar(bar("59895", "60000", minute=4))) == D(59895)


def test_a_higher_open_pulls_before_the_low_strikes() -> None:
    """The open comes first, that much a bar does tell: 60,600 puts the level to 59,994."""
    trader = long()
    moved, fill = trader.bar(bar("59990", "60600", minute=2, open_="60600"))

    assert isinstance(moved, TrailingSet)
    assert moved.best_usd == D(60600)
    assert fired((fill,)) == D(59994)
    assert not trader.exchange.trails


def test_it_waits_for_its_activation_price() -> None:
    trader = long("1", "61000")
    assert best(trader) is None
    assert trader.exchange.stop_price_usd(BTC) is None

    trader.bar(bar("58000", "60999.9", minute=2, open_="60000"))
    assert best(trader) is None
    trader.bar(bar("60700", "61000", minute=3, open_="60800"))
    assert best(trader) == D(61000)
    assert fired(trader.bar(bar("60390", "60900", minute=4))) == D(60390)


def test_a_shorts_activation_lies_below() -> None:
    trader = short("1", "59000")
    trader.bar(bar("59000.1", "60000", minute=2))
    assert best(trader) is None
    trader.bar(bar("58900", "59100", minute=3))

    assert best(trader) == D(58900)
    assert trader.exchange.stop_price_usd(BTC) == D(59489)


def test_the_level_is_rounded_to_the_tick_away_from_the_price() -> None:
    """0.3 % behind 60,000.1 is 59,820.0997, and 60,180.1003 for a short."""
    levels = []
    for side in (BUY, SELL):
        trader = Trader("60000.1")
        trader.enter(side, "1")
        trader.trail(side.opposite, "0.3")
        levels.append(trader.exchange.stop_price_usd(BTC))

    assert levels == [D("59820.0"), D("60180.2")]


def test_a_trail_wider_than_the_liquidation_distance_protects_nothing() -> None:
    """5 % behind 60,000 is 57,000; the liquidation stands at 57,228.9."""
    fill, *_ = long("5").bar(bar("56000", "60000", minute=2))

    assert isinstance(fill, Filled)
    assert fill.kind is FillKind.LIQUIDATION


@pytest.mark.parametrize(("stop", "first"), [("59500", "s"), ("59300", "t")])
def test_of_a_stop_and_a_trail_the_nearer_fires_and_the_other_ends(
    stop: str, first: str
) -> None:
    trader = long()
    trader.stop(SELL, stop, order="s")
    fill, ended = trader.bar(bar("59000", "60000", minute=2))

    assert isinstance(fill, Filled)
    assert isinstance(ended, OrderEnded)
    assert (fill.order_id, {fill.order_id, ended.order_id}) == (first, {"s", "t"})
    assert not trader.exchange.stops
    assert not trader.exchange.trails


def test_it_can_be_cancelled_and_ends_with_the_position() -> None:
    trader = long()
    trader.trail(SELL, "2", order="other")
    (ended,) = trader.cancel("other")
    assert isinstance(ended, OrderEnded)

    _, ended = trader.reduce(SELL, "1")
    assert isinstance(ended, OrderEnded)
    assert ended.order_id == "t"
    assert not trader.exchange.trails


@pytest.mark.parametrize(
    ("side", "callback", "activation", "code"),
    [
        (SELL, "0.1", "", ""),
        (SELL, "20", "60000.1", ""),
        (SELL, "0.09", "", "-2007"),
        (SELL, "20.1", "", "-2007"),
        (SELL, "NaN", "", "-2007"),
        (SELL, "1", "60000", "-2021"),
        (SELL, "1", "NaN", "-4135"),
        (SELL, "1", "0", "-4135"),
        (SELL, "1", "61000.05", "-4014"),
        (BUY, "1", "", "-2022"),
    ],
)
def test_what_cannot_trail_is_refused(
    side: Side, callback: str, activation: str, code: str
) -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    (answer,) = trader.trail(side, callback, activation)

    assert (answer.code if isinstance(answer, OrderRefused) else "") == code
    assert bool(trader.exchange.trails) is (code == "")


def test_a_short_activates_below_the_price_only() -> None:
    trader = Trader()
    trader.enter(SELL, "1")
    answers = [*trader.trail(BUY, "1", "60000"), *trader.trail(BUY, "1", "59999.9")]

    assert [isinstance(a, OrderRefused) for a in answers] == [True, False]


def test_an_id_in_use_is_refused_and_a_flat_account_cannot_trail() -> None:
    (again,) = long().trail(SELL, "2", order="t")
    (flat,) = Trader().trail(SELL, "1")

    assert isinstance(again, OrderRefused)
    assert isinstance(flat, OrderRefused)
    assert (again.code, flat.code) == ("-4116", "-2022")


def test_a_bar_played_again_moves_and_fires_nothing() -> None:
    """A restart repeats the last bar; the trail had been moved by it already."""
    trader = long()
    rise = bar("60000", "60500", minute=2, open_="60000", close="60500")
    trader.bar(rise)
    again = Exchange(book=Book.ACCOUNT, wallet_usd=D(10000), instruments=TwoContracts())
    again.restore(trader.told)

    assert again.trails == trader.exchange.trails
    assert again.on_bar(rise) == trader.exchange.on_bar(rise) == ()
    assert again.ledger.order_state(BTC, ClientOrderId("t")) is OrderState.OPEN


def test_what_was_armed_at_a_bars_close_was_not_there_during_it() -> None:
    trader = Trader()
    trader.enter(BUY, "1")
    dip = bar("59000", "60000", minute=2, close="60000")
    trader.bar(dip)
    trader.trail(SELL, "1", order="t")

    assert trader.bar(dip) == ()
