"""Every cause holds by itself: letting go of one lets go of no other."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest

from bridge_patch.domain.events import Book, Event, LatchSet, TradingState
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.holds import (
    DAILY_LOSS,
    DRAWDOWN,
    EQUITY_JUMP,
    OPERATOR,
    Holds,
)
from tests.questions import SHIPPED
from tests.unit.services.doings import fill
from tests.unit.services.watched import HALTED, REDUCING, RUNNING, Watched, hour, value


def folded(book: Book, events: Iterable[Event]) -> EquityGauge:
    gauge = EquityGauge(book)
    for event in events:
        gauge.apply(event)
    return gauge


@pytest.mark.parametrize("stop", [REDUCING, HALTED])
def test_a_stop_and_a_resume_in_shadow_leave_the_live_accounts_latch(
    stop: TradingState,
) -> None:
    """A person who looks at a shadow run has not looked at the drawdown of the account."""
    live = Holds(Book.ACCOUNT)
    journal: list[Event] = [live.latch(HALTED, DRAWDOWN, "fell", hour(0))]
    shadow = folded(Book.GOVERNED, journal).holds
    journal.append(shadow.latch(stop, OPERATOR, "why", hour(1), who="ann", command_id="1"))
    shadow = folded(Book.GOVERNED, journal).holds
    assert shadow.state is stop
    journal.append(
        shadow.latch(
            *(RUNNING, OPERATOR, "why", hour(2)),
            who="ann",
            command_id="2",
            releases={OPERATOR, shadow.cause},
        )
    )

    assert folded(Book.GOVERNED, journal).state is RUNNING
    gauge = folded(Book.ACCOUNT, journal)
    assert (gauge.state, gauge.holds.cause) == (HALTED, DRAWDOWN)


def test_a_resume_in_shadow_lets_go_of_the_stop_also_where_something_else_holds() -> None:
    shadow = Holds(Book.GOVERNED)
    journal: list[LatchSet] = []
    for state, cause in ((REDUCING, DAILY_LOSS), (HALTED, OPERATOR)):
        journal.append(shadow.latch(state, cause, "why", hour(1), command_id=cause))
        shadow.apply(journal[-1])
    journal.append(
        shadow.latch(RUNNING, OPERATOR, "why", hour(2), command_id="2", releases={OPERATOR})
    )
    shadow.apply(journal[-1])

    assert (journal[-1].state, journal[-1].cause) == (REDUCING, DAILY_LOSS)
    assert "DAILY_LOSS still holds" in journal[-1].why
    assert folded(Book.ACCOUNT, journal).state is RUNNING
    assert folded(Book.ACCOUNT, journal[:-1]).state is HALTED


def test_the_tightest_gives_the_state_and_the_newest_of_two_alike_the_cause() -> None:
    holds = Holds(Book.ACCOUNT)
    seen = []
    for state, cause in (
        *((REDUCING, DAILY_LOSS), (HALTED, DRAWDOWN)),
        *((REDUCING, EQUITY_JUMP), (HALTED, OPERATOR)),
    ):
        latch = holds.latch(state, cause, "why", hour(1))
        holds.apply(latch)
        seen.append((latch.state, latch.cause))
        assert (holds.state, holds.cause) == seen[-1]

    assert seen == [
        *((REDUCING, DAILY_LOSS), (HALTED, DRAWDOWN)),
        *((HALTED, DRAWDOWN), (HALTED, OPERATOR)),
    ]


def test_a_latch_is_nothing_before_it_is_applied() -> None:
    holds = Holds(Book.ACCOUNT)
    holds.latch(HALTED, OPERATOR, "why", hour(1))

    assert not holds
    assert holds.state is RUNNING


def test_a_resume_lets_go_of_nothing_that_its_author_did_not_see() -> None:
    """The fall came after the look, and before the order."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.told(REDUCING)
    watched.write(fill("-2500", "-1"))
    watched.read("7500", after=30)
    holds = watched.gauge.holds
    watched.write(
        holds.latch(RUNNING, OPERATOR, "so", hour(40), who="ann", releases={OPERATOR})
    )

    for now in (watched, watched.restarted()):
        assert (now.gauge.state, now.gauge.holds.cause) == (HALTED, DRAWDOWN)
        assert now.gauge.peak_usd == 10_000
        assert OPERATOR not in now.gauge.holds


@pytest.mark.parametrize("before", [OPERATOR, EQUITY_JUMP])
def test_a_day_that_lost_too_much_is_lost_whatever_else_held_meanwhile(before: str) -> None:
    """A loss that came back within the day gives the day back to nobody."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.told(REDUCING) if before == OPERATOR else watched.read("10600")
    watched.write(fill("-700", "-1"))
    watched.read("9300" if before == OPERATOR else "9900")
    assert DAILY_LOSS in watched.gauge.holds
    watched.write(fill("600", "1"))
    if before == OPERATOR:
        watched.read("9900")
        holds = watched.gauge.holds
        watched.write(holds.latch(RUNNING, OPERATOR, "", hour(2), releases={OPERATOR}))
    else:
        watched.paid("600")
        watched.read("10500")
    again = watched.restarted()

    assert (again.gauge.state, again.gauge.holds.cause) == (REDUCING, DAILY_LOSS)
    assert again.read("9900" if before == OPERATOR else "10500", after=24) is not None
    assert again.gauge.state is RUNNING


def test_a_days_loss_is_counted_from_what_was_known_before_an_outage() -> None:
    """Equity that cannot be read over midnight takes no loss away."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000", after=23.9)
    watched.gauge.lost("no answer")
    watched.write(fill("-700", "-1"))
    latch = watched.read("9300", after=0.2)

    assert watched.gauge.day_start_usd == 10_000
    assert latch is not None
    assert latch.cause == DAILY_LOSS


def test_what_moved_before_midnight_is_where_a_restart_begins_the_day() -> None:
    """The hourly mark may be an hour old."""
    watched = Watched(fill("-1", "1"))
    for equity, gain in (("9300", "0"), ("9890", "590")):
        now_ms = hour(23 + (equity == "9890") * 0.9)
        mark = watched.gauge.observe(Decimal(equity), now_ms, Decimal(gain), SHIPPED)
        watched.write(*[mark] if mark else [])
    again = watched.restarted()
    again.hours = 24.1
    again.read("9300", "0", after=0)

    assert again.gauge.day_start_usd == 9_890
    assert value(again.gauge.day_loss_pct()) > 5


def test_a_day_that_begins_beyond_its_limit_is_lost_though_the_day_before_was() -> None:
    """The latch of yesterday does not stand for today: a gain then frees nothing."""
    watched = Watched()
    watched.read("10000", after=1)
    watched.read("9300", "-700")
    watched.read("10000", after=21)
    again = watched.read("9300", "-700", after=2)
    assert again is not None
    assert (again.adds, again.state) == (DAILY_LOSS, REDUCING)
    restarted = watched.restarted()

    for now in (watched, restarted):
        assert now.read("9500", "-500", after=6) is None
        assert DAILY_LOSS in now.gauge.holds
        assert now.read("9500", "-500", after=24) is not None
        assert now.gauge.state is RUNNING


def test_a_jump_that_goes_on_is_another_one_than_was_seen() -> None:
    """Who let go of a tenth has not looked at the three tenths that came meanwhile."""
    watched = Watched()
    watched.read("10000")
    watched.read("9000")
    seen_ms = watched.gauge.holds.since_ms(EQUITY_JUMP)
    assert watched.read("8900") is None
    again = watched.read("7000")

    assert again is not None
    assert (again.adds, "-3000.00 USD" in again.why) == (EQUITY_JUMP, True)
    for now in (watched, watched.restarted()):
        assert now.gauge.holds.since_ms(EQUITY_JUMP) == again.at_ms != seen_ms
        assert now.read("6990") is None


def test_a_cause_that_is_pulled_again_is_not_the_one_that_was_seen() -> None:
    """The second day's loss is not let go of by who saw that of the first."""
    watched = Watched()
    watched.read("10000", after=22)
    watched.read("9300", "-700")
    seen_ms = watched.gauge.holds.since_ms(DAILY_LOSS)
    again = watched.read("8600", "-1400", after=3)

    assert again is not None
    assert again.adds == DAILY_LOSS
    for now in (watched, watched.restarted()):
        assert now.gauge.holds.since_ms(DAILY_LOSS) == again.at_ms != seen_ms
