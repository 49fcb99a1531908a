"""Which latch gives way to which, and which of them waits for a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    TradingState,
)
from bridge_patch.services.gauge import (
    DAILY_LOSS,
    EQUITY_JUMP,
    FOREIGN_POSITION,
    OPERATOR,
)
from tests.unit.services.doings import fill
from tests.unit.services.watched import (
    HALTED,
    REDUCING,
    RUNNING,
    Watched,
    value,
)

D = Decimal


def test_after_a_restart_only_a_person_lets_go_of_a_jump() -> None:
    """What was unexplained is not remembered, and so nothing can explain it."""
    watched = Watched()
    watched.read("10000")
    watched.read("10600")
    again = watched.restarted()
    assert again.gauge.state is REDUCING
    again.paid("600")

    assert [again.read("10600", after=n) for n in (0.1, 24, 48)] == [None, None, None]
    assert again.gauge.state is REDUCING
    again.told(RUNNING)
    assert again.gauge.state is RUNNING
    assert again.read("10600") is None


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
    latch = watched.read("9900")
    assert latch is not None
    assert (latch.state, latch.cause) == (REDUCING, EQUITY_JUMP)

    assert watched.restarted().read("9900", after=24) is None


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

    assert watched.read("10600") is None
    assert (watched.gauge.state, watched.gauge.cause) == (state, cause)


def test_a_person_who_lets_trading_run_takes_what_there_is_for_the_peak() -> None:
    """Else the drawdown would be back with the next reading."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.write(fill("-2500", "-1"))
    pulled = watched.read("7500", after=30)
    assert pulled is not None
    assert pulled.state is HALTED
    watched.told(RUNNING)

    for now in (watched, watched.restarted()):
        assert now.gauge.peak_usd == 7_500
        assert now.gauge.state is RUNNING
        assert now.read("7500") is None
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
