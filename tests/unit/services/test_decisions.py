"""Decisions are a fold of the journal: each verdict once, with its outcome."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bridge_patch.domain.events import Event, Verdict
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.services.decisions import Decision, Filter, decisions
from bridge_patch.services.ports import Stored
from tests.unit.adapters.lines_samples import ACCEPTED, DEAD, SENDING, SETTLED

TWO = IntentId("i-2")
JUDGED_2 = replace(
    ACCEPTED,
    intent_id=TWO,
    symbol=Symbol("SOLUSDT"),
    verdict=Verdict.REJECT,
    codes=("MARK_STALE", "NOTIONAL_EXCEEDED"),
)
SETTLED_2 = replace(SETTLED, intent_id=TWO)


def fold(*events: Event) -> Sequence[Decision]:
    entries = [
        Stored(seq=n, run_id="r-1", recorded_ms=1000 + n, event=event, link="")
        for n, event in enumerate(events, 1)
    ]
    return list(decisions(entries))


def test_a_verdict_meets_its_outcome() -> None:
    (first, second) = fold(ACCEPTED, SENDING, JUDGED_2, SETTLED_2, DEAD, SETTLED)

    assert (first.basis, first.settled) == (JUDGED_2, SETTLED_2)
    assert (second.basis, second.settled) == (ACCEPTED, SETTLED)
    assert second.recorded_ms == 1001


def test_a_verdict_without_an_outcome_is_not_hidden() -> None:
    """After a crash the operator looks for exactly these."""
    (only,) = fold(ACCEPTED, SENDING)

    assert only.settled is None


def test_an_intent_judged_again_shows_both_verdicts() -> None:
    again = replace(ACCEPTED, codes=("PASS", "AGAIN"))
    (first, second) = fold(ACCEPTED, again, SETTLED)

    assert (first.basis, first.settled) == (ACCEPTED, None)
    assert (second.basis, second.settled) == (again, SETTLED)


def test_an_outcome_without_a_verdict_stands_for_itself() -> None:
    (only,) = fold(SETTLED)

    assert only.basis == SETTLED
    assert only.settled == SETTLED


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Filter(), ["i-2", "i-1"]),
        (Filter(symbol="SOLUSDT"), ["i-2"]),
        (Filter(verdict=Verdict.ACCEPT), ["i-1"]),
        (Filter(code="NOTIONAL_EXCEEDED"), ["i-2"]),
        (Filter(symbol="BTCUSDT", code="MARK_STALE"), []),
    ],
)
def test_a_filter_takes_what_fits_all_its_parts(wanted: Filter, ids: list[str]) -> None:
    found = fold(JUDGED_2, SETTLED_2, ACCEPTED, SETTLED)

    assert [d.intent_id for d in found if wanted.takes(d)] == ids
