"""Equity against its peak and its day; which latch lets go by itself, and which never."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import Book, EquityMarked, LatchSet, TradingState
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.holds import DAILY_LOSS, DRAWDOWN
from tests.questions import SHIPPED

D = Decimal
#: 2025-05-04 00:00 UTC, and the hours after it.
DAY = 1_746_316_800_000
HOUR = 3_600_000
LIMITS = load_settings({}).limits()  # 6 % a day, 20 % from the peak


def hour(n: float) -> UnixMs:
    return UnixMs(int(DAY + n * HOUR))


def read(gauge: EquityGauge, equity: int | str, n: float) -> LatchSet | None:
    """Take in a reading as the keeper does; return the latch that was pulled."""
    mark = gauge.observe(D(equity), hour(n), D(equity), SHIPPED)
    latch = gauge.latch_due(LIMITS, hour(n))
    for event in (mark, latch):
        if event is not None:
            gauge.apply(event)
    return latch


def person(gauge: EquityGauge, state: TradingState, n: float) -> None:
    gauge.apply(
        LatchSet(
            book=Book.ACCOUNT,
            at_ms=hour(n),
            state=state,
            cause="OPERATOR",
            who="ann",
            why="looks odd",
        )
    )


def loss(gauge: EquityGauge) -> Decimal:
    reading = gauge.day_loss_pct()
    assert isinstance(reading, Known)
    return reading.value


def fall(gauge: EquityGauge) -> Decimal:
    reading = gauge.drawdown_pct()
    assert isinstance(reading, Known)
    return reading.value


def test_loss_is_of_the_day_and_drawdown_of_the_peak() -> None:
    """By hand: 10,000 at midnight, 10,500 at noon, 10,290 an hour later."""
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 0)
    read(gauge, 10_500, 12)
    read(gauge, 10_290, 13)

    assert loss(gauge) == D("-2.9")
    assert fall(gauge) == D(2)


def test_a_new_day_counts_its_loss_from_its_own_first_equity() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    read(gauge, 9_700, 23)
    assert loss(gauge) == 3
    read(gauge, 9_700, 24)

    assert loss(gauge) == 0
    assert fall(gauge) == 3


def test_the_daily_loss_latches_at_its_limit_and_not_before() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)

    assert read(gauge, "9400.01", 2) is None
    latch = read(gauge, 9_400, 3)
    assert latch is not None
    assert (latch.state, latch.cause) == (TradingState.REDUCING, DAILY_LOSS)
    assert latch.why == "lost 6.00 % today, limit 6 %"


def test_the_daily_latch_holds_within_its_day_whatever_comes_back() -> None:
    """A recovery in the afternoon does not undo the morning."""
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    read(gauge, 9_300, 2)

    assert read(gauge, 10_100, 23.9) is None
    assert gauge.state is TradingState.REDUCING


def test_the_daily_latch_releases_at_the_next_utc_day() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    read(gauge, 9_300, 2)
    latch = read(gauge, 9_300, 24)

    assert latch is not None
    assert (latch.state, latch.cause) == (TradingState.RUNNING, "NEW_DAY")


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
def test_no_day_releases_what_a_person_set(state: TradingState) -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    person(gauge, state, 2)

    assert [read(gauge, 10_000, n) for n in (3, 24, 48)] == [None, None, None]
    assert gauge.state is state


def test_what_a_person_set_over_a_daily_loss_outlives_the_day() -> None:
    """The stronger word is the later one: the day may not overrule the person."""
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    read(gauge, 9_300, 2)
    person(gauge, TradingState.REDUCING, 3)

    assert read(gauge, 9_300, 25) is None
    assert gauge.state is TradingState.REDUCING


def test_the_drawdown_latch_never_lets_go_by_itself() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    for n, equity in enumerate((9_500, 9_000, 8_500), start=1):
        read(gauge, equity, 24 * n)
    latch = read(gauge, 8_000, 100)
    assert latch is not None
    assert (latch.state, latch.cause) == (TradingState.HALTED, DRAWDOWN)
    assert latch.why == "fell 20.00 % from the peak, limit 20 %"

    assert [read(gauge, 12_000, n) for n in (101, 124, 500)] == [None] * 3
    assert gauge.state is TradingState.HALTED


def test_a_drawdown_tightens_what_a_daily_loss_had_only_reduced() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    read(gauge, 9_000, 2)
    latch = read(gauge, 8_000, 3)

    assert latch is not None
    assert latch.state is TradingState.HALTED


def test_a_restart_forgets_neither_peak_nor_day_nor_latch() -> None:
    """Folded from what was journaled, the gauge goes on exactly where it was."""
    lived, journal = EquityGauge(Book.ACCOUNT), []
    for n, equity in enumerate((10_000, 10_004, 9_900, 10_004, 9_350)):
        mark = lived.observe(D(equity), hour(n / 100), D(equity), SHIPPED)
        latch = lived.latch_due(LIMITS, hour(n / 100))
        journal += [event for event in (mark, latch) if event is not None]
        if latch is not None:
            lived.apply(latch)
    folded = EquityGauge(Book.ACCOUNT)
    for event in journal:
        folded.apply(event)

    assert folded.peak_usd == lived.peak_usd == 10_004
    assert folded.day_start_usd == lived.day_start_usd == 10_000
    assert folded.state is lived.state is TradingState.REDUCING
    assert read(folded, 9_350, 23) is None
    assert read(folded, 9_350, 24) is not None


def test_every_new_peak_is_due_to_be_journaled() -> None:
    """A peak that is forgotten is a drawdown that is not seen."""
    gauge = EquityGauge(Book.ACCOUNT)
    due = [
        gauge.observe(D(e), hour(n / 60), D(e), SHIPPED)
        for n, e in enumerate((10_000, 9_995, 10_001, 10_000))
    ]

    assert [mark is not None for mark in due] == [True, False, True, False]


def test_what_equity_moved_by_a_thousandth_is_due_to_be_journaled() -> None:
    """A restart, or an outage over midnight, forgets no more than that of a day's loss."""
    gauge = EquityGauge(Book.ACCOUNT)
    due = [
        gauge.observe(D(e), hour(n / 60), D(e), SHIPPED)
        for n, e in enumerate((10_000, 9_991, 9_990, 9_981))
    ]

    assert [mark is not None for mark in due] == [True, False, True, False]


def test_another_books_marks_and_latches_are_not_ours() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    person_of_shadow = LatchSet(
        book=Book.GOVERNED,
        at_ms=hour(1),
        state=TradingState.HALTED,
        cause="x",
        who="x",
        why="x",
    )
    gauge.apply(person_of_shadow)
    gauge.apply(
        EquityMarked(
            book=Book.GOVERNED,
            at_ms=hour(1),
            equity_usd=D(1),
            peak_usd=D(1),
            day_start_usd=D(1),
        )
    )

    assert (gauge.state, gauge.peak_usd) == (TradingState.RUNNING, None)


def test_equity_that_cannot_be_had_is_unknown_and_pulls_nothing() -> None:
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 10_000, 1)
    gauge.lost("the venue is silent")

    assert gauge.day_loss_pct() == gauge.drawdown_pct() == Unknown("the venue is silent")
    assert gauge.latch_due(LIMITS, hour(2)) is None


def test_from_nothing_no_loss_can_be_measured() -> None:
    """An account of zero has lost neither 0 % nor 100 %."""
    gauge = EquityGauge(Book.ACCOUNT)
    read(gauge, 0, 1)

    assert isinstance(gauge.drawdown_pct(), Unknown)
