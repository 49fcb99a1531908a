"""How a raw bus waits: woken at once, patient, and never alone in its process."""

from __future__ import annotations

import asyncio

import pytest

from bridge_patch.adapters.bus import Bus, Message
from tests.contracts.sites import (
    INTENTS,
    ONE,
    RESULTS,
    BusSite,
    post,
    publish,
    run,
    texts,
)


@pytest.mark.parametrize("writer", ["this process", "another process"])
@pytest.mark.parametrize("reader", ["read", "follow"])
def test_a_waiting_reader_is_woken(site: BusSite, reader: str, writer: str) -> None:
    """Long before its patience ends, whoever publishes."""
    here = site.connect()
    there = here if writer == "this process" else site.connect()

    async def scenario() -> tuple[Message, ...]:
        if reader == "follow":
            wait = here.follow(INTENTS, "", count=9, wait_ms=60_000)
        else:
            wait = here.read(ONE, (INTENTS,), count=9, wait_ms=60_000)
        task = asyncio.create_task(wait)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        await there.publish([post("late")])
        return await asyncio.wait_for(task, timeout=10)

    assert texts(run(scenario())) == ["late"]


def test_what_others_publish_elsewhere_does_not_end_the_wait(bus: Bus) -> None:
    async def scenario() -> tuple[Message, ...]:
        task = asyncio.create_task(bus.read(ONE, (INTENTS,), count=9, wait_ms=60_000))
        await asyncio.sleep(0)
        await bus.publish([post("noise", RESULTS)])
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        await bus.publish([post("meant")])
        return await asyncio.wait_for(task, timeout=10)

    assert texts(run(scenario())) == ["meant"]


def test_waiting_for_nothing_ends(bus: Bus) -> None:
    assert run(bus.read(ONE, (INTENTS,), count=1, wait_ms=5)) == ()
    assert run(bus.follow(RESULTS, "", count=1, wait_ms=5)) == ()


def test_a_read_lets_other_tasks_run(bus: Bus) -> None:
    """A drain of a long backlog in one process must not starve the exit brain."""

    async def scenario() -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        for _ in range(50):
            await bus.read(ONE, (INTENTS,), count=1, wait_ms=0)
        task.cancel()
        return turns

    publish(bus, *map(str, range(50)))
    assert run(scenario()) >= 49
