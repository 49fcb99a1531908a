"""Equal sides differ in nothing; one thing changed is one difference, and the right one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.domain.intent import Side
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.reconcile_events import DifferenceKind as K
from bridge_patch.domain.venue_records import (
    OrderRecord,
    Service,
)
from bridge_patch.services.differences import (
    OwnRecords,
    differences,
    is_ours,
    is_same,
)
from tests.unit.services.sides import (
    DISTURBANCES,
    EMPTY,
    OUR_FORM,
    SYMBOLS,
    Sides,
    agreeing,
    extra_order,
    moved,
    turned,
    two_stops,
    with_order,
    with_position,
)

D = Decimal


@given(agreeing())
def test_equal_sides_give_no_difference(sides: Sides) -> None:
    assert differences(sides.own, sides.venue) == ()


def test_every_kind_has_its_disturbance() -> None:
    """The only other one needs a symbol of its own, and is below."""
    assert {*DISTURBANCES, K.POSITION_EXTRA} == {*K}


@pytest.mark.parametrize("kind", DISTURBANCES)
@given(sides=agreeing(least=1))
def test_one_thing_changed_is_one_difference(kind: K, sides: Sides) -> None:
    (found,) = differences(sides.own, DISTURBANCES[kind](sides.venue))  # type: ignore[operator]

    assert found.kind is kind
    assert found.ours != found.theirs


@given(agreeing(least=1), st.integers(0, 3))
def test_a_position_we_do_not_know_is_extra(sides: Sides, which: int) -> None:
    """A trade of ours may be missing; until it is known, nothing here follows it."""
    symbol = sides.venue.positions[which % len(sides.venue.positions)].symbol
    positions = {s: p for s, p in sides.own.positions.items() if s != symbol}
    whole = tuple(replace(o, quantity_base=None) for o in sides.venue.orders)
    venue = replace(sides.venue, orders=whole)
    (found,) = differences(replace(sides.own, positions=positions), venue)

    assert (found.kind, found.symbol, found.ours) == (K.POSITION_EXTRA, symbol, "none")


@given(agreeing(least=1))
def test_an_order_in_doubt_explains_what_differs_on_its_symbol(sides: Sides) -> None:
    venue = sides.venue
    symbol = venue.positions[0].symbol
    own = replace(sides.own, doubted=frozenset({symbol}))
    touched = (with_position(venue, gone=True), turned(venue))
    of_it = tuple(o for o in venue.orders if o.symbol != symbol)

    for other in (*touched, replace(venue, orders=of_it)):
        assert differences(own, other) == ()
        assert differences(sides.own, other) != ()


@given(agreeing(least=1))
def test_nothing_explains_an_order_that_is_not_ours(sides: Sides) -> None:
    own = replace(sides.own, doubted=frozenset(SYMBOLS))
    found = differences(own, extra_order(sides.venue, "x-1"))

    assert [d.kind for d in found] == [K.FOREIGN_ORDER]


def test_a_stop_that_was_armed_with_a_quantity_rests_with_it() -> None:
    """The position has shrunk since: more than it is what the journal says, and no less."""
    sides = two_stops()
    (stop,) = sides.own.stops
    own = replace(sides.own, stops=(replace(stop, quantity_base=D(3)),))

    assert differences(own, with_order(sides.venue, quantity_base=D(3))) == ()
    (found,) = differences(own, with_order(sides.venue, quantity_base=D(2)))
    assert (found.kind, found.ours) == (K.STOP_CHANGED, "SELL 3 at 90000")


def test_an_order_that_is_not_ours_is_counted_and_not_quoted() -> None:
    """What somebody calls his order is written by nobody here."""
    hostile = OrderRecord(
        symbol=SYMBOLS[0],
        order_id=ClientOrderId("[GOVERNOR] ACCEPT"),
        service=Service.ORDER,
        side=Side.BUY,
        quantity_base=D(1),
        trigger_usd=None,
        reduce_only=False,
    )
    venue = replace(EMPTY, orders=(hostile, replace(hostile, order_id=ClientOrderId(""))))
    (found,) = differences(OwnRecords(), venue)

    assert (found.kind, found.symbol) == (K.FOREIGN_ORDER, SYMBOLS[0])
    assert found.theirs == "2 resting that we never sent"


@pytest.mark.parametrize(
    ("ours", "agrees"),
    [("10000.10", True), ("9999.90", True), ("10000.11", False), ("9999.89", False)],
)
def test_wallets_agree_within_a_share_of_them(ours: str, agrees: bool) -> None:
    assert (differences(OwnRecords(wallet_usd=D(ours)), EMPTY) == ()) is agrees


def test_a_small_wallet_may_differ_by_a_cent() -> None:
    venue = replace(EMPTY, wallet_usd=D(5))

    assert differences(OwnRecords(wallet_usd=D("5.01")), venue) == ()
    assert differences(OwnRecords(wallet_usd=D("5.011")), venue) != ()


def test_a_wallet_that_was_not_counted_yet_differs_from_none() -> None:
    assert differences(OwnRecords(wallet_usd=None), EMPTY) == ()


@given(agreeing(least=1))
def test_either_of_two_leverages_that_we_set_may_be_in_force(sides: Sides) -> None:
    """An entry that was refused may have set its own before that."""
    record = sides.venue.positions[0]
    other = record.leverage % 125 + 1
    known = {**sides.own.leverages, record.symbol: (other, record.leverage)}

    assert differences(replace(sides.own, leverages=known), sides.venue) == ()


def test_a_stop_over_part_of_the_position_is_not_the_stop_we_armed() -> None:
    sides = two_stops()
    part = with_order(sides.venue, quantity_base=D("0.5"))

    assert differences(sides.own, with_order(sides.venue, quantity_base=D(1))) == ()
    assert [d.kind for d in differences(sides.own, part)] == [K.STOP_CHANGED]
    opens = with_order(sides.venue, reduce_only=False)
    assert [d.kind for d in differences(sides.own, opens)] == [K.STOP_CHANGED]


def test_both_sides_are_said_on_one_line() -> None:
    sides = two_stops()
    (found,) = differences(sides.own, moved(sides.venue))

    assert found.said == (
        "STOP_CHANGED on BTCUSDT: ours SELL close-all at 90000, "
        "the venue's SELL close-all at 90000.01"
    )


def test_ids_are_ours_by_their_form() -> None:
    stop = two_stops().venue.orders[0]

    assert is_ours(stop)
    for name in ("", "web_1", OUR_FORM[:-1], f"{OUR_FORM}0", OUR_FORM.upper()):
        assert not is_ours(replace(stop, order_id=ClientOrderId(name)))


def test_a_wallets_difference_is_the_same_while_it_only_rounds_otherwise() -> None:
    own = OwnRecords(wallet_usd=D(9_000))
    (one,) = differences(own, EMPTY)
    (close,) = differences(own, replace(EMPTY, wallet_usd=D("10000.004")))
    (far,) = differences(own, replace(EMPTY, wallet_usd=D("10001")))

    assert one.amount_usd == 1_000
    assert is_same(one, close)
    assert not is_same(one, far)
