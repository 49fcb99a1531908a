"""How a symbol did: losers in a row, and what its entries paid beyond their mark."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import (
    Book,
    DuplicateSeen,
    Event,
    FillKind,
    FundingPaid,
    Judged,
    Rearmed,
)
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.governor.record import record_of
from bridge_patch.governor.snapshot import Known
from tests.questions import FINE
from tests.unit.adapters.lines_samples import SETTLED
from tests.unit.services.doings import (
    AT,
    BTC,
    DAY,
    HOUR,
    SOL,
    approval,
    done,
    fill,
    received,
    trade,
)

D = Decimal


def losers(events: Iterable[Event], **about: Any) -> tuple[int, int | None]:
    activity = done(events, **about)
    lost_ms = activity.lost_ms
    return activity.losers_in_row, None if lost_ms is None else lost_ms - AT


def test_losers_in_a_row_are_counted_and_a_winner_ends_the_row() -> None:
    lost = [*trade("-1"), *trade("-0.01", 7)]

    assert losers(lost) == (2, 7)
    assert losers([*lost, *trade("0.01", 8)]) == (0, None)
    assert losers([*lost, *trade("0.01", 8), *trade("-3", 9)]) == (1, 9)


def test_a_trade_that_gained_and_cost_nothing_is_no_loser() -> None:
    assert losers(trade("0")) == (0, None)


def test_a_loser_is_counted_when_the_position_is_gone_and_not_before() -> None:
    """In three parts: two lose, the last one makes up for it."""
    opened = [fill("-1", "3"), fill("-5", "-1"), fill("-5", "-1")]

    assert losers(opened) == (0, None)
    assert losers([*opened, fill("12", "-1")]) == (0, None)
    assert losers([*opened, fill("10.99", "-1", 4)]) == (1, 4)


def test_the_entrys_fee_is_part_of_the_result() -> None:
    """Up by 0.90 and 1 paid on the way in."""
    assert losers([fill("-1", "1"), fill("0.9", "-1")]) == (1, 0)


def paid(amount: str, **changes: Any) -> FundingPaid:
    values: dict[str, Any] = {
        "book": Book.ACCOUNT,
        "at_ms": UnixMs(AT),
        "symbol": BTC,
        "amount_usd": D(amount),
        "rate_fraction": D("0.0001"),
    }
    return FundingPaid(**(values | changes))


@pytest.mark.parametrize(("amount", "row"), [("-2", 1), ("2", 0)])
def test_funding_is_part_of_the_result(amount: str, row: int) -> None:
    """Without it the trade ends at plus one, or at minus one."""
    result = "2" if amount == "-2" else "0"
    told: list[Event] = [fill("-1", "1"), paid(amount), fill(result, "-1")]

    assert losers(told)[0] == row


def test_a_short_that_loses_is_a_loser_too() -> None:
    told = [
        fill("-1", "-1", kind=FillKind.ENTRY),
        fill("-1", "1", 3, kind=FillKind.LIQUIDATION),
    ]

    assert losers(told) == (1, 3)


def test_losers_are_the_symbols_own() -> None:
    told = [*trade("-1"), *trade("-1", symbol=SOL), *trade("1", symbol=SOL)]

    assert losers(told) == (1, 0)
    assert losers(told, symbol=SOL) == (0, None)


@pytest.mark.parametrize("book", [Book.ACCOUNT, Book.GOVERNED])
def test_a_loser_in_another_book_is_nobodys_here(book: Book) -> None:
    for other in Book:
        own = other is book
        told = [*trade("-1", book=other), paid("-5", book=other)]
        assert losers(told, book=book)[0] == int(own)


def test_a_person_re_arms_a_symbol_and_no_other() -> None:
    rearmed = Rearmed(
        book=Book.ACCOUNT, at_ms=UnixMs(AT), symbol=BTC, who="ann", why="mended"
    )
    told = [*trade("-1"), *trade("-1", symbol=SOL), rearmed]

    assert losers(told) == (0, None)
    assert losers(told, symbol=SOL) == (1, 0)
    assert losers([*told, *trade("-1", 6)]) == (1, 6)


def test_time_alone_forgets_no_loser() -> None:
    assert losers(trade("-1"), after=30 * DAY) == (1, 0)


def test_a_message_delivered_twice_counts_once() -> None:
    """What a duplicate leaves in the journal is about the message, not about a trade."""
    again = DuplicateSeen(at_ms=UnixMs(AT), intent_id=IntentId("i-1"), entry_id="e")
    told = [received("i-1", "ann"), approval(), *trade("-1"), SETTLED]

    assert done([*told, again, again], source="ann") == done(told, source="ann")


def judged_at(mark: str, name: str = "i-1") -> Judged:
    case = record_of(FINE.knowing(mark=Known(D(mark), UnixMs(AT))).case())
    return approval(name, case=case)


@pytest.mark.parametrize(
    ("side", "price", "slippage"),
    [
        (Side.BUY, "102", 4),
        (Side.BUY, "98", 0),
        (Side.SELL, "98", 4),
        (Side.SELL, "102", 0),
    ],
)
def test_slippage_is_what_an_entry_paid_beyond_the_mark_it_was_judged_at(
    side: Side, price: str, slippage: int
) -> None:
    """Adverse only: a better price makes up for nothing."""
    filled = fill("-1", "2", side=side, price_usd=D(price))

    assert done([judged_at("100"), filled]).slippage_1h_usd == slippage


def test_slippage_adds_up_over_an_hour_and_not_longer() -> None:
    told: list[Event] = [
        judged_at("100"),
        fill("-1", "2", price_usd=D(101)),
        judged_at("100", "i-2"),
        fill("-1", "2", 30_000, price_usd=D(103), intent_id=IntentId("i-2")),
    ]

    assert [
        done(told, after).slippage_1h_usd
        for after in (30_000, HOUR - 1, HOUR, HOUR + 30_000)
    ] == [8, 8, 6, 0]


def test_an_exit_at_a_bad_price_is_no_slippage_of_an_entry() -> None:
    """It belongs to the same intent, and is none of the entry's business."""
    out = fill("-50", "-2", price_usd=D(50), kind=FillKind.STOP)

    assert done([judged_at("100"), out]).slippage_1h_usd == 0


def test_a_fill_of_nobodys_approval_has_no_mark_to_slip_from() -> None:
    assert done([fill("-1", "2", price_usd=D(500))]).slippage_1h_usd == 0


def test_a_mark_is_kept_no_longer_than_its_intent() -> None:
    """What is settled fills no more, and memory does not grow with the past."""
    told: list[Event] = [judged_at("100"), SETTLED, fill("-1", "2", price_usd=D(500))]

    assert done(told).slippage_1h_usd == 0
