"""What grows with a run is kept to its newest entries; what somebody needs stays."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from bridge_patch.adapters.bus import Ack, Reader, StoredBus
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_retention import EVERY, FOLLOWED
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.bus_url import EMBEDDED
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.redis_link import Command, RedisLink
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import (
    CONTROL,
    DEAD_LETTER,
    EXECUTION_GROUP,
    MARKET_TICK,
    POSITION_UPDATE,
    TRADE_INTENT,
)
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.buses import BusAt
from bridge_patch.domain.errors import OutageError
from tests.contracts.redis_rig import bus_at
from tests.contracts.samples import NOON_MS
from tests.contracts.sites import (
    INTENTS,
    ONE,
    RESULTS,
    BusSite,
    commit,
    followed,
    post,
    publish,
    read,
    run,
    texts,
)
from tests.redis_server import RedisServer, acl_lines, redis_on

EXECUTION = Reader(group=EXECUTION_GROUP, consumer="one")

Keeping = Callable[[int], StoredBus]


@pytest.fixture
def bus(stored_site: BusSite) -> StoredBus:
    return cast("StoredBus", stored_site.connect())


@pytest.fixture(params=["sqlite", "redis"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeping]:
    """A bus that keeps so much, as the execution has it."""
    made: list[StoredBus] = []

    def keeping(keep: int) -> StoredBus:
        if request.param == "sqlite":
            file = SqliteFile(tmp_path / "bridge.db")
            made.append(SqliteBus(file, ManualClock(NOON_MS), keep=keep))
        else:
            server: RedisServer = request.getfixturevalue("redis_server")
            server.ask("FLUSHALL")
            made.append(RedisBus(server.url, keep=keep))
        return made[0]

    yield keeping
    for one in made:
        one.close()


def finish(bus: StoredBus, count: int) -> None:
    """Acknowledge something so many times; what is not pending is passed over."""
    (one,) = publish(bus, "x", stream=TRADE_INTENT)
    for _ in range(count // 512):
        run(bus.commit(EXECUTION_GROUP, [Ack(TRADE_INTENT, one)] * 512, []))


def test_the_newest_are_kept_and_who_follows_goes_on_from_its_place(
    bus: StoredBus,
) -> None:
    first, *_ = publish(bus, *"abcdef", stream=RESULTS)
    publish(bus, *"uvw", stream=INTENTS)

    assert bus.keep_newest(RESULTS, 4) == 2
    assert texts(followed(bus, RESULTS)) == ["c", "d", "e", "f"]
    assert texts(followed(bus, RESULTS, first)) == ["c", "d", "e", "f"]
    assert texts(followed(bus, INTENTS)) == ["u", "v", "w"]


def test_where_there_are_no_more_than_that_nothing_goes(bus: StoredBus) -> None:
    publish(bus, *"ab", stream=RESULTS)

    assert bus.keep_newest(RESULTS, 2) == bus.keep_newest(RESULTS, 9) == 0
    assert bus.keep_newest("not there", 1) == 0
    assert texts(followed(bus, RESULTS)) == ["a", "b"]


def test_the_newest_entry_stays_whoever_asks_for_none(bus: StoredBus) -> None:
    publish(bus, *"abc", stream=RESULTS)

    assert bus.keep_newest(RESULTS, 0) == 2
    assert texts(followed(bus, RESULTS)) == ["c"]


def test_what_a_group_has_not_been_handed_stays(bus: StoredBus) -> None:
    slow = Reader(group="audit", consumer="one")
    publish(bus, *"abcdef")
    commit(bus, read(bus))
    for message in read(bus, slow, count=3):
        run(bus.commit(slow.group, [Ack(INTENTS, message.entry_id)], []))
    bus.keep_newest(INTENTS, 1)

    assert texts(read(bus, slow)) == ["d", "e", "f"]


def test_what_a_group_has_in_hand_stays(bus: StoredBus, stored_site: BusSite) -> None:
    publish(bus, *"abcdef")
    held = read(bus)
    commit(bus, (held[0], *held[2:]))
    bus.keep_newest(INTENTS, 1)
    again = stored_site.connect()

    assert texts(read(again)) == ["b"]
    assert texts(followed(bus, INTENTS)) == ["b", "c", "d", "e", "f"]


def test_nobody_takes_what_was_let_go_for_lost(bus: StoredBus) -> None:
    publish(bus, *"abcdef")
    commit(bus, read(bus))
    bus.keep_newest(INTENTS, 1)
    publish(bus, "g")

    assert texts(read(bus)) == ["g"]
    assert run(bus.depth(INTENTS, ONE.group)).lag == 0


def test_it_is_done_now_and_then_on_the_streams_that_grow(keeping: Keeping) -> None:
    """The oldest position update may be all there is about what is held: it stays."""
    bus = keeping(3)
    for stream in (*FOLLOWED, POSITION_UPDATE, DEAD_LETTER, CONTROL):
        publish(bus, *"abcdef", stream=stream)
    commit_all = run(bus.read(EXECUTION, [MARKET_TICK], count=9, wait_ms=0))
    run(bus.commit(EXECUTION_GROUP, [Ack(MARKET_TICK, m.entry_id) for m in commit_all], []))
    finish(bus, EVERY - 512)
    before = [len(followed(bus, stream)) for stream in FOLLOWED]
    finish(bus, 512)

    assert before == [6, 6, 6, 6]
    assert [texts(followed(bus, s)) for s in FOLLOWED] == [["d", "e", "f"]] * 4
    for stream in (POSITION_UPDATE, DEAD_LETTER, CONTROL):
        assert len(followed(bus, stream)) == 6


def test_without_a_number_everything_stays(keeping: Keeping) -> None:
    bus = keeping(0)
    publish(bus, *"abcdef", stream=MARKET_TICK)
    finish(bus, 2 * EVERY)

    assert len(followed(bus, MARKET_TICK)) == 6


def test_a_group_that_is_far_behind_on_a_server_keeps_all_of_it(
    redis_server: RedisServer,
) -> None:
    """It is looked at, not counted to its end; the next look comes."""
    redis_server.ask("FLUSHALL")
    with closing(RedisBus(redis_server.url)) as bus:
        publish(bus, *("x" for _ in range(1_100)))
        (first,) = read(bus, count=1)
        commit(bus, (first,))

        assert bus.keep_newest(INTENTS, 5) == 0
        while found := read(bus, count=512):
            commit(bus, found)
        assert bus.keep_newest(INTENTS, 5) == 1_095


def test_what_is_published_meanwhile_pushes_nothing_out(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server is asked more than once: what came in between is nobody's to delete."""
    redis_server.ask("FLUSHALL")
    with closing(RedisBus(redis_server.url)) as bus, bus_at(str(redis_server.url)) as other:
        publish(bus, *"abcd")
        commit(bus, read(bus))
        asked = RedisLink._asked

        def while_others_publish(
            link: RedisLink, connection: object, commands: Sequence[Command]
        ) -> list[object]:
            if any(command[0] == "XTRIM" for command in commands):
                monkeypatch.undo()
                publish(other, *"efg")
            return asked(link, connection, commands)

        monkeypatch.setattr(RedisLink, "_asked", while_others_publish)
        assert bus.keep_newest(INTENTS, 1) == 3
        assert texts(read(bus)) == ["e", "f", "g"]


def test_who_deleted_something_first_is_not_counted_twice(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the count and the look at the oldest somebody trims the stream."""
    redis_server.ask("FLUSHALL")
    with closing(RedisBus(redis_server.url)) as bus:
        publish(bus, *"abcdef")
        together = RedisLink.together

        def behind_another(
            link: RedisLink, commands: Sequence[Command]
        ) -> list[object] | None:
            monkeypatch.undo()
            redis_server.ask("XTRIM", INTENTS, "MAXLEN", 4)
            return together(link, commands)

        monkeypatch.setattr(RedisLink, "together", behind_another)
        assert bus.keep_newest(INTENTS, 3) == 1
        assert texts(followed(bus, INTENTS)) == ["d", "e", "f"]


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_commit_whose_stream_cannot_be_trimmed_is_done_and_that_is_said(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It must not look as if it were not: what it published would be published again."""
    url = EMBEDDED
    if kind == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        server.ask("FLUSHALL")
        url = server.url

    def full(*_: object) -> int:
        msg = "the disk is full"
        raise OutageError(msg)

    for each in (SqliteBus, RedisBus):
        monkeypatch.setattr(each, "keep_newest", full)
    monkeypatch.setattr(RedisBus, "_trim", full)
    log = io.StringIO()
    at = BusAt(url, keep=3)
    with closing(at.open(SqliteFile(tmp_path / "bridge.db"), LogTelemetry(log))) as bus:
        finish(bus, EVERY)
        commit(bus, read(bus), post("done", RESULTS))

        assert texts(followed(bus, RESULTS)) == ["done"]
    trims = 2 if kind == "redis" else 1  # the intents of a server go by their age
    assert log.getvalue().count("stays for now: why=the disk is full") == trims


def test_the_user_of_the_execution_may_do_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """With the rights that docs/bus.md gives it."""
    with (
        redis_on(tmp_path_factory.mktemp("acl"), *acl_lines()) as server,
        bus_at(server.text_for("execution")) as bus,
    ):
        for stream in FOLLOWED:
            publish(bus, *"abc", stream=stream)

            assert bus.keep_newest(stream, 1) == 2
