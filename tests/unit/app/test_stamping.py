"""A hand-made message carries the time of whoever will read it."""

from dataclasses import replace

from bridge_patch.app.stamping import stamp_of
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.ports import Stored
from tests.unit.adapters.lines_samples import AT, DEAD

NOW = UnixMs(AT + 400 * 86_400_000)
MINUTE = 60_000


def entry(at_ms: int, recorded_ms: int) -> Stored:
    event = replace(DEAD, at_ms=UnixMs(at_ms))
    return Stored(seq=1, run_id="r", recorded_ms=recorded_ms, event=event, link="")


def test_without_a_replay_it_is_the_system_clock() -> None:
    live = entry(NOW - 2000, NOW - 1900)

    assert (stamp_of(None, (), NOW).at_ms, stamp_of(None, (), NOW).clock) == (
        NOW,
        "system clock",
    )
    assert stamp_of(None, (live,), NOW).at_ms == NOW
    assert stamp_of(UnixMs(AT), (live,), NOW).at_ms == NOW


def test_in_a_replay_it_is_the_newest_data_time_that_is_known() -> None:
    """From the future it would be set aside, and too old it would expire."""
    earlier, later = entry(AT, NOW - 5), entry(AT + MINUTE, NOW - 4)
    tick = UnixMs(AT + 5 * MINUTE)

    assert stamp_of(tick, (earlier, later), NOW).at_ms == tick
    assert stamp_of(UnixMs(AT), (earlier, later), NOW).at_ms == AT + MINUTE
    assert stamp_of(None, (later, earlier), NOW).at_ms == AT + MINUTE
    assert stamp_of(tick, (), NOW).at_ms == tick
    assert stamp_of(tick, (), NOW).clock == "data time"


def test_a_live_run_that_wrote_about_what_it_missed_is_still_live() -> None:
    """Its newest entry may be of hours ago; what it said about its own present counts."""
    start, missed = entry(NOW - 2_000, NOW - 1_900), entry(NOW - 7_200_000, NOW - 1_000)
    before = replace(missed, run_id="an earlier one")

    assert stamp_of(None, (start, missed), NOW).clock == "system clock"
    assert stamp_of(None, (start, before), NOW).clock == "data time"
