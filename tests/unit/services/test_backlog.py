"""What is said about a backlog: from measures to words, and never too often."""

from __future__ import annotations

import pytest

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.backlog import (
    EVERY_MS,
    Backlog,
    BacklogLimits,
    BacklogWatch,
    Waiting,
    backlog_of,
)
from tests.simulation.rig import CALM, NOON_MS, Silence, World, intent, ready, run

LIMITS = BacklogLimits(entries_max=1_000, age_max_sec=60)


def seen(lag: int, *, age_sec: int | None = None, pending: int = 0) -> Backlog:
    oldest_ms = None if age_sec is None else UnixMs(NOON_MS - age_sec * 1000)
    waiting = Waiting(lag=lag, pending=pending, oldest_ms=oldest_ms)
    return backlog_of(waiting, LIMITS, now_ms=NOON_MS, ended=500, took_ms=2_000)


@pytest.mark.parametrize(
    ("found", "alarm"),
    [
        (seen(1_000), ""),
        (seen(1_001), "1001 intents wait, limit 1000"),
        (seen(1_000, pending=1), "1001 intents wait, limit 1000"),
        (seen(1, age_sec=60), ""),
        (seen(1, age_sec=61), "waiting for 61 s, limit 60"),
        (seen(0, age_sec=61), ""),
        (
            seen(2_000, age_sec=99),
            "2000 intents wait, limit 1000; waiting for 99 s, limit 60",
        ),
    ],
)
def test_a_limit_that_is_passed_is_named(found: Backlog, alarm: str) -> None:
    assert found.alarm == alarm


def test_rate_and_time_left_are_what_was_ended_lately() -> None:
    found = seen(1_001)
    assert (found.rate_per_sec, found.eta_sec) == (250, 5)

    waiting = Waiting(lag=5, pending=0, oldest_ms=None)
    idle = backlog_of(waiting, LIMITS, now_ms=NOON_MS, ended=0, took_ms=2_000)
    assert (idle.rate_per_sec, idle.eta_sec, idle.oldest_age_ms) == (None, None, None)


class Said(Silence):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, area: str, message: str, **facts: object) -> None:
        self.lines.append(f"[{area}] {message} {facts['lag']} {facts['eta_sec']}")


class Lags:
    def __init__(self, *lags: int) -> None:
        self.left = list(lags)

    async def waiting(self) -> Waiting:
        return Waiting(lag=self.left.pop(0), pending=0, oldest_ms=None)


def test_an_alarm_is_said_once_then_now_and_then_and_once_when_it_is_over() -> None:
    said, wall = Said(), ManualClock(NOON_MS)
    depths = Lags(9_000, 4_000, 0)
    watch = BacklogWatch(
        depths=depths, limits=LIMITS, telemetry=said, wall=wall, clock=wall
    )

    async def scenario() -> None:
        await watch.ended(3, full=False)  # nothing waits: nobody looks
        for step in range(11):
            wall.set(UnixMs(NOON_MS + step * EVERY_MS // 10))
            await watch.ended(500, full=True)
        await watch.ended(12, full=False)
        await watch.ended(0, full=False)

    run(scenario())

    assert said.lines == [
        "[BUS] backlog above its limit 9000 –",
        "[BUS] backlog goes on 4000 4",
        "[BUS] backlog is over 0 –",
    ]
    assert depths.left == []
    assert watch.now is not None
    assert watch.now.alarm == ""


def test_an_execution_says_that_it_was_behind() -> None:
    """Without one of the words that are kept for decisions."""
    world, said = World(env={"BACKLOG_ALARM_ENTRIES": "100"}), Said()

    async def scenario() -> None:
        session = await ready(world, telemetry=said)
        for n in range(3_000):
            await world.send(intent(f"late-{n}", CALM - 9))
        await session.execution.drain()

    run(scenario())

    lines = [line for line in said.lines if line.startswith("[BUS]")]
    assert len(lines) == 2
    assert lines[0].startswith("[BUS] backlog above its limit 952 ")
    assert lines[1].startswith("[BUS] backlog is over 0 ")
    assert not [w for w in ("ACCEPT", "REJECT", "SHADOW", "LIVE") if w in "".join(lines)]
