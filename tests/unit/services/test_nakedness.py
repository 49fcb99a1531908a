"""How long a position was NAKED is a fold of the journal, exact and replayed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from bridge_patch.domain.events import Book, Event, Filled, FillKind, OrderEnded, Sending
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.nakedness import REST_MS, Naked, Nakedness
from bridge_patch.services.pauses import Tried
from tests.unit.services.test_ledger import AT, BTC, ENTRY, FILL, stop

D = Decimal
STOP: Final = stop("s-1", 93_000)


def fold(*events: Event) -> Nakedness:
    account = AccountFold.of(Book.ACCOUNT)
    for event in events:
        account.fold(event)
    assert set(account.nakedness.open) == set(account.ledger.naked())
    return account.nakedness


def later(event: Event, ms: int) -> Event:
    return replace(event, at_ms=UnixMs(AT + ms))


def gone(order_id: str, ms: int) -> OrderEnded:
    return OrderEnded(
        book=Book.ACCOUNT,
        at_ms=UnixMs(AT + ms),
        symbol=BTC,
        order_id=ClientOrderId(order_id),
        reason="cancelled",
    )


def sent(leg: Leg, ms: int) -> Sending:
    return replace(
        ENTRY,
        at_ms=UnixMs(AT + ms),
        leg=leg,
        order_id=ClientOrderId(f"{leg}-{ms}"),
        margin_usd=None,
        leverage=None,
    )


def out(ms: int, quantity: str = "0.04") -> Filled:
    return replace(
        FILL,
        at_ms=UnixMs(AT + ms),
        side=Side.SELL,
        kind=FillKind.REDUCE,
        quantity_base=D(quantity),
        order_id=ClientOrderId(f"out-{ms}"),
        trade_id=f"t-{ms}",
    )


def test_a_position_is_naked_from_its_fill_until_its_stop_rests() -> None:
    open_ = fold(ENTRY, FILL)
    over = fold(ENTRY, FILL, later(STOP, 700))

    assert open_.open == {BTC: Naked(AT)}
    assert open_.total_ms(UnixMs(AT + 300)) == 300
    assert (over.open, over.spells, over.total_ms(UnixMs(AT + 9_000))) == ({}, 1, 700)


def test_a_stop_that_is_lost_from_sight_and_seen_again_is_in_one_spell() -> None:
    """It is told as armed when it was, which may be long ago: it has not rested since."""
    armed = later(STOP, 700)
    late = REST_MS + 10_000
    seen = fold(
        *(ENTRY, FILL, sent(Leg.STOP, 1), armed, gone("s-1", late)),
        *(sent(Leg.STOP, late + 1), armed, gone("s-1", late + 3_000)),
        *(armed, gone("s-1", late + 6_000)),
    )

    assert (seen.spells, seen.open[BTC].stops_sent) == (2, 1)
    assert seen.open[BTC].again_ms == AT + late + 6_000


def test_a_stop_that_ends_after_long_begins_another_spell_and_the_spells_add_up() -> None:
    """Cancelled by the venue, expired, displaced: whatever the cause."""
    seen = fold(
        *(ENTRY, FILL, sent(Leg.STOP, 1), later(STOP, 700), gone("s-1", 700 + REST_MS)),
        *(later(stop("s-2", 93_000), REST_MS + 2_200), out(REST_MS + 9_000)),
    )
    begun = fold(
        ENTRY, FILL, sent(Leg.STOP, 1), later(STOP, 700), gone("s-1", 700 + REST_MS)
    )

    assert (seen.open, seen.spells, seen.ended_ms) == ({}, 2, 700 + 1_500)
    assert begun.open == {BTC: Naked(UnixMs(AT + 700 + REST_MS))}


def test_a_stop_that_ends_soon_does_not_end_the_spell() -> None:
    """What was sent and how long it was NAKED go on; the time it was covered does not."""
    story = (ENTRY, FILL, sent(Leg.STOP, 1), later(STOP, 700), gone("s-1", 699 + REST_MS))
    again = fold(*story)
    over = fold(*story, later(stop("s-2", 93_000), REST_MS + 1_699))

    assert again.open == {BTC: Naked(AT, 1, 700, UnixMs(AT + 699 + REST_MS))}
    assert again.age_ms(BTC, UnixMs(AT + REST_MS + 999)) == 700 + 300
    assert again.total_ms(UnixMs(AT + REST_MS + 999)) == 700 + 300
    assert (over.open, over.spells, over.ended_ms) == ({}, 1, 700 + 1_000)


def test_a_spell_is_not_the_next_positions() -> None:
    again = replace(FILL, at_ms=UnixMs(AT + 30), trade_id="t-again")
    seen = fold(ENTRY, FILL, sent(Leg.STOP, 1), STOP, out(20), again, gone("s-1", 40))

    assert seen.open == {BTC: Naked(UnixMs(AT + 40))}
    assert (seen.covered, seen.spells) == ({}, 2)


def test_a_stop_that_does_not_cover_what_was_filled_since_leaves_it_naked() -> None:
    part = replace(STOP, quantity_base=D("0.04"))
    more = replace(FILL, at_ms=UnixMs(AT + 500), trade_id="t-2")
    seen = fold(ENTRY, FILL, part, more)

    assert seen.open == {BTC: Naked(UnixMs(AT + 500))}
    assert seen.spells == 2, "it grew, and no stop ended"


def test_a_replacement_new_first_is_no_spell() -> None:
    seen = fold(ENTRY, FILL, STOP, later(stop("s-2", 94_000), 50), gone("s-1", 60))

    assert (seen.open, seen.spells, seen.ended_ms) == ({}, 1, 0)


def test_what_was_tried_is_counted_over_the_spell_and_over_the_position() -> None:
    """Stops begin anew when one has rested for long; closes only when it is flat."""
    seen = fold(
        *(ENTRY, FILL, sent(Leg.STOP, 1), sent(Leg.STOP, 2), sent(Leg.FLATTEN, 3)),
        *(sent(Leg.FLATTEN, 9),),
    )
    again = fold(ENTRY, FILL, sent(Leg.STOP, 1), STOP, gone("s-1", 20))

    assert seen.open[BTC].stops_sent == 2
    assert seen.closing == {BTC: Tried(2, UnixMs(AT + 9))}
    assert again.open[BTC].stops_sent == 1
    assert fold(ENTRY, FILL, sent(Leg.FLATTEN, 3), out(4)).closing == {}


def test_the_books_of_a_shadow_are_not_the_accounts() -> None:
    shadow = replace(FILL, book=Book.GOVERNED)

    assert fold(shadow).spells == 0
