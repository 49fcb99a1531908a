"""Money that comes and goes: what explains a change of equity, and what nothing does."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    Event,
    FundingPaid,
    InsuranceCleared,
    Transferred,
)
from bridge_patch.domain.intent import IntentId, Unknown
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.holds import EQUITY_JUMP
from tests.unit.services.doings import fill
from tests.unit.services.watched import (
    BTC,
    REDUCING,
    RUNNING,
    Watched,
    hour,
    losses,
    value,
)

D = Decimal


@pytest.mark.parametrize("amount", ["5000", "-5000", "0.01"])
def test_money_paid_in_or_out_is_neither_a_gain_nor_a_loss(amount: str) -> None:
    watched = Watched()
    watched.read("10000")
    watched.paid(amount)
    latch = watched.read(f"{10_000 + D(amount)}")

    assert latch is None
    assert losses(watched) == (D(0), D(0))
    assert value(watched.gauge.equity_jump_pct()) == 0


@pytest.mark.parametrize("amount", ["5000", "-5000"])
def test_a_transfer_hides_no_loss_and_makes_none(amount: str) -> None:
    """500 lost before it and 100 after it, of a base that it moved."""
    watched, base = Watched(fill("-1", "1")), 10_000 + D(amount)
    watched.read("10000")
    watched.write(fill("-500", "-1"))
    watched.read("9500")
    watched.paid(amount)
    watched.write(fill("-100", "1"))
    watched.read(f"{base - 600}")

    assert losses(watched) == (600 / base * 100, 600 / base * 100)


def test_a_transfer_of_another_book_moves_nothing_here() -> None:
    watched = Watched()
    watched.read("10000")
    watched.write(Transferred(book=Book.GOVERNED, at_ms=hour(0), amount_usd=D(5_000)))

    assert watched.gauge.peak_usd == watched.gauge.day_start_usd == 10_000


def test_all_the_money_taken_out_leaves_no_loss_to_measure() -> None:
    """Not 0 %, and not 100 %: nobody knows, and so nothing is opened."""
    watched = Watched()
    watched.read("10000")
    watched.paid("-10000")
    watched.read("0")

    assert isinstance(watched.gauge.drawdown_pct(), Unknown)
    assert isinstance(watched.gauge.equity_jump_pct(), Unknown)


# Jumps


CASH: dict[str, tuple[str, Iterable[Event]]] = {
    "a fill": ("-900", [fill("-900", "1")]),
    "its fee": ("-1", [fill("-1", "1")]),
    "funding": (
        "-800",
        [
            FundingPaid(
                book=Book.ACCOUNT,
                at_ms=hour(0),
                symbol=BTC,
                amount_usd=D(-800),
                rate_fraction=D("0.1"),
            )
        ],
    ),
    "an insurance": (
        "700",
        [
            InsuranceCleared(
                book=Book.ACCOUNT,
                at_ms=hour(0),
                symbol=BTC,
                amount_usd=D(700),
                order_id=ClientOrderId("o"),
                intent_id=IntentId("i"),
            )
        ],
    ),
    "a transfer": (
        "3000",
        [Transferred(book=Book.ACCOUNT, at_ms=hour(0), amount_usd=D(3_000))],
    ),
}


@pytest.mark.parametrize("what", CASH)
def test_what_our_own_journal_explains_is_no_jump(what: str) -> None:
    amount, events = CASH[what]
    watched = Watched()
    watched.read("10000")
    watched.write(*events)
    watched.read(f"{10_000 + D(amount)}")

    assert value(watched.gauge.equity_jump_pct()) == 0
    assert watched.gauge.holds.cause != EQUITY_JUMP


@pytest.mark.parametrize("moved", [-900, 900])
def test_what_the_price_of_our_own_positions_explains_is_no_jump(moved: int) -> None:
    watched = Watched()
    watched.read("10000", "100")
    watched.read(f"{10_000 + moved}", f"{100 + moved}")

    assert value(watched.gauge.equity_jump_pct()) == 0
    assert watched.gauge.holds.cause != EQUITY_JUMP


@pytest.mark.parametrize(
    ("equity", "jumped"),
    [("10500", False), ("10500.01", True), ("9500", False), ("9499.99", True)],
)
def test_more_than_the_limit_that_nothing_explains_is_a_jump(
    equity: str, jumped: bool
) -> None:
    """5 % of what equity was before, either way."""
    watched = Watched()
    watched.read("10000")
    latch = watched.read(equity)

    assert (latch is not None) is jumped
    if latch is not None:
        assert (latch.state, latch.cause, latch.who) == (REDUCING, EQUITY_JUMP, "governor")
        assert (
            value(watched.gauge.equity_jump_pct()) == (D(equity) - 10_000) / D(equity) * 100
        )


def test_the_first_reading_is_where_it_begins_and_no_jump() -> None:
    assert Watched().read("10000", "-4000") is None


@pytest.mark.parametrize("amount", ["3000", "-550"])
def test_a_jump_is_let_go_of_once_a_transfer_explains_it(amount: str) -> None:
    """The money was seen before anybody said so: it is still neither gain nor loss."""
    watched, equity = Watched(), f"{10_000 + D(amount)}"
    watched.read("10000")
    pulled = watched.read(equity)
    assert pulled is not None
    assert watched.read(equity) is None
    watched.paid(amount)
    latch = watched.read(equity)

    assert latch is not None
    assert (latch.state, latch.cause) == (RUNNING, "EXPLAINED")
    assert losses(watched) == (D(0), D(0))
    assert watched.read(equity) is None
    assert value(watched.gauge.equity_jump_pct()) == 0


def test_a_jump_is_let_go_of_once_a_fill_explains_it() -> None:
    """A fill of ours that the journal heard of too late."""
    watched = Watched()
    watched.read("10000")
    watched.read("10600")
    watched.write(fill("600", "-1"))
    latch = watched.read("10600")

    assert latch is not None
    assert latch.state is RUNNING
    assert watched.gauge.peak_usd == 10_600


def test_a_jump_that_is_half_explained_is_a_jump() -> None:
    watched = Watched()
    watched.read("10000")
    watched.read("12000")
    watched.paid("1000")

    assert watched.read("12000") is None
    assert watched.gauge.state is REDUCING


def test_a_jump_is_not_explained_by_time() -> None:
    watched = Watched()
    watched.read("10000")
    watched.read("10600")

    assert [watched.read("10600", after=24) for _ in range(3)] == [None, None, None]
    assert watched.gauge.state is REDUCING


def test_what_came_unexplained_is_no_peak_to_fall_from() -> None:
    """A deposit that is not known yet, and a loss of 100 after it."""
    watched = Watched(fill("-1", "1"))
    watched.read("10000")
    watched.read("13000")
    watched.write(fill("-100", "-1"))
    watched.read("12900")
    assert losses(watched)[1] == 1
    watched.paid("3000")
    watched.read("12900")

    assert watched.gauge.peak_usd == 13_000
    assert losses(watched)[1] == D(100) / 13_000 * 100


@pytest.mark.parametrize("amount", ["3000", "-550"])
def test_a_day_that_begins_within_a_jump_counts_from_what_is_explained(
    amount: str,
) -> None:
    """Else a withdrawal told of late would leave room to lose as much again."""
    watched, equity = Watched(), f"{10_000 + D(amount)}"
    watched.read("10000", after=23)
    watched.read(equity)
    watched.read(equity, after=1)
    watched.paid(amount)
    watched.read(equity)

    assert watched.gauge.day_start_usd == D(equity)
    assert losses(watched)[0] == 0
