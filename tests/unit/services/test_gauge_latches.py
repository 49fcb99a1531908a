"""Which latch gives way to which, and which of them waits for a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.events import Book, TradingState
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.holds import DAILY_LOSS, EQUITY_JUMP, FOREIGN_POSITION, OPERATOR
from tests.unit.services.doings import fill
from tests.unit.services.watched import (
    HALTED,
    REDUCING,
    RUNNING,
    Watched,
    hour,
    value,
)

D = Decimal


def test_a_restart_forgets_no_jump_and_what_explains_it_lets_go() -> None:
    """Neither what moved, nor what it is measured from, lives in memory alone."""
    watched = Watched()
    watched.read("10000")
    watched.read("10600")
    again = watched.restarted()
    assert again.gauge.state is REDUCING
    assert again.read("10600") is None
    again.paid("600")
    latch = again.read("10600")

    assert latch is not None
    assert (latch.state, latch.cause) == (RUNNING, "EXPLAINED")
    assert again.gauge.peak_usd == 10_600
    assert value(again.gauge.drawdown_pct()) == 0


def test_what_moved_while_nobody_looked_is_a_jump_too() -> None:
    """A process that is down over a withdrawal comes back to it."""
    watched = Watched()
    watched.read("10000")
    latch = watched.restarted().read("14000", after=30)

    assert latch is not None
    assert (latch.state, latch.cause) == (REDUCING, EQUITY_JUMP)


def test_many_small_moves_within_a_day_are_one_jump() -> None:
    watched = Watched()
    watched.read("10000")
    latches = [watched.read(f"{10_000 + 200 * n}") for n in (1, 2, 3)]

    assert [latch is not None for latch in latches] == [False, False, True]
    assert watched.gauge.peak_usd == 10_400


def test_a_profit_explains_no_jump() -> None:
    """What is measured by is what was there before, not what is there now."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.read("9480")
    watched.write(fill("930", "-1"))

    assert watched.read("10410") is None
    assert watched.gauge.state is REDUCING


def test_a_clock_that_goes_back_begins_no_new_day() -> None:
    watched = Watched(fill("-1", "1"))
    watched.read("10000", after=24.1)
    watched.write(fill("-700", "-1"))
    watched.read("9300")

    assert watched.read("9300", after=-0.3) is None
    assert watched.gauge.state is REDUCING
    assert watched.gauge.day_start_usd == 10_000


def test_what_a_person_stopped_stays_stopped_in_every_book() -> None:
    """Going live after a halt in shadow does not lift it; a resume there lifts no latch."""
    halted = EquityGauge(Book.GOVERNED)
    halt = halted.holds.latch(HALTED, OPERATOR, "why", hour(1), who="ann")
    go_on = halted.holds.latch(RUNNING, OPERATOR, "why", hour(2), who="ann")
    live, fallen = EquityGauge(Book.ACCOUNT), EquityGauge(Book.ACCOUNT)
    fallen.apply(fallen.holds.latch(HALTED, "DRAWDOWN", "why", hour(0)))
    for gauge in (live, fallen):
        gauge.apply(halt)
        assert gauge.state is HALTED

    live.apply(go_on)
    assert live.state is RUNNING


def test_a_loss_that_nothing_explains_is_no_daily_loss() -> None:
    """It would be let go of at midnight, and a restart would forget why it stood."""
    watched = Watched()
    watched.read("10000")
    latch = watched.read("9300")
    assert latch is not None
    assert latch.cause == EQUITY_JUMP
    again = watched.restarted()

    assert [again.read("9300", after=n) for n in (1, 24, 48)] == [None, None, None]
    assert again.gauge.state is REDUCING


def test_a_jump_on_a_day_of_losses_outlives_the_day() -> None:
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.write(fill("-700", "-1"))
    pulled = watched.read("9300")
    assert pulled is not None
    assert pulled.cause == DAILY_LOSS
    watched.read("9900")
    again = watched.restarted()
    latch = again.read("9900", after=24)

    assert latch is not None
    assert (latch.state, latch.cause, latch.beside) == (REDUCING, EQUITY_JUMP, ())
    assert again.gauge.state is REDUCING


def test_a_jump_that_is_explained_as_the_days_loss_stays_latched_for_the_day() -> None:
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.read("9300")
    watched.write(fill("-700", "-1"))
    latch = watched.read("9300")

    assert latch is not None
    assert (latch.state, latch.cause) == (REDUCING, DAILY_LOSS)
    released = watched.read("9300", after=24)
    assert released is not None
    assert released.cause == "NEW_DAY"


@pytest.mark.parametrize(
    ("state", "cause"),
    [(REDUCING, OPERATOR), (HALTED, OPERATOR), (REDUCING, FOREIGN_POSITION)],
)
def test_an_explanation_releases_nothing_but_its_own_latch(
    state: TradingState, cause: str
) -> None:
    """A person, or a stranger's position, came after the jump."""
    watched = Watched()
    watched.read("10000")
    watched.read("10600")
    watched.told(state, cause)
    watched.paid("600")
    explained = watched.read("10600")

    assert explained is not None
    assert (explained.state, explained.cause, explained.beside) == (state, cause, ())
    assert (watched.gauge.state, watched.gauge.holds.cause) == (state, cause)


def test_a_person_who_lets_trading_run_takes_what_there_is_for_the_peak() -> None:
    """Else the drawdown would be back with the next reading."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.write(fill("-2500", "-1"))
    pulled = watched.read("7500", after=30)
    assert pulled is not None
    assert pulled.state is HALTED
    watched.read("7500", after=24)  # the day of the loss is over
    watched.told(RUNNING)

    for now in (watched, watched.restarted()):
        assert now.gauge.state is RUNNING
        assert now.read("7500") is None
        assert now.gauge.peak_usd == 7_500
        assert value(now.gauge.drawdown_pct()) == 0


def test_only_a_person_moves_the_peak_by_letting_trading_run() -> None:
    """The next day releases its own latch and leaves the peak where it was."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.write(fill("-700", "-1"))
    watched.read("9300")
    released = watched.read("9300", after=24)

    assert released is not None
    assert released.state is RUNNING
    assert watched.gauge.peak_usd == 10_000


def test_a_person_who_only_tightens_moves_no_peak() -> None:
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.write(fill("-300", "-1"))
    watched.read("9700")
    for state in (REDUCING, HALTED):
        watched.told(state)

    assert watched.gauge.peak_usd == 10_000


def test_a_person_who_accepts_a_jump_begins_the_day_from_it() -> None:
    """Else a loss that was looked into would be pulled again as the day's."""
    watched = Watched()
    watched.read("10000")
    watched.read("9300")
    watched.told(RUNNING)

    for now in (watched, watched.restarted()):
        assert now.gauge.day_start_usd == 9_300
        assert now.read("9300") is None
        assert now.gauge.state is RUNNING
