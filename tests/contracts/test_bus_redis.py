"""What the bus on a server promises beyond the port: trimming, removal, waiting."""

from __future__ import annotations

import asyncio

import pytest

from bridge_patch.adapters.bus import Ack, Depth, Message, Post, Reader
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.redis_entries import raw_id
from bridge_patch.adapters.streams import (
    EXECUTION_GROUP,
    TRADE_INTENT,
)
from tests.contracts.redis_rig import Connect, Heard
from tests.contracts.sites import (
    INTENTS,
    ONE,
    RESULTS,
    commit,
    followed,
    post,
    publish,
    read,
    run,
    texts,
)
from tests.redis_server import RedisServer


@pytest.fixture
def bus(connect: Connect) -> RedisBus:
    return connect()


def test_what_redis_cli_shows_is_what_was_published(
    bus: RedisBus, redis_server: RedisServer
) -> None:
    """And an id from a log line can be given to it as it is."""
    fields = (("payload", "{}"), ("raw", "\udcff"), ("payload", "é"))
    (named,) = run(bus.publish([Post(INTENTS, Envelope(fields))]))
    flat = [b"payload", b"{}", b"raw", b"\xff", b"payload", "é".encode()]

    expected = [[raw_id(named).encode(), flat]]
    assert redis_server.ask("XRANGE", INTENTS, named, named) == expected


def test_what_one_group_still_needs_is_not_trimmed(bus: RedisBus) -> None:
    slow = Reader(group="audit", consumer="one")
    publish(bus, *"abcdef")
    commit(bus, read(bus))
    held = read(bus, slow, count=4)
    run(bus.commit(slow.group, [Ack(INTENTS, held[0].entry_id)], []))
    trimmed = run(bus.trim(INTENTS, keep_ms=0))

    assert trimmed == 1
    assert texts(followed(bus, INTENTS)) == ["b", "c", "d", "e", "f"]
    assert texts(read(bus, slow)) == ["e", "f"]
    assert run(bus.depth(INTENTS, "audit")).pending == 5


def test_what_everybody_finished_is_trimmed_but_kept_for_a_while(bus: RedisBus) -> None:
    publish(bus, *"abc")
    commit(bus, read(bus))

    assert run(bus.trim(INTENTS)) == 0
    assert run(bus.trim(INTENTS, keep_ms=0)) == 2, "the last one shows where the group is"
    assert read(bus) == ()


def test_a_stream_that_nobody_reads_in_a_group_is_not_trimmed(bus: RedisBus) -> None:
    """Whoever follows it begins at its beginning after a restart."""
    publish(bus, *"abc", stream=RESULTS)

    assert run(bus.trim(RESULTS, keep_ms=0)) == 0
    assert run(bus.trim("not there", keep_ms=0)) == 0


def test_finished_intents_are_trimmed_now_and_then(
    bus: RedisBus, redis_server: RedisServer
) -> None:
    """A server's memory is not for what the journal has."""
    hours_ago = 1_700_000_000_000
    for number in range(9):
        redis_server.ask("XADD", TRADE_INTENT, f"{hours_ago}-{number + 1}", "payload", "x")
    reader = Reader(group=EXECUTION_GROUP, consumer="one")
    run(bus.read(reader, [TRADE_INTENT], count=9, wait_ms=0))
    for number in range(9):
        done = [Ack(TRADE_INTENT, f"{hours_ago}-{number + 1}")] * 512
        run(bus.commit(EXECUTION_GROUP, done, []))

    assert redis_server.ask("XLEN", TRADE_INTENT) == 1, "the last was still in hand"


def test_a_group_that_somebody_removed_begins_again_and_that_is_told(
    bus: RedisBus, heard: Heard, redis_server: RedisServer
) -> None:
    """What it had finished comes again; the journal knows it."""
    publish(bus, "a")
    commit(bus, read(bus))
    redis_server.ask("XGROUP", "DESTROY", INTENTS, ONE.group)
    publish(bus, "b")

    assert texts(read(bus) + read(bus)) == ["a", "b"]
    assert [facts["group"] for _, facts in heard.told] == [ONE.group]


def test_a_flush_while_a_reader_waits_does_not_end_it(
    bus: RedisBus, heard: Heard, redis_server: RedisServer
) -> None:
    async def scenario() -> tuple[Message, ...]:
        task = asyncio.create_task(bus.read(ONE, (INTENTS,), count=9, wait_ms=30_000))
        await asyncio.sleep(0.05)
        redis_server.ask("FLUSHALL")
        await asyncio.sleep(0.05)
        await bus.publish([post("after")])
        return await asyncio.wait_for(task, timeout=10)

    assert texts(run(scenario())) == ["after"]
    assert len(heard.told) == 1


def test_what_came_in_the_moment_a_wait_was_given_up_is_not_lost(
    bus: RedisBus, redis_server: RedisServer
) -> None:
    """The server thinks that it handed this out; the process never saw it."""

    async def scenario() -> tuple[Message, ...]:
        task = asyncio.create_task(bus.read(ONE, (INTENTS,), count=9, wait_ms=30_000))
        await asyncio.sleep(0.05)
        redis_server.ask("XADD", INTENTS, "*", "payload", "a")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await bus.depth(INTENTS, ONE.group)).pending == 1
        return await bus.read(ONE, (INTENTS,), count=9, wait_ms=0)

    assert texts(run(scenario())) == ["a"]
    assert read(bus) == ()


def test_what_is_published_behind_another_is_behind_the_newest(
    connect: Connect,
) -> None:
    """Somebody publishes in between: it is made anew."""
    here, there = connect(), connect()
    publish(here, "old")
    seen: list[str | None] = []

    def make(newest: Message | None) -> Post:
        seen.append(newest and newest.envelope.payload)
        if len(seen) == 1:
            there._link.call("XADD", INTENTS, "*", "payload", "new")
        return post("mine")

    run(here.publish_behind(INTENTS, make))

    assert seen == ["old", "new"]
    assert texts(followed(here, INTENTS)) == ["old", "new", "mine"]


def test_an_error_in_making_publishes_nothing_and_leaves_the_bus_usable(
    bus: RedisBus,
) -> None:
    def refuse(newest: Message | None) -> Post:
        raise ValueError(newest)

    with pytest.raises(ValueError, match="None"):
        run(bus.publish_behind(INTENTS, refuse))
    publish(bus, "a", "b")

    assert texts(followed(bus, INTENTS)) == ["a", "b"]


def test_depth_is_counted_where_the_server_does_not_know(
    bus: RedisBus, redis_server: RedisServer
) -> None:
    ids = publish(bus, *"abcde")
    read(bus, count=1)
    redis_server.ask("XDEL", INTENTS, raw_id(ids[2]))
    groups = str(redis_server.ask("XINFO", "GROUPS", INTENTS))

    assert "b'lag', None" in groups
    assert run(bus.depth(INTENTS, ONE.group)) == Depth(last_id=ids[4], lag=3, pending=1)


def test_a_batch_is_512_at_most(bus: RedisBus) -> None:
    publish(bus, *map(str, range(600)))

    assert len(read(bus, count=10_000)) == 512
    assert len(followed(bus, INTENTS)) == 512
