"""Live time goes by itself, never back, and knows how far it is from the venue's."""

from dataclasses import dataclass
from decimal import Decimal

from bridge_patch.adapters.feeds.live_clock import TRIP_MAX_MS, UNREAD, LiveClock, VenueTime
from bridge_patch.domain.intent import UnixMs
from bridge_patch.governor.snapshot import Known


@dataclass
class Wall:
    now: int = 1_000_000

    def __call__(self) -> int:
        return self.now


def test_nobody_can_wind_a_live_clock() -> None:
    wall = Wall()
    clock = LiveClock(wall)
    clock.set(UnixMs(5_000_000))

    assert clock.now_ms() == 1_000_000


def test_it_stands_still_where_the_system_clock_is_put_back() -> None:
    """An age that shrinks would make old readings young."""
    wall = Wall()
    clock = LiveClock(wall)
    assert clock.now_ms() == 1_000_000
    wall.now = 990_000
    assert clock.now_ms() == 1_000_000
    wall.now = 1_000_001

    assert clock.now_ms() == 1_000_001


def test_our_lead_is_measured_from_the_middle_of_the_trip() -> None:
    wall = Wall()
    time = VenueTime(LiveClock(wall))
    assert time.skew_ms() == UNREAD
    asked_ms = time.clock.now_ms()
    wall.now += 100
    time.answered(asked_ms, 1_000_350)

    assert time.skew_ms() == Known(Decimal(-300), UnixMs(1_000_100))


def test_an_answer_that_took_too_long_says_nothing() -> None:
    wall = Wall()
    time = VenueTime(LiveClock(wall))
    asked_ms = time.clock.now_ms()
    wall.now += TRIP_MAX_MS + 1
    time.answered(asked_ms, 1_000_000)

    assert time.skew_ms() == UNREAD
