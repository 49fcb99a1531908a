"""What counts as a day in shadow, by hand-made journals whose figures are known."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    EquityMarked,
    Event,
    IntentReceived,
    Judged,
    LatchSet,
    ModeOrdered,
    RunStarted,
    TradingState,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from bridge_patch.evidence.promotion import (
    HOUR_MS,
    Need,
    ShadowRuns,
    Shown,
    Span,
    needs,
)
from tests.unit.adapters.lines_samples import ACCEPTED, AT, SETTLED

D = Decimal
MARKET, LIMITS = "live:binance", "l-1"
RUN = RunStarted(
    at_ms=AT,
    run_id="r-1",
    mode=Mode.SHADOW,
    build="0.1.0",
    limits_hash=LIMITS,
    limits="",
    feed="live",
    venue="paper",
    equity_usd=D(10_000),
    market=MARKET,
)
RECEIVED = IntentReceived(
    at_ms=AT,
    intent_id=IntentId("i-1"),
    entry_id="1-0",
    source="ai",
    created_ms=AT,
    payload="{}",
)


def mark(hours: float) -> EquityMarked:
    """A sign of life so many hours after the start."""
    return EquityMarked(
        book=Book.ASKED,
        at_ms=UnixMs(AT + round(hours * HOUR_MS)),
        equity_usd=D(1),
        peak_usd=D(1),
        day_start_usd=D(1),
    )


def judged(hours: float, *, verdict: Verdict = Verdict.ACCEPT, margin: int = 100) -> Judged:
    return replace(
        ACCEPTED,
        at_ms=UnixMs(AT + round(hours * HOUR_MS)),
        mode=Mode.SHADOW,
        verdict=verdict,
        codes=("PASS",) if verdict is Verdict.ACCEPT else ("NOTIONAL_EXCEEDED",),
        margin_usd=D(margin),
    )


def shown(*events: Event) -> Shown:
    runs = ShadowRuns(limits_hash=LIMITS, market=MARKET, build="0.1.0")
    for event in events:
        runs.apply(event)
    return runs.shown()


def day(hours: int = 24) -> Iterable[Event]:
    yield RUN
    for hour in range(1, hours + 1):
        yield mark(hour)


def unmet(
    found: Shown, *, fault: str | None = "", mismatches: int | None = 0, later_h: int = 1
) -> list[str]:
    """Return the names of what is missing for a promotion."""
    all_: tuple[Need, ...] = needs(
        found,
        hours_min=24,
        now_ms=UnixMs(found.heard_ms + later_h * HOUR_MS),
        chain_fault=fault,
        mismatches=mismatches,
    )
    return [need.name for need in all_ if not need.met]


def test_a_day_in_shadow_with_a_decision_is_enough() -> None:
    found = shown(*day(), judged(23.5), judged(23.6, verdict=Verdict.REJECT))

    assert unmet(found) == []
    assert (found.hours, found.runs, found.decisions) == (D(24), 1, 2)
    assert (found.accepted, found.refused) == (1, (("NOTIONAL_EXCEEDED", 1),))


def test_a_minute_less_than_a_day_is_not_enough() -> None:
    found = shown(RUN, judged(0), *(mark(h) for h in range(1, 24)), mark(23.99))

    assert unmet(found) == ["time in shadow on live:binance"]


def test_no_decision_is_not_enough() -> None:
    assert unmet(shown(*day())) == ["decisions", "entries allowed"]


def test_a_run_that_refused_everything_has_shown_no_entry() -> None:
    found = shown(*day(), judged(23, verdict=Verdict.REJECT))
    assert unmet(found) == ["entries allowed"]


def test_evidence_grows_old() -> None:
    found = shown(*day(), judged(23.5))

    assert unmet(found, later_h=7 * 24) == []
    assert unmet(found, later_h=7 * 24 + 1) == ["last sign of life"]


@pytest.mark.parametrize("silent_h", [150, 180])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_young_minute_makes_no_old_day_young(silent_h: int, *, restarted: bool) -> None:
    """A day of last year and a start of today are no day of this market."""
    ms = UnixMs(AT + (24 + silent_h) * HOUR_MS)
    back = replace(RUN, at_ms=ms) if restarted else mark(24 + silent_h)
    found = shown(*day(), judged(23.5), back, mark(24 + silent_h + 0.5))

    young = silent_h < 168
    assert found.hours == D(24) * young + D("0.5")
    assert found.runs == 1 + (restarted and young)
    assert ("decisions" in unmet(found)) is not young


def test_of_runs_before_a_live_one_none_is_counted() -> None:
    live = replace(RUN, mode=Mode.LIVE, at_ms=UnixMs(AT + 24 * HOUR_MS))
    again = replace(RUN, at_ms=UnixMs(AT + 25 * HOUR_MS))

    assert shown(*day(), live).runs == 0
    assert shown(*day(), live, again, mark(26)).runs == 1


@pytest.mark.parametrize("end", ["live", "fall"])
def test_a_live_run_and_a_fall_that_halts_begin_it_anew(end: str) -> None:
    live = replace(RUN, mode=Mode.LIVE, at_ms=UnixMs(AT + 24 * HOUR_MS))
    fall = LatchSet(
        book=Book.GOVERNED,
        at_ms=UnixMs(AT + 24 * HOUR_MS),
        state=TradingState.HALTED,
        cause="DRAWDOWN",
        who="governor",
        why="20 %",
        adds="DRAWDOWN",
    )
    found = shown(*day(), judged(23.5), live if end == "live" else fall)

    assert (found.shadow_ms, found.decisions) == (0, 0)


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, market="replay"),
        replace(RUN, market=""),
        replace(RUN, market="live:simulator"),
        replace(RUN, limits_hash="l-2"),
        replace(RUN, build="0.0.9"),
        replace(RUN, mode=Mode.LIVE),
    ],
)
def test_a_replay_other_limits_and_another_market_count_for_nothing(
    run: RunStarted,
) -> None:
    found = shown(run, *(mark(hour) for hour in range(1, 25)), judged(24))

    assert (found.shadow_ms, found.runs, found.decisions) == (0, 0, 0)


def test_time_in_which_nobody_was_there_does_not_count() -> None:
    """A run that was killed at ten hours and started again at twenty was there for 14."""
    again = replace(RUN, at_ms=UnixMs(AT + 20 * HOUR_MS))
    found = shown(*day(10), again, *(mark(hour) for hour in range(21, 25)), judged(24))

    assert found.hours == D(14)
    assert found.runs == 2
    assert shown(RUN, mark(1), mark(9)).hours == D(1)


def test_an_order_back_to_shadow_begins_it_anew() -> None:
    back = ModeOrdered(
        at_ms=UnixMs(AT + 24 * HOUR_MS), mode=Mode.SHADOW, who="bob", why="odd fills"
    )
    found = shown(
        *day(), judged(23.5), replace(back, at_ms=UnixMs(AT + 24 * HOUR_MS + 1)), mark(25)
    )

    assert (found.shadow_ms, found.hours) == (HOUR_MS - 1, D("0.9"))
    found = shown(*day(), judged(23.5), back, mark(25))
    assert (found.hours, found.decisions, found.runs) == (D(1), 0, 1)


def test_an_intent_without_an_outcome_is_missing_once_it_had_its_time() -> None:
    ended = replace(SETTLED, intent_id=RECEIVED.intent_id)
    expired = BulkExpired(
        at_ms=AT, intent_ids=(RECEIVED.intent_id,), entry_ids=("1-0",), age_max_sec=60
    )

    assert shown(RUN, RECEIVED, mark(1)).unended == 1
    assert shown(RUN, RECEIVED, mark(0.01)).unended == 0
    assert shown(RUN, RECEIVED, ended, mark(1)).unended == 0
    assert shown(RUN, RECEIVED, expired, mark(1)).unended == 0


def test_what_could_not_be_checked_is_never_a_pass() -> None:
    found = shown(*day(), judged(23.5))

    assert unmet(found, fault=None, mismatches=None) == ["journal", "verdicts judged again"]
    assert unmet(found, fault="entry 7 was changed") == ["journal"]
    assert unmet(found, mismatches=1) == ["verdicts judged again"]


def test_sizes_are_told_as_least_middle_and_most() -> None:
    found = shown(RUN, *(judged(0.1, margin=m) for m in (100, 900, 300)))

    assert found.margins_usd == Span(D(100), D(300), D(900))
    assert found.leverages == Span(D(15), D(15), D(15))
    assert Span.of([]) is None
