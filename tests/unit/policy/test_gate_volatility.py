"""The largest of several memories, and unknown where one of them is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Bar
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


def lasting(minutes: int, n: int, close: str, *, high: str | None = None) -> Bar:
    bar = minute_bar(minutes * n, close, high=high)
    return replace(bar, close_ms=UnixMs(bar.open_ms + minutes * 60_000))


def test_bars_of_another_length_are_annualised_by_it() -> None:
    """1 % up or down every 15 minutes: 7.213818 / sqrt(15) = 1.862600; no hole."""
    gate = GateVolatility()
    for n in range(200):
        gate.take(lasting(15, n, "101" if n % 2 else "100"))

    seen = gate.annual()
    assert isinstance(seen, D)
    assert float(seen) == pytest.approx(1.862600, rel=0.01)


def test_the_candles_are_those_of_a_day_whatever_their_length() -> None:
    """Trips of 1 % that closes never show, and then 15 quiet hours, or 25."""
    gate = GateVolatility()
    for n in range(130):
        gate.take(lasting(5, n, "100", high="101"))
    for n in range(130, 130 + 15 * 12):
        gate.take(lasting(5, n, "100"))
    assert gate.annual() != D(0)

    for n in range(310, 310 + 10 * 12):
        gate.take(lasting(5, n, "100"))
    assert gate.annual() == D(0)


def test_before_120_bars_nothing_is_known() -> None:
    gate = GateVolatility()
    for minute in range(119):
        gate.take(minute_bar(minute, "100"))

    assert isinstance(gate.annual(), Unknown)
