"""Checks of the way there, each with both outcomes."""

import pytest

from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.adapters.venue_ccxt.inspection import ClockSample, Heard
from bridge_patch.app.doctor.finding import Mark
from bridge_patch.app.doctor.link import (
    check_clock,
    check_environment,
    check_latency,
    check_market,
    check_weight,
)
from tests.unit.app.doctor.seen import LOST, weight

OK, FAULT, NOTE = Mark.OK, Mark.FAULT, Mark.NOTE
DAY = 86_400_000


@pytest.mark.parametrize(
    ("venue", "mark", "money"),
    [("binance", NOTE, "REAL MONEY"), ("binance-demo", OK, "simulated money")],
)
def test_the_environment_says_whose_money_it_is(venue: str, mark: Mark, money: str) -> None:
    finding = check_environment(environment_of(venue))

    assert finding.mark is mark
    assert finding.found.endswith(money)
    assert "https://" in finding.found


@pytest.mark.parametrize(
    ("offset", "took", "venue", "mark"),
    [
        (3, 8.0, "binance", OK),
        (-490, 8.0, "binance", OK),
        (-497, 8.0, "binance", NOTE),
        (500, 0.0, "binance", NOTE),
        (501, 0.0, "binance", FAULT),
        (-2000, 8.0, "simulator", FAULT),
        (3_600_000, 8.0, "simulator", FAULT),
        (-400 * DAY, 8.0, "simulator", NOTE),
        (-400 * DAY, 8.0, "binance-demo", FAULT),
    ],
)
def test_the_clock_is_held_against_the_limit(
    offset: int, took: float, venue: str, mark: Mark
) -> None:
    clock = [ClockSample(offset, took)]

    assert check_clock(clock, skew_max_ms=500, venue=venue).mark is mark


def test_the_quickest_answer_tells_the_clock() -> None:
    """A slow answer is off by up to half of what it took, and proves no skew."""
    clock = [ClockSample(900, 2000.0), ClockSample(10, 20.0), ClockSample(-700, 1500.0)]

    finding = check_clock(clock, skew_max_ms=500, venue="binance")

    assert finding.mark is OK
    assert finding.found == "the exchange's is +10 ms from ours, give or take 11 ms"


def test_a_clock_that_could_not_be_read_is_a_fault() -> None:
    assert check_clock(LOST, skew_max_ms=500, venue="binance").mark is FAULT


@pytest.mark.parametrize(
    ("took", "mark"),
    [((5.0, 999.0), OK), ((5.0, 1000.0), NOTE), ((5.0, 3000.0), FAULT)],
)
def test_round_trips_are_held_against_the_receive_window(
    took: tuple[float, ...], mark: Mark
) -> None:
    finding = check_latency(took, window_ms=3000)

    assert finding is not None
    assert finding.mark is mark
    assert f"worst {took[1]:.0f} ms of 2" in finding.found


def test_where_nothing_came_back_there_is_no_latency() -> None:
    assert check_latency((), window_ms=3000) is None


@pytest.mark.parametrize(
    ("changes", "mark"),
    [({}, OK), ({"used": 1440}, OK), ({"used": 1441}, FAULT), ({"quiet_ms": 1}, FAULT)],
)
def test_what_entries_may_not_use_any_more_is_a_fault(
    changes: dict[str, int], mark: Mark
) -> None:
    assert check_weight(weight(**changes), answered=True).mark is mark


def test_a_budget_that_nobody_told_is_not_well() -> None:
    """It is the exchange that counts; a ban is known without an answer all the same."""
    assert check_weight(weight(), answered=False).mark is NOTE
    assert check_weight(weight(quiet_ms=1), answered=False).mark is FAULT


@pytest.mark.parametrize(
    ("heard", "real", "mark"),
    [
        (Heard(connected=True, events=1), True, OK),
        (Heard(connected=True), False, NOTE),
        (Heard(connected=True), True, FAULT),
        (Heard(), False, FAULT),
        (Heard(connected=True, events=1, why="the exchange closed it"), False, FAULT),
    ],
)
def test_prices_have_to_come_where_there_is_a_market(
    heard: Heard, real: bool, mark: Mark
) -> None:
    assert check_market(heard, listen_sec=3, real=real).mark is mark
