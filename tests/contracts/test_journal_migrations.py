"""A journal of an older version goes on as it is, one of a later version is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from bridge_patch.adapters.chain import SCHEMA_VERSION, Head
from bridge_patch.adapters.head import HeadFile
from bridge_patch.adapters.journal_key import PUBLIC_NAME, read_public_keys
from bridge_patch.adapters.journal_migrations import STEPS
from bridge_patch.adapters.journal_schema import TABLES
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.intent import IntentId
from tests.contracts.samples import NOON_MS, seen, set_aside
from tests.contracts.sites import run

FIRST = Path(__file__).parent / "golden" / "journal-schema-1.sql"
LINK = "f15a977904284a550687c7ceadcbda114548dc5bc8cc6e67e36dd0a2cb565d6d"


@pytest.fixture
def old(tmp_path: Path) -> SqliteFile:
    """A journal of four entries, as the first version of the tables left it."""
    file = SqliteFile(tmp_path / "bridge.db")
    with closing(sqlite3.connect(file.path)) as connection:
        connection.executescript(FIRST.read_text(encoding="utf-8"))
    with closing(HeadFile(file.head_path, Head("id-1", 4, LINK))):
        return file


def opened(file: SqliteFile) -> closing[SqlJournal]:
    clock = ManualClock(NOON_MS)
    return closing(SqlJournal(file, run_id="run-2", clock=clock, new_id=lambda: "not used"))


def dump(file: SqliteFile, *tables: str) -> list[object]:
    with closing(sqlite3.connect(file.path)) as connection:
        return [
            connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
            for table in tables
        ]


def test_the_steps_lead_to_the_schema_that_this_version_knows() -> None:
    assert [step.number for step in STEPS] == list(range(1, SCHEMA_VERSION + 1))


def test_a_new_journal_has_every_table(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "bridge.db")
    with opened(file):
        engine = file.engine(read_only=True)
        with engine.connect() as connection:
            assert set(inspect(connection).get_table_names()) == set(TABLES.tables)
        engine.dispose()


def test_an_older_journal_is_brought_forward_and_goes_on(old: SqliteFile) -> None:
    before = dump(old, "journal")
    with opened(old) as journal:
        assert dump(old, "journal") == before
        run(journal.append([seen("c", 4)]))

        assert [entry.seq for entry in journal.read()] == [1, 2, 3, 4, 5]
        assert run(journal.history(IntentId("a"))) == (seen("a", 1), seen("a", 3))
    with opened(old) as again:
        assert again.head.seq == 5
    assert verify_journal(old.path).faults == ()


def test_an_older_journal_is_read_as_it_is(old: SqliteFile) -> None:
    """Looking at a journal of an archive changes nothing in it."""
    before = old.path.read_bytes()
    with closing(JournalReader(old)) as reader, closing(JournalSearch(old)) as search:
        assert [entry.event for entry in reader.read()] == [
            seen("a", 1),
            set_aside(),
            seen("b", 2),
            seen("a", 3),
        ]
        assert search.quick_check().fault == ""
    assert verify_journal(old.path).entries == 4
    assert old.path.read_bytes() == before


def test_an_older_journal_with_a_broken_end_is_left_as_it_is(old: SqliteFile) -> None:
    with closing(sqlite3.connect(old.path)) as connection, connection:
        connection.execute("UPDATE journal SET body = '{}' WHERE seq = 4")
    before = dump(old, "journal", "journal_meta", "sqlite_master")
    with pytest.raises(BrokenPromiseError, match="entry 4"):
        opened(old)

    assert dump(old, "journal", "journal_meta", "sqlite_master") == before


def signed_start(old: SqliteFile) -> None:
    clock, key_file = ManualClock(NOON_MS), old.path.with_name("journal.key")
    SqlJournal(
        old, run_id="run-2", clock=clock, new_id=lambda: "not used", key_file=key_file
    ).close()


def test_an_older_journal_is_signed_from_its_next_start_on(old: SqliteFile) -> None:
    """All that it holds then; the signature says that nobody signed it before."""
    signed_start(old)
    keys = read_public_keys(old.path.with_name(PUBLIC_NAME))
    found = verify_journal(old.path, keys=keys)

    assert found.ok, found.faults
    assert (found.entries, found.checkpoints, found.signed_seq) == (4, 1, 4)
    assert found.before_signing == 4
    with closing(sqlite3.connect(old.path)) as connection, connection:
        connection.execute("UPDATE journal_checkpoint SET previous = 0")
    assert "signature" in verify_journal(old.path, keys=keys).faults[0].what


def test_a_signed_journal_is_not_taken_for_an_older_one(old: SqliteFile) -> None:
    """Tables of the first version in place of the signed ones: journal.pub remembers."""
    before = old.path.read_bytes()
    signed_start(old)
    old.path.write_bytes(before)
    with pytest.raises(BrokenPromiseError, match=r"journal\.pub shows that it was signed"):
        signed_start(old)

    assert dump(old, "journal_meta")[0] == [("schema_version", "1"), ("journal_id", "id-1")]


def test_an_older_journal_is_read_from_its_beginning_before_it_is_signed(
    old: SqliteFile,
) -> None:
    """Else the signature would cover what is far behind its end, and damaged."""
    with opened(old) as journal:
        run(journal.append([seen("c", n) for n in range(200)]))
        head = journal.head
    with closing(sqlite3.connect(old.path)) as connection, connection:
        connection.execute("UPDATE journal SET body = '{}' WHERE seq = 2")
        connection.execute("UPDATE journal_meta SET value = '1' WHERE value = '4'")
    with pytest.raises(BrokenPromiseError, match="entry 2 "):
        signed_start(old)

    assert head.seq == 204
    assert not old.path.with_name("journal.key").exists()
