"""Who talks sense: the share of nonsense among a source's last proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import Event, Judged
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.governor.record import record_of
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.activity import PROPOSALS, SOURCES_MAX
from tests.questions import FINE, NOTHING_DONE, NOW
from tests.unit.services.doings import (
    AT,
    BTC,
    asked,
    done,
    log_of,
    nonsense,
    received,
    reduction,
)

D = Decimal


def test_the_share_of_nonsense_is_of_the_sources_last_twenty() -> None:
    """Twenty, however few there are yet: one slip of a new source pauses nobody."""
    told: list[Event] = [nonsense("ann")]
    assert done(told, source="ann").malformed_pct == 5
    told += [nonsense("ann")] * 19
    assert done(told, source="ann").malformed_pct == 100
    for n in range(1, PROPOSALS + 1):
        told += asked(f"i-{n}", "ann")
        assert done(told, source="ann").malformed_pct == 100 - 5 * n


def test_nonsense_is_the_sources_own() -> None:
    told = [nonsense("ann"), *asked("i-1", "bob")]

    assert done(told, source="bob").malformed_pct == 0
    assert done(told, source="").malformed_pct == 0


@pytest.mark.parametrize(
    ("codes", "malformed"),
    [
        (["SIZE_MISSING"], 5),
        (["CONFIDENCE_BELOW_FLOOR", "PRICE_OUT_OF_COLLAR"], 5),
        (["TOTAL_NOTIONAL_EXCEEDED"], 0),
        (["SIZE_BELOW_MIN", "DAILY_LOSS_EXCEEDED"], 0),
        (["SOURCE_PAUSED"], 0),
    ],
)
def test_absurd_counts_as_malformed_and_lack_of_room_does_not(
    codes: Sequence[str], malformed: int
) -> None:
    """Nor does being paused, or a source could never come back."""
    assert done(asked("i-1", "ann", *codes), source="ann").malformed_pct == malformed


@pytest.mark.parametrize(
    ("margin", "equity", "malformed"),
    [
        ("1E+9", "10000", 5),
        ("100000.01", "10000", 5),
        ("100000", "10000", 0),
        ("10001", "10000", 0),
        ("1E+9", "0", 0),
        ("1E+9", "-5", 0),
        ("1E+9", "NaN", 0),
        ("1E+9", None, 0),
    ],
)
def test_a_margin_of_ten_times_the_account_is_absurd_whatever_refused_it(
    margin: str, equity: str | None, malformed: int
) -> None:
    """More than the account has is lack of room; an equity nobody knows is ours."""
    reading = Unknown("timeout") if equity is None else Known(D(equity), NOW)
    case = record_of(FINE.sized(margin, "100").knowing(equity=reading).case())
    one, verdict = asked("i-1", "ann", "NOTIONAL_EXCEEDED")
    assert isinstance(verdict, Judged)
    told = [one, replace(verdict, case=case)]

    assert done(told, source="ann").malformed_pct == malformed


def test_only_what_was_not_understood_is_held_against_a_source() -> None:
    """Not what came too late, nor what our own code failed on."""
    told = [nonsense("ann", "too_old"), nonsense("ann", "handling_failed")]

    assert done(told, source="ann") == NOTHING_DONE


def test_a_reduction_is_no_proposal_and_is_forgotten() -> None:
    log = log_of([received("r-1", "ann"), reduction("r-1"), nonsense("ann")])

    assert log.at(BTC, "ann", UnixMs(AT)).malformed_pct == 5
    assert not log._sources


def test_a_thousand_unknown_sources_push_out_the_one_silent_for_longest() -> None:
    """Memory is bounded, and who goes on talking is remembered."""
    told = [nonsense("ann"), nonsense("bob")]
    crowd: list[Event] = [nonsense(f"s-{n}") for n in range(SOURCES_MAX - 1)]
    log = log_of([*told, *crowd[:500], nonsense("ann"), *crowd[500:]])

    assert len(log._proposals) == SOURCES_MAX
    assert log.at(BTC, "ann", UnixMs(AT)).malformed_pct == 10
    assert log.at(BTC, "bob", UnixMs(AT)).malformed_pct == 0
