"""`status` is a fold: the same entries give the same standing, and nothing else does."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bridge_patch.adapters.bus_look import Place
from bridge_patch.adapters.journal_search import QuickCheck
from bridge_patch.app.status.fold import KINDS, StatusFold
from bridge_patch.app.status.standing import journal_view, standing
from bridge_patch.app.status.view import Standing
from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Event,
    FundingPaid,
    LatchSet,
    OrderEnded,
    Resolved,
    StopArmed,
    TradingState,
    TrailingSet,
)
from bridge_patch.domain.intent import Mode, Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.services.backlog import BacklogLimits, Waiting, backlog_of
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.ports import Stored
from tests.unit.adapters.lines_samples import (
    ACCEPTED,
    AT,
    BTC,
    DEAD,
    FILLED,
    ID,
    ORDER,
    SENDING,
)
from tests.unit.app.story import IN_DOUBT, RUN, story

D = Decimal
BEHIND = backlog_of(
    Waiting(lag=3, pending=1, oldest_ms=UnixMs(0)),
    BacklogLimits(entries_max=9, age_max_sec=60),
    now_ms=UnixMs(61_000),
    ended=4,
    took_ms=2_000,
)
PLACES = (Place(stream="s", group="execution", lag=3, pending=1),)
STOP = StopArmed(
    book=Book.ACCOUNT,
    at_ms=AT,
    symbol=BTC,
    side=Side.SELL,
    stop_price_usd=D(101_000),
    order_id=ClientOrderId("bp-stop"),
    intent_id=ID,
)
HALTED = LatchSet(
    book=Book.ACCOUNT,
    at_ms=AT,
    state=TradingState.HALTED,
    cause="DRAWDOWN",
    who="governor",
    why="fell 20.1 %",
)


def folded(events: Sequence[Event]) -> StatusFold:
    fold = StatusFold()
    for number, event in enumerate(events, 1):
        fold.apply(Stored(seq=number, run_id="r", recorded_ms=0, event=event, link=""))
    return fold


def stands(*events: Event) -> Standing:
    check = QuickCheck(entries=1, head_seq=1, fault="")
    view = journal_view("j.db", check, 1000, 61_000)
    return standing(
        folded(events), bus=PLACES, backlog=BEHIND, streams={"s": 9}, journal=view
    )


def test_an_empty_journal_has_no_run_and_is_not_halted() -> None:
    found = stands()

    assert found.run is None
    assert (found.state.state, found.equity, found.positions) == ("RUNNING", None, ())
    assert found.exposure.notional_usd == 0


def test_the_whole_story_stands_as_it_was_told() -> None:
    """Worked by hand from tests/unit/app/story.py."""
    found = stands(*story())

    assert found.run is not None
    assert (found.run.mode, found.run.venue, found.run.simulated) == ("live", "paper", True)
    assert (found.state.state, found.state.cause) == ("REDUCING", "DAILY_LOSS")
    assert found.this_run.entries == {"ACCEPT": 2, "CLAMP": 1, "REJECT": 1}
    assert found.this_run.reductions == {"ACCEPT": 1}
    assert found.this_run.refusals == {"SIZE_BELOW_MIN": 1}
    assert found.this_run.dead_letters == {"not_understood": 1}
    assert (found.this_run.expired, found.this_run.duplicates) == (1, 1)
    assert found.decided_id == IN_DOUBT
    (open_,) = found.positions
    assert (open_.symbol, open_.side, open_.quantity_base) == ("BTCUSDT", "BUY", D("0.071"))
    assert (open_.stop_price_usd, open_.policy) == (D(93103), "trend_runner")
    assert open_.age_ms == 10 * 60_000


def test_equity_stands_against_its_limits() -> None:
    """(10,000 - 9,380.50) / 10,000 = 6.195 %; (10,020.25 - 9,380.50) / 10,020.25."""
    equity = stands(*story()).equity

    assert equity is not None
    assert equity.day_loss_pct == D("6.195")
    assert equity.day_loss_max_pct == 6
    assert equity.drawdown_pct is not None
    assert round(equity.drawdown_pct, 4) == D("6.3846")
    assert equity.drawdown_max_pct == 20


def test_a_later_reading_of_equity_is_believed_and_an_older_one_is_not() -> None:
    mark = EquityMarked(
        book=Book.ACCOUNT,
        at_ms=UnixMs(AT + 60_000),
        equity_usd=D(9000),
        peak_usd=D(10_000),
        day_start_usd=D(10_000),
    )
    judged = next(e for e in story() if type(e).__name__ == "Judged")
    later = stands(RUN, replace(mark, at_ms=UnixMs(0)), judged)
    earlier = stands(RUN, replace(mark, at_ms=UnixMs(AT * 2)), judged)

    assert later.equity is not None
    assert later.equity.equity_usd == 10_000
    assert earlier.equity is not None
    assert earlier.equity.equity_usd == 9000


def test_an_order_in_doubt_is_listed_with_its_age_and_counts_as_filled() -> None:
    """450 at 15x is 6,750 of notional, on top of 0.071 x 95,000 that is open."""
    found = stands(*story())
    (doubt,) = found.in_doubt

    assert (doubt.intent_id, doubt.state, doubt.leg) == (IN_DOUBT, "UNKNOWN", "entry")
    assert doubt.age_ms == 7 * 60_000
    assert found.exposure.reserved_notional_usd == 6750
    assert found.exposure.notional_usd == 6750 + D("0.071") * 95_000
    assert found.exposure.notional_max_usd == 100_000


def test_an_answer_ends_a_doubt_and_an_impossible_one_does_not() -> None:
    def left(*words: str) -> int:
        answers = [
            Resolved(at_ms=AT, intent_id=ID, order_id=ORDER, leg=Leg.ENTRY, event=word)
            for word in words
        ]
        return len(stands(RUN, SENDING, *answers).in_doubt)

    assert left() == left("TIMED_OUT") == left("ACCEPTED") == 1
    assert left("FILLED") == left("REJECTED") == 0
    assert left("TIMED_OUT", "FOUND_ABSENT") == 0
    assert left("CANCELLED") == left("NONSENSE") == 1


def test_a_stop_that_rests_is_in_doubt_no_more() -> None:
    sent = replace(SENDING, leg=Leg.STOP)
    rests = Resolved(at_ms=AT, intent_id=ID, order_id=ORDER, leg=Leg.STOP, event="ACCEPTED")

    assert stands(RUN, sent, rests).in_doubt == ()


def test_a_naked_position_reduces_the_account_whatever_the_latches_say() -> None:
    naked = stands(RUN, FILLED)
    guarded = stands(RUN, FILLED, STOP)
    ended = OrderEnded(
        book=Book.ACCOUNT, at_ms=AT, symbol=BTC, order_id=STOP.order_id, reason="x"
    )

    assert (naked.state.state, naked.state.cause) == ("REDUCING", "NAKED")
    assert naked.state.why == "no stop protects BTCUSDT"
    assert naked.positions[0].stop_price_usd is None
    assert guarded.state.state == "RUNNING"
    assert guarded.positions[0].stop_price_usd == 101_000
    assert stands(RUN, FILLED, STOP, ended).state.cause == "NAKED"
    assert stands(RUN, FILLED, HALTED).state.cause == "DRAWDOWN"


def test_of_two_stops_the_one_that_fires_first_is_shown() -> None:
    tighter = replace(STOP, stop_price_usd=D(102_000), order_id=ClientOrderId("bp-2"))

    assert stands(RUN, FILLED, STOP, tighter).positions[0].stop_price_usd == 102_000
    assert stands(RUN, FILLED, tighter, STOP).positions[0].stop_price_usd == 102_000


def test_a_stop_that_cannot_close_the_position_does_not_cover_it() -> None:
    """What the execution sends another stop for is not shown as covered."""
    shown = folded([RUN, FILLED, replace(STOP, side=Side.BUY)])

    assert shown.naked() == (BTC,)
    assert folded([RUN, FILLED, STOP]).naked() == ()


def test_a_trailing_stop_stands_where_its_best_price_left_it() -> None:
    """2 % below 110,000 is 107,800; before it is activated it protects nothing."""
    trail = TrailingSet(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        side=Side.SELL,
        callback_pct=D(2),
        activation_usd=D(104_000),
        best_usd=None,
        order_id=ClientOrderId("bp-trail"),
        intent_id=ID,
    )
    asleep = stands(RUN, FILLED, trail)
    awake = stands(RUN, FILLED, trail, replace(trail, best_usd=D(110_000)))

    assert asleep.positions[0].stop_price_usd is None
    assert awake.positions[0].stop_price_usd == 107_800


def test_funding_changes_the_margin_of_what_is_open() -> None:
    paid = FundingPaid(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        amount_usd=D("-1.5"),
        rate_fraction=D("0.0001"),
    )

    assert stands(RUN, FILLED, paid).positions[0].margin_usd == D("498.5")
    assert stands(RUN, paid).positions == ()


def test_a_shadow_run_shows_its_own_book_and_what_is_left_at_the_venue() -> None:
    shadow = replace(RUN, mode=Mode.SHADOW)
    governed = replace(FILLED, book=Book.GOVERNED)
    asked = replace(FILLED, book=Book.ASKED)
    found = stands(shadow, governed, asked, FILLED)

    assert [view.book for view in found.positions] == ["shadow-governed", "account"]
    assert stands(shadow, governed).state.cause == ""
    assert stands(shadow, replace(HALTED, book=Book.GOVERNED)).state.state == "HALTED"
    assert stands(shadow, HALTED).state.state == "RUNNING"


def test_counts_are_of_this_run_and_of_all() -> None:
    found = stands(RUN, ACCEPTED, DEAD, replace(RUN, run_id="r-2"), ACCEPTED)

    assert found.run is not None
    assert found.run.run_id == "r-2"
    assert found.this_run.entries == {"ACCEPT": 1}
    assert found.all_runs.entries == {"ACCEPT": 2}
    assert (found.this_run.dead_letters, found.all_runs.dead_letters) == (
        {},
        {"not_understood": 1},
    )


def test_a_fold_over_its_own_kinds_is_the_fold_over_all() -> None:
    """Only these are read: one that is missing here would be missing on the screen."""
    events = story()
    some = [event for event in events if type(event).__name__ in KINDS]

    assert len(some) < len(events)
    assert stands(*some) == stands(*events)


def test_the_fold_agrees_with_what_the_execution_itself_believes() -> None:
    """Two folds of one journal that disagreed would show a person another account."""
    ledger, fold = Ledger(), folded(story())
    for event in story():
        ledger.apply(event)
    holdings = fold.book(Book.ACCOUNT).holdings

    assert holdings.positions == ledger.positions
    assert set(fold.doubts) == set(ledger.in_doubt)
    assert {s: holdings.stop_price_usd(s) for s in holdings.positions} == {
        s: ledger.stop_price_usd(s) for s in ledger.positions
    }


def test_how_long_ago_the_last_entry_was_written_is_wall_time() -> None:
    assert stands(RUN).journal.recorded_ago_ms == 60_000


def test_what_only_adds_to_a_state_does_not_begin_it_anew() -> None:
    """Else the screen would say that the account is halted since the last mishap only."""
    beside = replace(HALTED, at_ms=UnixMs(AT + 60_000), why="DAILY_LOSS: lost 6.1 %")
    over = replace(HALTED, at_ms=UnixMs(AT + 90_000), state=TradingState.RUNNING)
    state = stands(RUN, HALTED, beside).state

    assert (state.since_ms, state.why) == (AT, "fell 20.1 %")
    assert stands(RUN, HALTED, over).state.state == TradingState.RUNNING
    assert stands(RUN, HALTED, over, beside).state.since_ms == AT + 60_000
