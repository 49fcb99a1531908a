"""What each book was worth and when; every expected figure is computed by hand."""

from decimal import Decimal

import pytest

from bridge_patch.domain.events import Book, Event, FillKind
from bridge_patch.domain.intent import Mode, Side, UnixMs
from bridge_patch.evidence.books import BookHistory, Point, books_of, drawdown
from tests.unit.evidence.journal_events import (
    MINUTE,
    fill,
    funding,
    insurance,
    judged,
    mark,
    run,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def governed(*events: Event) -> BookHistory:
    return books_of(events)[Book.GOVERNED]


def curve(history: BookHistory) -> list[tuple[int, Decimal]]:
    return [(point.at_ms, point.value) for point in history.points]


def test_realised_gains_fees_and_funding_move_the_wallet() -> None:
    """1000 - 2 entry fee - 3 funding + 40 gain - 2.50 exit fee = 1032.50."""
    history = governed(
        run(),
        judged(),
        fill(10, BUY, "2", "100", fee="2"),
        funding(20, "-3"),
        fill(30, SELL, "2", "120", kind=FillKind.REDUCE, realised="40", fee="2.5"),
    )

    assert not history.marked
    assert curve(history) == [
        (0, D(1000)),
        (10, D(998)),
        (20, D(995)),
        (30, D("1032.5")),
    ]


def test_a_marked_book_shows_equity_and_never_a_wallet_under_an_open_position() -> None:
    """With a position open, the wallet is not what the book is worth."""
    history = governed(
        run(),
        fill(10, BUY, "2", "100", fee="2"),
        mark(20, "1050"),
        fill(30, SELL, "1", "120", kind=FillKind.REDUCE, realised="20", fee="1"),
        fill(40, SELL, "1", "90", kind=FillKind.STOP, realised="-10", fee="1"),
    )

    assert history.marked
    assert curve(history) == [(0, D(1000)), (20, D(1050)), (40, D(1006))]


def test_insurance_of_a_liquidation_is_in_the_wallet() -> None:
    history = governed(
        run(),
        fill(10, BUY, "1", "100", fee="1", margin="10"),
        fill(20, SELL, "1", "92", kind=FillKind.LIQUIDATION, realised="-8", fee="0"),
        insurance(20, "-1.5"),
    )
    stretch = history.over(UnixMs(0), UnixMs(20))

    assert stretch.end_usd == D("989.5")
    assert stretch.liquidations == 1


def test_books_do_not_touch_each_other() -> None:
    books = books_of(
        [
            run(),
            fill(10, BUY, "1", "100", fee="1", book=Book.ASKED),
            fill(20, BUY, "1", "100", fee="5"),
        ]
    )

    assert books[Book.ASKED].points[-1].value == D(999)
    assert books[Book.GOVERNED].points[-1].value == D(995)


def test_a_book_that_the_journal_does_not_know_is_not_invented() -> None:
    """A flat line at the deposit would say that nothing was lost."""
    books = books_of([run(), fill(10, BUY, "1", "100", book=Book.ASKED)])

    assert list(books) == [Book.ASKED]


def test_a_stretch_begins_with_what_there_was_and_counts_what_is_inside() -> None:
    """Half-open: what happened at the beginning belongs to the stretch before."""
    history = governed(
        run(),
        fill(10, BUY, "1", "100", fee="1"),
        fill(20, SELL, "1", "110", kind=FillKind.REDUCE, realised="10", fee="1"),
        fill(30, BUY, "1", "100", fee="2", order="o-2"),
        funding(35, "-4"),
        fill(40, SELL, "1", "95", kind=FillKind.STOP, realised="-5", fee="2"),
    )
    first, second = (
        history.over(UnixMs(0), UnixMs(20)),
        history.over(UnixMs(20), UnixMs(40)),
    )

    assert (first.start_usd, first.end_usd) == (D(1000), D(1008))
    assert (first.fees_usd, first.funding_usd) == (D(2), D(0))
    assert (len(first.trades), first.won) == (1, 1)
    assert first.change_pct == D("0.8")
    assert (second.start_usd, second.end_usd) == (D(1008), D(995))
    assert (second.fees_usd, second.funding_usd) == (D(4), D(-4))
    assert (len(second.trades), second.won) == (1, 0)
    assert second.points[0] == Point(UnixMs(20), D(1008))


def test_the_deepest_fall_is_measured_from_the_highest_point_before_it() -> None:
    """Peak 1200, then 900: 25 %; the later rise to 1300 and 1170 is 10 %."""
    values = [1000, 1200, 900, 1300, 1170]
    points = [Point(UnixMs(n), D(value)) for n, value in enumerate(values)]

    assert [fall.value for fall in drawdown(points)] == [D(0), D(0), D(25), D(0), D(10)]


def test_a_stretch_forgets_the_peak_of_the_time_before() -> None:
    history = governed(run(), mark(10, "2000"), mark(20, "1000"), mark(30, "900"))

    assert history.over(UnixMs(0), UnixMs(30)).drawdown_max_pct == D(55)
    assert history.over(UnixMs(20), UnixMs(30)).drawdown_max_pct == D(10)


def test_going_live_starts_the_account_and_rests_the_governed_book() -> None:
    """The shadow books go on with what is left, the account with its own deposit."""
    events: list[Event] = [
        run(),
        fill(10, BUY, "1", "100", fee="9", book=Book.ASKED),
        fill(11, SELL, "1", "100", kind=FillKind.REDUCE, fee="9", book=Book.ASKED),
        fill(12, BUY, "1", "100"),
        fill(13, SELL, "1", "100", kind=FillKind.REDUCE),
        run(50, Mode.LIVE),
        fill(60, BUY, "1", "100", fee="3", book=Book.ACCOUNT),
    ]
    books = books_of(events)

    assert curve(books[Book.ACCOUNT]) == [(50, D(1000)), (60, D(997))]
    assert curve(books[Book.ASKED])[-1] == (50, D(982))
    assert curve(books[Book.GOVERNED])[-1] == (13, D(998))


def test_a_restart_does_not_deposit_twice() -> None:
    history = governed(
        run(),
        fill(10, BUY, "1", "100", fee="1"),
        fill(20, SELL, "1", "80", kind=FillKind.REDUCE, realised="-20", fee="1"),
        run(30),
        mark(40, "978"),
    )

    assert curve(history)[-2:] == [(30, D(978)), (40, D(978))]


def test_of_a_real_venue_only_marks_are_believed() -> None:
    """Its account did not begin with a number of ours: fills cannot say what it holds."""
    history = books_of(
        [
            run(0, Mode.LIVE, venue="binance"),
            fill(10, BUY, "1", "100", book=Book.ACCOUNT),
            fill(20, SELL, "1", "100", kind=FillKind.REDUCE, book=Book.ACCOUNT),
            mark(5 * MINUTE, "5321", Book.ACCOUNT),
        ]
    )[Book.ACCOUNT]

    assert curve(history) == [(5 * MINUTE, D(5321))]


@pytest.mark.parametrize("start", ["0", "-5"])
def test_a_worthless_start_has_no_percentage(start: str) -> None:
    """Dividing by nothing must not end the report."""
    history = BookHistory(Book.ASKED, D(start), points=[Point(UnixMs(9), D(1))])
    stretch = history.over(UnixMs(0), UnixMs(9))

    assert stretch.change_pct == (D(0) if start == "0" else D(-120))
    assert stretch.drawdown_max_pct == 0
