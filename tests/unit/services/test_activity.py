"""What was done lately: one book's approvals and orders, each counted once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    Judged,
    Sending,
    Verdict,
)
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.recorder import Recorder
from tests.questions import NOTHING_DONE
from tests.simulation.rig import Silence, World, run
from tests.unit.adapters.lines_samples import SENDING, SETTLED
from tests.unit.services.doings import (
    AT,
    BOOKS,
    BTC,
    DAY,
    HOUR,
    MINUTE,
    SOL,
    approval,
    asked,
    done,
    nonsense,
    received,
    reduction,
    trade,
)

D = Decimal


def test_of_nothing_nothing_is_told() -> None:
    assert done(()) == NOTHING_DONE


@pytest.mark.parametrize("verdict", [Verdict.ACCEPT, Verdict.CLAMP])
def test_an_approval_counts_in_every_window_until_that_window_has_passed(
    verdict: Verdict,
) -> None:
    told = [approval(verdict=verdict), approval("i-2", 30_000, notional_usd=D(500))]
    windows: list[tuple[Decimal | int, ...]] = [
        (a.approved_1m_usd, a.approved_1h_usd, a.approved_1d_usd, a.symbol_entries_1h)
        for after in (30_000, MINUTE, HOUR, DAY, DAY + 30_000)
        for a in [done(told, after)]
    ]

    assert windows == [
        (1_500, 1_500, 1_500, 2),
        (500, 1_500, 1_500, 2),
        (0, 500, 1_500, 1),
        (0, 0, 500, 0),
        (0, 0, 0, 0),
    ]


@pytest.mark.parametrize(
    "no_entry",
    [
        approval(verdict=Verdict.REJECT, notional_usd=None),
        approval(verdict=Verdict.REJECT),
        reduction("i-1"),
    ],
)
def test_what_was_refused_or_reduces_uses_up_nothing(no_entry: Judged) -> None:
    assert done([no_entry]) == NOTHING_DONE


@pytest.mark.parametrize("mode", list(Mode))
def test_a_book_counts_the_approvals_of_its_own_mode_only(mode: Mode) -> None:
    """A month in shadow does not use up the first live minute, nor the reverse."""
    other = Mode.LIVE if mode is Mode.SHADOW else Mode.SHADOW
    own = done([approval(mode=mode)], book=BOOKS[mode])

    assert own.approved_1d_usd == 1_000
    assert own.symbol_entries_1h == 1
    assert done([approval(mode=other)], book=BOOKS[mode]) == NOTHING_DONE


def test_entries_are_the_symbols_own_and_notional_is_the_accounts() -> None:
    activity = done([approval(), approval("i-2", symbol=SOL)], symbol=SOL)

    assert activity.symbol_entries_1h == 1
    assert activity.approved_1m_usd == 2_000


def recorder() -> Recorder:
    return Recorder(World().journal, AccountFold.of(Book.ACCOUNT), Silence())


def test_what_is_staged_counts_at_once_and_never_twice() -> None:
    """The next intent of the same batch must see it; the commit adds nothing."""
    one, now_ms = recorder(), UnixMs(AT)
    one.stage(approval())
    staged = one.activity.at(BTC, "", now_ms)
    run(one.flush())
    flushed = one.activity.at(BTC, "", now_ms)
    run(one.write(approval("i-2")))

    assert staged == flushed
    assert staged.approved_1m_usd == 1_000
    assert staged.symbol_entries_1h == 1
    assert one.activity.at(BTC, "", now_ms).approved_1m_usd == 2_000


def test_a_restart_remembers_exactly_what_the_living_did() -> None:
    """Staged, written or folded: the journal holds all that was counted."""
    lived = recorder()
    events = [
        *[received("i-1", "ann"), approval(), SENDING, *trade("-5"), nonsense("ann")],
        *[*asked("i-2", "bob", "SIZE_MISSING"), *trade("-7", 5), SETTLED],
    ]
    run(lived.write(*events))
    lived.stage(approval("i-3"))
    run(lived.flush())
    again = recorder()
    for stored in lived.journal.read():
        again.account.fold(stored.event)

    for symbol, source in ((BTC, "ann"), (SOL, "bob")):
        now_ms = UnixMs(AT + 5)
        assert again.activity.at(symbol, source, now_ms) == lived.activity.at(
            symbol, source, now_ms
        )
    assert lived.activity.at(BTC, "ann", UnixMs(AT + 5)).losers_in_row == 2


def sent(leg: Leg, after: int = 0) -> Sending:
    return replace(SENDING, leg=leg, at_ms=UnixMs(AT + after))


@pytest.mark.parametrize(
    ("leg", "entries"), [(Leg.ENTRY, 1), (Leg.STOP, 0), (Leg.REDUCE, 0), (Leg.FLATTEN, 0)]
)
def test_every_order_counts_and_only_those_that_open_as_entries(
    leg: Leg, entries: int
) -> None:
    rates = [
        (a.orders_10s, a.orders_1m, a.entries_10s, a.entries_1m)
        for after in (9_999, 10_000, MINUTE - 1, MINUTE)
        for a in [done([sent(leg)], after)]
    ]

    assert rates == [
        (1, 1, entries, entries),
        (0, 1, 0, entries),
        (0, 1, 0, entries),
        (0, 0, 0, 0),
    ]


def test_in_live_the_order_counts_and_in_shadow_the_approval_in_its_stead() -> None:
    """In shadow nothing is sent, and the rate is still the one that live would have had."""
    live = done([approval(), sent(Leg.ENTRY)])
    shadow = done([approval(mode=Mode.SHADOW)], book=Book.GOVERNED)

    assert live.entries_10s == live.entries_1m == live.orders_1m == 1
    assert shadow.entries_10s == shadow.entries_1m == shadow.orders_1m == 1
