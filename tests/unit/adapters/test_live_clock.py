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
    clock = LiveClock(wall, wall)
    clock.set(UnixMs(5_000_000))

    assert clock.now_ms() == 1_000_000


def test_it_goes_on_where_the_system_clock_is_put_back() -> None:
    """An age that shrinks would make old readings young, and one that stands none old."""
    wall, steady = Wall(), Wall(0)
    clock = LiveClock(wall, steady)
    assert clock.now_ms() == 1_000_000
    wall.now = 910_000
    assert clock.now_ms() == 1_000_000
    told = [clock.now_ms()]
    for _ in range(1_000):
        wall.now, steady.now = wall.now + 1_000, steady.now + 1_000
        told.append(clock.now_ms())

    assert (told[1], told[5], told[10]) == (1_000_500, 1_002_500, 1_005_000)
    assert told == sorted(set(told))
    assert told[179] > 910_000 + 179_000
    assert told[180:] == [910_000 + n * 1_000 for n in range(180, 1_001)]


def test_it_is_the_system_clock_however_often_it_is_asked() -> None:
    wall, steady = Wall(), Wall(7)
    clock = LiveClock(wall, steady)
    for step in (0, 1, 0, 3, 1, 900_000, 1):
        wall.now, steady.now = wall.now + step, steady.now + min(step, 5)
        assert clock.now_ms() == wall.now


def test_our_lead_is_measured_from_the_middle_of_the_trip() -> None:
    wall = Wall()
    time = VenueTime(LiveClock(wall, wall))
    assert time.skew_ms() == UNREAD
    asked_ms = time.clock.now_ms()
    wall.now += 100
    time.answered(asked_ms, 1_000_350)

    assert time.skew_ms() == Known(Decimal(-300), UnixMs(1_000_100))


def test_an_answer_that_took_too_long_says_nothing() -> None:
    wall = Wall()
    time = VenueTime(LiveClock(wall, wall))
    asked_ms = time.clock.now_ms()
    wall.now += TRIP_MAX_MS + 1
    time.answered(asked_ms, 1_000_000)

    assert time.skew_ms() == UNREAD
