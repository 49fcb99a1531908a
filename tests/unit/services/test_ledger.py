"""The account is a fold of the journal: positions, their plans, what is in doubt."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.events import (
    Book,
    DuplicateSeen,
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
    OrderRefused,
    Resolved,
    Sending,
    StopArmed,
)
from bridge_patch.domain.harvest import POLICIES, POLICY_FALLBACK, HarvestMode
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.services.ledger import COUNTED_MAX, Ledger
from bridge_patch.services.statements import Statements
from tests.simulation.rig import reserved_usd

D = Decimal
BTC = Symbol("BTCUSDT")
AT = UnixMs(1_746_360_000_000)
A = IntentId("a")
TREND = POLICIES[HarvestMode.TREND_RUNNER]
ENTRY = Sending(
    at_ms=AT,
    intent_id=A,
    order_id=ClientOrderId("o-entry"),
    leg=Leg.ENTRY,
    symbol=BTC,
    side=Side.BUY,
    quantity_base=D("0.04"),
    leverage=10,
    margin_usd=D(380),
    stop_fraction=D("0.02"),
    harvest_policy=TREND,
)
FILL = Filled(
    book=Book.ACCOUNT,
    at_ms=AT,
    symbol=BTC,
    side=Side.BUY,
    kind=FillKind.ENTRY,
    quantity_base=D("0.04"),
    price_usd=D(95_000),
    fee_usd=D(2),
    realised_usd=D(0),
    margin_usd=D(380),
    order_id=ENTRY.order_id,
    trade_id="t-1",
    intent_id=A,
)


def heard(order: Sending, event: OrderEvent) -> Resolved:
    return Resolved(
        at_ms=AT,
        intent_id=order.intent_id,
        order_id=order.order_id,
        leg=order.leg,
        event=event,
    )


def stop(name: str, price: int, book: Book = Book.ACCOUNT) -> StopArmed:
    return StopArmed(
        book=book,
        at_ms=AT,
        symbol=BTC,
        side=Side.SELL,
        stop_price_usd=D(price),
        order_id=ClientOrderId(name),
        intent_id=A,
    )


def sold(quantity: str, kind: FillKind = FillKind.REDUCE, order: str = "o-r") -> Filled:
    return replace(
        FILL,
        side=Side.SELL,
        kind=kind,
        quantity_base=D(quantity),
        margin_usd=D(0),
        order_id=ClientOrderId(order),
    )


def ended(name: str) -> OrderEnded:
    order_id = ClientOrderId(name)
    return OrderEnded(
        book=Book.ACCOUNT, at_ms=AT, symbol=BTC, order_id=order_id, reason="cancelled"
    )


def fold(*events: object) -> Ledger:
    ledger = Ledger()
    for event in events:
        ledger.apply(event)  # type: ignore[arg-type]
    return ledger


OPENED = (ENTRY, FILL, heard(ENTRY, OrderEvent.FILLED))


def test_an_entry_is_reserved_from_its_record_to_its_answer() -> None:
    ledger = fold(ENTRY)
    assert reserved_usd(ledger) == (D(3800), D(380))
    assert reserved_usd(ledger, ENTRY.order_id) == (D(0), D(0))
    ledger.apply(heard(ENTRY, OrderEvent.TIMED_OUT))
    assert reserved_usd(ledger) == (D(3800), D(380))
    ledger.apply(heard(ENTRY, OrderEvent.FOUND_ABSENT))

    assert reserved_usd(ledger) == (D(0), D(0))
    assert ledger.in_doubt == {}


def test_only_a_stop_may_rest_a_market_order_that_is_accepted_is_not_over() -> None:
    move = replace(ENTRY, leg=Leg.STOP, order_id=ClientOrderId("o-s"), margin_usd=None)

    assert fold(ENTRY, heard(ENTRY, OrderEvent.ACCEPTED)).in_doubt != {}
    assert fold(move, heard(move, OrderEvent.ACCEPTED)).in_doubt == {}


def test_an_answer_that_the_order_table_forbids_is_refused() -> None:
    ledger = fold(ENTRY)

    with pytest.raises(IllegalTransitionError):
        ledger.apply(heard(ENTRY, OrderEvent.CANCELLED))
    assert ledger.in_doubt != {}


def test_an_order_is_unsent_only_while_nothing_was_heard_and_it_was_asked_for() -> None:
    own = replace(ENTRY, leg=Leg.STOP, order_id=ClientOrderId("o-s"))
    wish = replace(own, intent_id=IntentId("x"))

    assert fold(ENTRY).unsent(ENTRY)
    assert not fold(ENTRY, heard(ENTRY, OrderEvent.TIMED_OUT)).unsent(ENTRY)
    assert not fold(*OPENED, own).unsent(own)
    assert fold(*OPENED, wish).unsent(wish)


def test_the_stop_that_fires_first_is_the_one_that_protects() -> None:
    ledger = fold(*OPENED, stop("s-1", 93_000), stop("s-2", 94_000), stop("s-3", 93_500))

    assert ledger.stop_price_usd(BTC) == 94_000
    assert {s.order_id for s in ledger.stale_stops(BTC)} == {"s-1", "s-3"}


def test_for_a_short_the_lower_stop_fires_first() -> None:
    short = replace(FILL, side=Side.SELL)
    stops = [replace(s, side=Side.BUY) for s in (stop("s-1", 97_000), stop("s-2", 96_000))]
    ledger = fold(ENTRY, short, *stops)

    assert ledger.stop_price_usd(BTC) == 96_000
    assert ledger.positions[BTC].signed_base == D("-0.04")


def test_of_two_equal_stops_one_is_stale() -> None:
    ledger = fold(*OPENED, stop("s-1", 93_000), stop("s-2", 93_000))

    assert [s.order_id for s in ledger.stale_stops(BTC)] == ["s-1"]


def test_a_position_without_a_stop_is_naked() -> None:
    assert fold(*OPENED).naked() == (BTC,)
    assert fold(*OPENED, stop("s-1", 93_000)).naked() == ()
    assert fold(*OPENED, stop("s-1", 93_000), ended("s-1")).naked() == (BTC,)


def test_a_part_closed_leaves_the_stop_and_what_the_entry_was() -> None:
    """A close-all stop is the size of the position, whatever that is."""
    ledger = fold(*OPENED, stop("s-1", 93_000), sold("0.01"))
    update = Statements().of(ledger, BTC, AT)

    assert (update.quantity_base, update.first_base) == (D("0.03"), D("0.04"))
    assert update.stop_price_usd == 93_000
    assert (update.policy, update.intent_id) == (TREND, A)


def test_stops_that_outlive_their_position_are_to_be_ended() -> None:
    ledger = fold(*OPENED, stop("s-1", 93_000), sold("0.04"))
    assert ledger.positions == {}
    assert [s.order_id for s in ledger.stale_stops(BTC)] == ["s-1"]
    ledger.apply(ended("s-1"))

    assert ledger.stale_stops(BTC) == ()


def test_an_orphan_does_not_protect_the_next_position() -> None:
    """It belonged to another trade: the new one is naked until it has its own."""
    again = replace(ENTRY, order_id=ClientOrderId("o-2"), intent_id=IntentId("b"))
    refill = replace(FILL, order_id=again.order_id, intent_id=again.intent_id)
    ledger = fold(*OPENED, stop("s-1", 93_000), sold("0.04"), again, refill)

    assert ledger.naked() == (BTC,)
    assert [s.order_id for s in ledger.stale_stops(BTC)] == ["s-1"]


def test_a_stop_that_fired_does_not_rest() -> None:
    fired = sold("0.04", FillKind.STOP, order="s-1")
    ledger = fold(*OPENED, stop("s-1", 93_000), fired)

    assert (ledger.positions, ledger.stale_stops(BTC)) == ({}, ())


def test_flat_can_be_stated_of_whatever_was_ever_held() -> None:
    update = Statements().of(fold(*OPENED, sold("0.04")), BTC, AT)

    assert (update.quantity_base, update.stop_price_usd) == (D(0), None)
    assert update.side is Side.BUY


def test_a_shadow_books_doings_are_not_the_accounts() -> None:
    shadow = replace(FILL, book=Book.GOVERNED)
    ledger = fold(ENTRY, shadow, stop("s-1", 93_000, Book.GOVERNED))

    assert (ledger.positions, ledger.stop_price_usd(BTC)) == ({}, None)


def test_a_position_that_nobody_planned_is_harvested_by_the_documented_default() -> None:
    assert Statements().of(fold(FILL), BTC, AT).policy == POLICY_FALLBACK


def test_funding_is_paid_from_the_margin_that_is_posted() -> None:
    paid = FundingPaid(
        book=Book.ACCOUNT, at_ms=AT, symbol=BTC, amount_usd=D(-3), rate_fraction=D("0.001")
    )

    assert fold(*OPENED, paid).positions[BTC].margin_usd == 377


def test_attempts_make_the_ids_of_later_orders_distinct() -> None:
    own = replace(ENTRY, leg=Leg.STOP, order_id=ClientOrderId("o-s"), margin_usd=None)

    assert fold(*OPENED).plans[BTC].attempts == 0
    assert fold(*OPENED, own).plans[BTC].attempts == 1


def test_why_the_venue_said_no_is_kept_with_the_plan() -> None:
    no = OrderRefused(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        order_id=ENTRY.order_id,
        code="-2019",
        message="Margin is insufficient.",
    )

    assert fold(ENTRY, no).plans[BTC].refusals == {ENTRY.order_id: no}


def test_set_aside_messages_are_remembered_for_a_while_and_memory_stays_flat() -> None:
    seen = [
        DuplicateSeen(at_ms=AT, intent_id=A, entry_id=f"{n}")
        for n in range(COUNTED_MAX + 9)
    ]
    ledger = fold(*seen)

    assert len(ledger.counted) == COUNTED_MAX
    assert "8" not in ledger.counted
    assert "9" in ledger.counted


def test_a_sized_stop_guards_only_what_it_covers() -> None:
    """The entry's second trade made the position larger than its stop: it is NAKED."""
    half = replace(FILL, quantity_base=D("0.02"))
    sized = replace(stop("s-1", 93_000), quantity_base=D("0.02"))
    ledger = fold(ENTRY, half, sized)
    assert ledger.naked() == ()
    assert ledger.stop_price_usd(BTC) == 93_000

    ledger.apply(replace(half, trade_id="t-2"))
    assert ledger.naked() == (BTC,)
    assert ledger.stop_price_usd(BTC) is None
    assert ledger.stale_stops(BTC) == (), "half a stop is better than none"

    ledger.apply(replace(stop("s-2", 92_000), quantity_base=D("0.04")))
    assert ledger.stop_price_usd(BTC) == 92_000
    assert [s.order_id for s in ledger.stale_stops(BTC)] == ["s-1"]

    ledger.apply(sold("0.03"))
    assert ledger.stop_price_usd(BTC) == 93_000, "it covers what is left"
