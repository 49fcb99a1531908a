"""What the journal in a file promises beyond the port: restart, full disk, two writers."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError, OutageError
from bridge_patch.domain.intent import IntentId
from tests.contracts.samples import NOON_MS, seen, set_aside
from tests.contracts.sites import run


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "bridge.db")


def journal(file: SqliteFile, opened: ExitStack, *, id_: str = "id-1") -> SqlJournal:
    made = SqlJournal(file, run_id="run-1", clock=ManualClock(NOON_MS), new_id=lambda: id_)
    return opened.enter_context(closing(made))


def written(file: SqliteFile, count: int) -> None:
    """Leave a journal of `count` entries behind, closed."""
    with ExitStack() as stack:
        run(journal(file, stack).append([seen("a", n) for n in range(count)]))


def tamper(file: SqliteFile, sql: str) -> None:
    with closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute(sql)


def driver(writing: SqlJournal) -> sqlite3.Connection:
    found = writing._writer.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def numbers(file: SqliteFile) -> list[int]:
    with closing(JournalReader(file)) as reader:
        return [entry.seq for entry in reader.read()]


def test_a_journal_goes_on_where_it_was(file: SqliteFile, opened: ExitStack) -> None:
    written(file, 3)
    again = journal(file, opened, id_="not used")
    run(again.append([seen("b")]))

    assert numbers(file) == [1, 2, 3, 4]
    assert again.head.journal_id == "id-1"
    assert len(run(again.history(IntentId("a")))) == 3


def test_a_process_without_the_pen_may_read(file: SqliteFile, opened: ExitStack) -> None:
    """`decisions` and `trace` look into the journal of a running service."""
    writing = journal(file, opened)
    run(writing.append([seen("a", 1)]))
    with closing(JournalReader(file)) as reader:
        run(writing.append([seen("b"), seen("a", 2)]))

        assert run(reader.history(IntentId("a"))) == (seen("a", 1), seen("a", 2))
        assert [entry.seq for entry in reader.read(1)] == [2, 3]


def test_a_long_read_does_not_hold_up_the_writer(
    file: SqliteFile, opened: ExitStack
) -> None:
    writing = journal(file, opened)
    run(writing.append([seen("a", n) for n in range(600)]))
    reading = opened.enter_context(closing(JournalReader(file))).read()
    next(reading)
    run(writing.append([seen("b")]))
    (busy, *_) = driver(writing).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert busy == 0
    assert sum(1 for _ in reading) == 600


def test_the_second_writer_is_stopped(file: SqliteFile, opened: ExitStack) -> None:
    """Two executions on one account: the chain must not fork, nor take both their words."""
    one, two = journal(file, opened), journal(file, opened)
    run(two.append([seen("b")]))
    with pytest.raises(BrokenPromiseError, match="written by another process"):
        run(one.append([seen("a"), seen("a")]))
    run(two.append([seen("c")]))

    assert numbers(file) == [1, 2]


def test_a_full_disk_leaves_nothing_half_written(
    file: SqliteFile, opened: ExitStack
) -> None:
    """And names the file; when there is room again, the same journal goes on."""
    full = journal(file, opened)
    run(full.append([seen("a")]))
    pages = driver(full)
    (most,) = pages.execute("PRAGMA page_count").fetchone()
    pages.execute(f"PRAGMA max_page_count = {most + 2}")
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db: .*full: make room"):
        run(full.append([set_aside("x" * 1_000) for _ in range(100)]))
    assert numbers(file) == [1]
    pages.execute("PRAGMA max_page_count = 100000")
    run(full.append([seen("b")]))

    assert numbers(file) == [1, 2]


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(
    file: SqliteFile, opened: ExitStack
) -> None:
    full = journal(file, opened)
    run(full.append([seen("a")]))
    wal = file.path.with_name(f"{file.path.name}-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal + 8_192, hard))
    try:
        with pytest.raises(OutageError, match=r"bridge\.db: .*(full|disk I/O error): "):
            run(full.append([set_aside("x" * 1_000) for _ in range(100)]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert numbers(file) == [1]
    run(full.append([seen("b")]))

    assert numbers(file) == [1, 2]


def test_a_database_that_became_read_only_is_an_outage(
    file: SqliteFile, opened: ExitStack
) -> None:
    writing = journal(file, opened)
    run(writing.append([seen("a")]))
    driver(writing).execute("PRAGMA query_only = ON")
    with pytest.raises(OutageError, match=r"bridge\.db: .*readonly.*: make the file"):
        run(writing.append([seen("b")]))
    driver(writing).execute("PRAGMA query_only = OFF")
    run(writing.append([seen("c")]))

    assert numbers(file) == [1, 2]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (
            "DELETE FROM journal WHERE seq = 100",
            "entry 100 .* missing: the end was cut off",
        ),
        ("DELETE FROM journal WHERE seq > 90", "entry 91 .* missing, with all up to 100"),
        ("DELETE FROM journal WHERE seq = 95", "entry 95 .* missing;"),
        ("DELETE FROM journal", "entry 1 .* missing, with all up to 100: the end"),
        ("DROP TABLE journal_meta", "entry 1 .* missing, with all up to 100;"),
        ("UPDATE journal SET body = body || ' ' WHERE seq = 99", "entry 99 .* changed"),
        ("UPDATE journal SET link = 'x' WHERE seq = 100", "entry 100 .*changed"),
        ("UPDATE journal SET run_id = x'ff' WHERE seq = 98", "entry 98 .*other types"),
        ("UPDATE journal_meta SET value = 'z' WHERE value = 'id-1'", "another journal"),
        ("DELETE FROM journal_meta WHERE name = 'journal_id'", "damaged"),
    ],
)
def test_a_journal_with_a_damaged_end_is_refused(
    file: SqliteFile, opened: ExitStack, damage: str, what: str
) -> None:
    """Appending to it would bury the damage; what is there stays as it is."""
    written(file, 100)
    tamper(file, damage)
    head = file.head_path.read_bytes()
    with pytest.raises(BrokenPromiseError, match=what):
        journal(file, opened)

    assert file.head_path.read_bytes() == head


def test_a_journal_without_its_head_is_refused(file: SqliteFile, opened: ExitStack) -> None:
    written(file, 3)
    file.head_path.unlink()
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db\.head.*restore"):
        journal(file, opened)

    assert not file.head_path.exists()


def test_a_head_that_knows_another_end_is_refused(
    file: SqliteFile, tmp_path: Path, opened: ExitStack
) -> None:
    """As long, from the same beginning, and yet not what was written last."""
    written(file, 3)
    other = SqliteFile(tmp_path / "other.db")
    with ExitStack() as stack:
        run(journal(other, stack).append([set_aside() for _ in range(3)]))
    other.head_path.replace(file.head_path)
    with pytest.raises(BrokenPromiseError, match=r"entry 3 .*head file knows another"):
        journal(file, opened)


def test_a_commit_waits_for_the_disk(file: SqliteFile, opened: ExitStack) -> None:
    """2 is FULL: what was journaled before an order left is there after a power cut."""
    mode = driver(journal(file, opened)).execute("PRAGMA synchronous").fetchone()

    assert mode == (2,)


def test_a_missing_file_with_a_head_is_refused(file: SqliteFile, opened: ExitStack) -> None:
    """The volume was not mounted, or somebody deleted it: do not begin again silently."""
    written(file, 3)
    for path in file.path.parent.glob("bridge.db*"):
        if path != file.head_path:
            path.unlink()
    with pytest.raises(BrokenPromiseError, match="up to 3"):
        journal(file, opened)


def test_a_head_that_lags_is_caught_up(file: SqliteFile, opened: ExitStack) -> None:
    """After a power cut the database may know more than the head file."""
    written(file, 3)
    old = file.head_path.read_bytes()
    with ExitStack() as stack:
        run(journal(file, stack).append([seen("b", n) for n in range(700)]))
    file.head_path.write_bytes(old)

    assert journal(file, opened).head.seq == 703


@pytest.mark.parametrize("broken", [0, 1])
def test_one_torn_slot_of_the_head_is_survived(
    file: SqliteFile, opened: ExitStack, broken: int
) -> None:
    written(file, 3)
    data = bytearray(file.head_path.read_bytes())
    data[broken * 512 + 3] ^= 1
    file.head_path.write_bytes(bytes(data))

    assert journal(file, opened).head.seq == 3


def test_a_start_that_died_before_its_tables_is_repeated(
    file: SqliteFile, opened: ExitStack
) -> None:
    """The head file of an empty journal is written first."""
    written(file, 0)
    file.path.unlink()

    assert journal(file, opened, id_="id-2").head.journal_id == "id-1"


def test_a_journal_of_a_later_version_is_left_alone(
    file: SqliteFile, opened: ExitStack
) -> None:
    written(file, 3)
    tamper(file, "UPDATE journal_meta SET value = '99' WHERE name = 'schema_version'")
    before = numbers_raw(file)
    with pytest.raises(BrokenPromiseError, match="later version"):
        journal(file, opened)
    with pytest.raises(BrokenPromiseError, match="later version"):
        JournalReader(file)

    assert numbers_raw(file) == before


def numbers_raw(file: SqliteFile) -> list[object]:
    with closing(sqlite3.connect(file.path)) as connection:
        return [
            connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
            for table in ("journal", "journal_meta")
        ]


def test_a_file_that_is_no_database_is_named(file: SqliteFile, opened: ExitStack) -> None:
    file.path.write_text("dear diary, " * 100)
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db: file is not a database"):
        journal(file, opened)
    with pytest.raises(BrokenPromiseError, match=r"bridge\.db: file is not a database"):
        JournalReader(file)

    assert file.path.read_text().startswith("dear diary")


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, opened: ExitStack) -> None:
    nowhere = SqliteFile(tmp_path / "nowhere" / "bridge.db")
    with pytest.raises(BrokenPromiseError, match="make its folder"):
        journal(nowhere, opened)
    with pytest.raises(BrokenPromiseError, match="does not exist"):
        JournalReader(nowhere)


def test_an_entry_nobody_can_read_is_named(file: SqliteFile) -> None:
    written(file, 3)
    tamper(file, "UPDATE journal SET body = '{}' WHERE seq = 2")
    with (
        closing(JournalReader(file)) as reader,
        pytest.raises(BrokenPromiseError, match="entry 2 of the journal: unreadable"),
    ):
        list(reader.read())
