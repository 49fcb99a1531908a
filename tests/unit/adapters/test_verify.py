"""What `verify` reports; that it finds every kind of damage is in museum/test_audit.py."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.chain import Fault, genesis, link_after
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import Verification, verify_journal
from tests.contracts.samples import NOON_MS, seen, set_aside


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "bridge.db")


@pytest.fixture
def journal(file: SqliteFile) -> Iterator[SqlJournal]:
    clock = ManualClock(NOON_MS)
    with closing(SqlJournal(file, run_id="r", clock=clock, new_id=lambda: "id-1")) as made:
        yield made


def add(journal: SqlJournal, count: int, first: int = 0) -> None:
    asyncio.run(journal.append([seen(f"i-{n}", n) for n in range(first, first + count)]))


def change(file: SqliteFile, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute(sql, values)


def chained(file: SqliteFile, seq: int, kind: str, about: str, body: str) -> None:
    """Replace the last entry by one with a right link, and its head with it."""
    with closing(sqlite3.connect(file.path)) as connection, connection:
        select = "SELECT link FROM journal WHERE seq = ?"
        (before,) = connection.execute(select, (seq - 1,)).fetchone()
        link = link_after(
            before,
            seq=seq,
            run_id="r",
            recorded_ms=NOON_MS,
            kind=kind,
            intent_id=about,
            body=body.encode(),
        )
        connection.execute(
            "UPDATE journal SET kind = ?, intent_id = ?, body = ?, link = ? WHERE seq = ?",
            (kind, about, body, link, seq),
        )


def test_an_intact_journal_is_reported_with_its_head(
    file: SqliteFile, journal: SqlJournal
) -> None:
    add(journal, 3)
    asyncio.run(journal.append([set_aside()]))

    assert verify_journal(file.path) == Verification(4, journal.head, 0, ())
    assert verify_journal(file.path).ok


def test_an_empty_journal_is_intact(file: SqliteFile, journal: SqlJournal) -> None:
    assert verify_journal(file.path) == Verification(0, genesis("id-1"), 0, ())


def test_a_living_writer_is_no_fault(file: SqliteFile, journal: SqlJournal) -> None:
    """The head file is read first, so what is appended meanwhile is only beyond it."""
    add(journal, 2)
    kept = file.head_path.read_bytes()
    add(journal, 3, first=2)
    file.head_path.write_bytes(kept)
    found = verify_journal(file.path)

    assert (found.ok, found.entries, found.beyond_head) == (True, 5, 3)


def test_progress_is_told(file: SqliteFile, journal: SqlJournal) -> None:
    add(journal, 2_500)
    told: list[tuple[int, int]] = []
    verify_journal(file.path, lambda done, total: told.append((done, total)))

    assert told == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]


def test_each_fault_is_told_once(file: SqliteFile, journal: SqlJournal) -> None:
    """One edit must not condemn all that follows; a person looks for the edit."""
    add(journal, 20)
    for seq in (5, 9):
        change(file, "UPDATE journal SET body = body || ' ' WHERE seq = ?", seq)
    change(file, "DELETE FROM journal WHERE seq IN (15, 16)")

    found = verify_journal(file.path).faults
    assert [fault.seq for fault in found] == [5, 9, 15]
    assert found[2] == Fault(15, "missing, with all up to 16")


def test_a_journal_full_of_faults_is_reported_in_bounds(
    file: SqliteFile, journal: SqlJournal
) -> None:
    add(journal, 300)
    change(file, "UPDATE journal SET run_id = 'x'")
    found = verify_journal(file.path)

    assert (len(found.faults), found.entries) == (100, 300)


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (("Nonsense", "i-2", "{}"), "unreadable"),
        (("DuplicateSeen", "i-2", "{}"), "unreadable"),
        (("DuplicateSeen", "i-2", "{"), "unreadable"),
        (
            ("DuplicateSeen", "other", '{"at_ms":1,"intent_id":"i-2","entry_id":"e"}'),
            "filed under another intent, 'other'",
        ),
    ],
)
def test_an_entry_that_says_nothing_is_a_fault(
    file: SqliteFile, journal: SqlJournal, entry: tuple[str, str, str], what: str
) -> None:
    """A right link proves only that somebody computed it."""
    add(journal, 3)
    file.head_path.write_bytes(b"")
    chained(file, 3, *entry)
    (_, found) = verify_journal(file.path).faults

    assert found.seq == 3
    assert what in found.what


@pytest.mark.parametrize("column", ["run_id", "kind", "intent_id", "body", "link"])
@pytest.mark.parametrize("value", [b"\xff\xfe", 7, ""])
def test_values_of_any_type_are_a_fault_and_not_a_crash(
    file: SqliteFile, journal: SqlJournal, column: str, value: object
) -> None:
    add(journal, 3)
    change(file, f"UPDATE journal SET {column} = ? WHERE seq = 2", value)  # noqa: S608

    assert verify_journal(file.path).faults[0].seq == 2


def test_a_time_that_is_no_number_is_a_fault(file: SqliteFile, journal: SqlJournal) -> None:
    add(journal, 3)
    change(file, "UPDATE journal SET recorded_ms = 'noon' WHERE seq = 2")

    assert verify_journal(file.path).faults[0].seq == 2


def test_a_file_without_a_journal_is_a_fault(tmp_path: Path) -> None:
    (missing,) = verify_journal(tmp_path / "none.db").faults
    (tmp_path / "text.db").write_text("dear diary, " * 100)
    (text,) = verify_journal(tmp_path / "text.db").faults
    sqlite3.connect(tmp_path / "empty.db").close()
    (empty,) = verify_journal(tmp_path / "empty.db").faults

    assert "none.db does not exist" in missing.what
    assert "text.db: file is not a database" in text.what
    assert "empty.db: no such table: journal" in empty.what


def test_a_page_that_cannot_be_read_is_a_fault(
    file: SqliteFile, journal: SqlJournal
) -> None:
    """A damaged disk ends in a report with what was read so far, not in a traceback."""
    add(journal, 2_000)
    journal.close()
    data = bytearray(file.path.read_bytes())
    half = len(data) // 2 // 4096 * 4096
    data[half : half + 40_960] = b"\xff" * 40_960
    file.path.write_bytes(bytes(data))
    found = verify_journal(file.path)

    assert not found.ok
    assert "malformed" in found.faults[0].what


def test_a_later_journal_is_not_judged_by_this_program(
    file: SqliteFile, journal: SqlJournal
) -> None:
    add(journal, 1)
    change(file, "UPDATE journal_meta SET value = '99' WHERE name = 'schema_version'")
    (found,) = verify_journal(file.path).faults

    assert "later version" in found.what


def test_the_newest_slot_may_be_torn(file: SqliteFile, journal: SqlJournal) -> None:
    """The slots are written in turn, so a power cut spares the head before."""
    add(journal, 1)
    add(journal, 1, first=1)
    add(journal, 1, first=2)
    data = file.head_path.read_bytes()
    newest = 0 if data.startswith(b"3 ") else 512
    torn = data[:newest] + b"\0" * 512 + data[newest + 512 :]
    file.head_path.write_bytes(torn)
    kept = read_head(file.head_path)

    assert kept is not None
    assert kept.seq == 2
    assert verify_journal(file.path).ok
