"""The largest of several memories, and unknown where one of them is."""

from decimal import Decimal

from bridge_patch.domain.intent import Unknown
from bridge_patch.policy.volatility import Ewma
from bridge_patch.policy.volatility_gate import (
    GATE_HALF_LIVES_MS,
    GateVolatility,
    gate_volatility,
)
from tests.laws.markets import minute_bar

D = Decimal


def test_the_largest_reading_counts() -> None:
    assert gate_volatility([D("0.4"), D("0.9"), D("0.5")]) == D("0.9")


def test_one_unknown_makes_the_whole_unknown() -> None:
    """The reading that is missing may have been the largest."""
    assert gate_volatility([D("0.4"), Unknown("a gap"), D("9")]) == Unknown("a gap")


def test_no_reading_at_all_is_unknown() -> None:
    assert isinstance(gate_volatility([]), Unknown)


def test_the_gate_remembers_two_hours_twelve_hours_and_three_days() -> None:
    assert GATE_HALF_LIVES_MS == (2 * 3_600_000, 12 * 3_600_000, 72 * 3_600_000)


def test_a_storm_is_seen_at_once_and_not_forgotten_the_day_after() -> None:
    """120 calm minutes, an hour of storm: the shortest memory is the largest reading."""
    gate, usual = GateVolatility(), Ewma()
    closes = ["100" if n % 2 else "100.01" for n in range(180)]
    closes += ["100" if n % 2 else "101" for n in range(60)]
    for minute, close in enumerate(closes):
        bar = minute_bar(minute, close)
        gate.take(bar)
        usual = usual.after(bar.close, bar.close_ms)
    storm, twelve_hours = gate.annual(), usual.annual()
    assert isinstance(storm, D)
    assert isinstance(twelve_hours, D)
    assert storm > twelve_hours

    for minute in range(240, 240 + 24 * 60):
        gate.take(minute_bar(minute, "100" if minute % 2 else "100.01"))
        bar = minute_bar(minute, "100" if minute % 2 else "100.01")
        usual = usual.after(bar.close, bar.close_ms)
    later, forgotten = gate.annual(), usual.annual()
    assert isinstance(later, D)
    assert isinstance(forgotten, D)
    assert later > forgotten


def test_candles_count_where_closes_stand_still() -> None:
    """Every bar closes where it opened, after a trip of 1 %: no EWMA sees it."""
    gate = GateVolatility()
    for minute in range(200):
        gate.take(minute_bar(minute, "100", high="101"))

    seen = gate.annual()
    assert isinstance(seen, D)
    assert seen > 4


def test_before_120_bars_nothing_is_known() -> None:
    gate = GateVolatility()
    for minute in range(119):
        gate.take(minute_bar(minute, "100"))

    assert isinstance(gate.annual(), Unknown)
