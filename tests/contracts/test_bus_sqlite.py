"""What the embedded bus promises beyond the port: two processes, kill -9, full disks."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.domain.errors import BrokenPromiseError
from tests.contracts.sites import (
    INTENTS,
    NOON_MS,
    ONE,
    RESULTS,
    TICKS,
    commit,
    followed,
    post,
    publish,
    read,
    run,
    texts,
)
from tests.contracts.worker import work

ROOT = Path(__file__).parents[2]
KILLS = 8


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "bridge.db")


@pytest.fixture
def bus(file: SqliteFile) -> Iterator[SqliteBus]:
    with closing(SqliteBus(file, ManualClock(NOON_MS))) as made:
        yield made


def start(file: SqliteFile, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.contracts.worker", str(file.path), *arguments]
    return subprocess.Popen(command, cwd=ROOT)


async def more_results(bus: Bus, after_id: str, count: int) -> str:
    """Wait until another process has published `count` more; return where that is."""
    for _ in range(count):
        (message,) = await bus.follow(RESULTS, after_id, count=1, wait_ms=30_000)
        after_id = message.entry_id
    return after_id


def test_nothing_is_lost_or_doubled_under_kill_9(file: SqliteFile, bus: SqliteBus) -> None:
    """A worker is killed at random moments, while this process goes on publishing.

    Whatever is acknowledged has exactly one result, at every moment; and the journal in the
    same file has every intent once, in a chain that holds.
    """
    chance = random.Random(7)
    sent: list[str] = []
    place = ""
    for kill in range(KILLS):
        sent += (fresh := [f"{kill}-{n}" for n in range(40)])
        worker = start(file)
        with ExitStack() as stack:
            stack.callback(worker.wait)
            stack.callback(worker.kill)
            publish(bus, *fresh[:20])
            place = run(more_results(bus, place, chance.randint(1, 20)))
            publish(bus, *fresh[20:])
            run(asyncio.sleep(chance.random() / 200))
        depth = run(bus.depth(INTENTS, ONE.group))
        assert len(followed(bus, RESULTS)) == len(sent) - depth.lag - depth.pending
    run(work(file, until_empty=True))

    assert Counter(texts(followed(bus, RESULTS))) == Counter(sent)
    with closing(JournalReader(file)) as reader:
        journaled = [getattr(entry.event, "intent_id", "") for entry in reader.read()]
    assert Counter(journaled) == Counter(sent)
    found = verify_journal(file.path)
    assert (found.faults, found.entries, found.beyond_head) == ((), 40 * KILLS, 0)


@pytest.mark.parametrize("statement", range(12, 20))
def test_no_moment_is_a_bad_one_to_die(
    file: SqliteFile, bus: SqliteBus, statement: int
) -> None:
    """Killed before each statement from the commit of the delivery to the next read."""
    publish(bus, "a", "b")
    with start(file, str(statement)) as worker:
        assert worker.wait(30) == -signal.SIGKILL
    depth = run(bus.depth(INTENTS, ONE.group))
    pending, done = {12: (0, 0), 19: (0, 2)}.get(statement, (2, 0))

    assert (depth.pending, len(followed(bus, RESULTS))) == (pending, done)
    run(work(file, until_empty=True))
    assert texts(followed(bus, RESULTS)) == ["a", "b"]
    assert verify_journal(file.path).faults == ()


def test_a_commit_waits_for_the_disk(bus: SqliteBus) -> None:
    """2 is FULL: an acknowledged intent stays acknowledged after a power cut."""
    assert bus._durable.execute("PRAGMA synchronous").fetchone() == (2,)


def full(bus: SqliteBus) -> sqlite3.Connection:
    connection = bus._durable
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    return connection


def test_a_full_disk_leaves_no_half_commit(file: SqliteFile, bus: SqliteBus) -> None:
    """The acknowledgement must not go through without the result, nor the reverse."""
    publish(bus, "a")
    handed = read(bus)
    connection = full(bus)
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db: .*full: make room"):
        commit(bus, handed, post("small", RESULTS), post("x" * 100_000, RESULTS))

    assert followed(bus, RESULTS) == ()
    assert run(bus.depth(INTENTS, ONE.group)).pending == 1
    connection.execute("PRAGMA max_page_count = 100000")
    commit(bus, handed, post("r", RESULTS))
    assert texts(followed(bus, RESULTS)) == ["r"]


def test_a_full_disk_publishes_none_of_a_batch(bus: SqliteBus) -> None:
    full(bus)
    with pytest.raises(BrokenPromiseError, match="full"):
        publish(bus, "a", "x" * 100_000)

    assert read(bus) == ()


def test_a_bus_of_a_later_version_is_left_alone(file: SqliteFile, bus: SqliteBus) -> None:
    publish(bus, "a")
    bus._durable.execute("UPDATE store_part SET version = 2 WHERE part = 'bus'")
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db: its bus .*later version"):
        SqliteBus(file, ManualClock(NOON_MS))

    assert texts(followed(bus, INTENTS)) == ["a"]


def test_a_file_that_is_no_database_is_named(file: SqliteFile) -> None:
    file.path.write_text("dear diary, " * 100)
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db: file is not a database"):
        SqliteBus(file, ManualClock(NOON_MS))


@pytest.mark.parametrize(
    "by_hand",
    ['{"symbol": "BTCUSDT"}', "[1, 2]", '[["a"]]', "BUY!", "", '{"ab": 1}', "[[]]"],
)
def test_a_message_written_by_hand_is_handed_on(bus: SqliteBus, by_hand: str) -> None:
    """Somebody with the sqlite3 shell: the codec sets it aside, the next one is read."""
    insert = "INSERT INTO bus_entry (stream, fields) VALUES (?, ?)"
    bus._durable.execute(insert, (INTENTS, by_hand))
    publish(bus, "next")

    assert [m.envelope for m in read(bus)] == [
        Envelope((("payload", by_hand),)),
        Envelope((("payload", "next"),)),
    ]


def test_ids_go_on_where_they_were_after_a_restart(
    file: SqliteFile, bus: SqliteBus
) -> None:
    first = publish(bus, "a", "b")
    with closing(SqliteBus(file, ManualClock(NOON_MS))) as again:
        second = publish(again, "c", stream=TICKS) + publish(again, "d")

    assert [*first, *second] == sorted({*first, *second})
