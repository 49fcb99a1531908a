"""What a journal must show about itself: reference rows M-101 to M-110."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.adapters.chain import link_after
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import Mode
from bridge_patch.evidence.replay import rejudge
from tests.contracts.samples import NOON_MS, seen, set_aside
from tests.questions import FINE, SHIPPED
from tests.unit.governor.test_record import SEEN, judged

LENGTH = 9
_Rows = list[list[object]]  # seq, run_id, recorded_ms, kind, intent_id, body, link


def write_journal(file: SqliteFile, journal_id: str = "id-1") -> None:
    """Nine entries, three to a commit; the process is gone, its log is in the database."""
    journal = SqlJournal(
        file, run_id="run-1", clock=ManualClock(NOON_MS), new_id=lambda: journal_id
    )
    with closing(journal):
        for n in range(0, LENGTH, 3):
            asyncio.run(journal.append([seen("a", n), set_aside(), seen("b", n)]))


@contextmanager
def rows(file: SqliteFile) -> Iterator[_Rows]:
    """Whoever can write to the file can do anything to its rows."""
    with closing(sqlite3.connect(file.path)) as connection:
        found = [list(row) for row in connection.execute("SELECT * FROM journal")]
        yield found
        with connection:
            connection.execute("DELETE FROM journal")
            connection.executemany(
                "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", found
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def renumbered(found: _Rows) -> None:
    for seq, row in enumerate(found, 1):
        row[0] = seq


def edit_body(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3][5] = str(found[3][5]).replace("entry-3", "entry-4")


def edit_kind(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3][3] = "Sending"


def edit_owner(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3][4] = "b"


def edit_time(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3][2] = NOON_MS - 1


def edit_run(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3][1] = "run-2"


def edit_link(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3][6] = str(found[2][6])


def drop_last(file: SqliteFile) -> None:
    with closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute("DELETE FROM journal WHERE seq = 9")


def drop_last_for_good(file: SqliteFile) -> None:
    with rows(file) as found:
        del found[8]


def drop_all(file: SqliteFile) -> None:
    with rows(file) as found:
        found.clear()


def drop_first(file: SqliteFile) -> None:
    with rows(file) as found:
        del found[0]


def drop_in_the_middle(file: SqliteFile) -> None:
    with rows(file) as found:
        del found[3]


def drop_and_renumber(file: SqliteFile) -> None:
    with rows(file) as found:
        del found[3]
        renumbered(found)


def swap(file: SqliteFile) -> None:
    with rows(file) as found:
        found[3], found[6] = found[6], found[3]
        renumbered(found)


def insert_in_the_middle(file: SqliteFile) -> None:
    with rows(file) as found:
        found.insert(3, list(found[0]))
        renumbered(found)


def insert_at_the_end(file: SqliteFile) -> None:
    with rows(file) as found:
        found.append([10, *found[8][1:]])


def forge_last(file: SqliteFile) -> None:
    """A last entry whose link is right, by somebody who forgot the head file."""
    with rows(file) as found:
        seq, run_id, at, kind, about, body, _ = found[8]
        forged = str(body).replace("entry-6", "entry-7")
        assert forged != body
        found[8][5] = forged
        found[8][6] = link_after(
            str(found[7][6]),
            seq=int(str(seq)),
            run_id=str(run_id),
            recorded_ms=int(str(at)),
            kind=str(kind),
            intent_id=str(about),
            body=forged.encode(),
        )


def lose_head(file: SqliteFile) -> None:
    file.head_path.unlink()


def empty_head(file: SqliteFile) -> None:
    file.head_path.write_bytes(b"")


def take_foreign_head(file: SqliteFile) -> None:
    other = SqliteFile(file.path.with_name("other.db"))
    write_journal(other, "id-2")
    other.head_path.replace(file.head_path)


def take_foreign_journal(file: SqliteFile) -> None:
    other = SqliteFile(file.path.with_name("other.db"))
    write_journal(other, "id-2")
    other.path.replace(file.path)


@dataclass(frozen=True)
class Row:
    """One damage, the first entry it concerns (0: the whole), and what must be said."""

    damage: Callable[[SqliteFile], None]
    seq: int
    what: str


DAMAGES = (
    Row(edit_body, 4, "changed"),
    Row(edit_kind, 4, "changed"),
    Row(edit_owner, 4, "changed"),
    Row(edit_time, 4, "changed"),
    Row(edit_run, 4, "changed"),
    Row(edit_link, 4, "changed"),
    Row(drop_last, 9, "missing: the end was cut off"),
    Row(drop_last_for_good, 9, "missing: the end was cut off"),
    Row(drop_all, 1, "missing, with all up to 9: the end was cut off"),
    Row(drop_first, 1, "missing"),
    Row(drop_in_the_middle, 4, "missing"),
    Row(drop_and_renumber, 4, "changed"),
    Row(swap, 4, "changed"),
    Row(insert_in_the_middle, 4, "changed"),
    Row(insert_at_the_end, 10, "changed"),
    Row(forge_last, 9, "the head file knows another entry"),
    Row(lose_head, 0, "cut off cannot be excluded"),
    Row(empty_head, 0, "cut off cannot be excluded"),
    Row(take_foreign_head, 0, "another journal"),
    Row(take_foreign_journal, 0, "another journal"),
)


@pytest.mark.parametrize("row", DAMAGES, ids=lambda row: row.damage.__name__)
def test_truncated_or_edited_journal_is_detected(row: Row, tmp_path: Path) -> None:
    """M-109: a hash chain alone calls a journal complete whose tail was cut off."""
    file = SqliteFile(tmp_path / "bridge.db")
    write_journal(file)
    assert verify_journal(file.path).ok
    row.damage(file)
    found = verify_journal(file.path)

    assert not found.ok
    assert found.faults[0].seq == row.seq
    assert row.what in found.faults[0].what


def test_decision_record_is_immutable_and_replays_identically(tmp_path: Path) -> None:
    """M-108: presets that were changed later rewrote the sizes of stored decisions."""
    file = SqliteFile(tmp_path / "bridge.db")
    decisions: list[Event] = [SEEN, judged(FINE, Mode.LIVE), judged(FINE, Mode.SHADOW)]
    preset = replace(SHIPPED, margin_max_usd=Decimal(100))
    later: list[Event] = [set_aside()]
    stored: list[Event] = []
    for run_id, events in (("run-1", decisions), ("run-2", later)):
        journal = SqlJournal(
            file, run_id=run_id, clock=ManualClock(NOON_MS), new_id=lambda: "id-1"
        )
        with closing(journal):
            asyncio.run(journal.append(events))
            stored = [each.event for each in journal.read()]
    under_its_own, under_the_preset = (rejudge(stored, it) for it in (SHIPPED, preset))

    assert stored[: len(decisions)] == decisions
    assert (under_its_own.checked, under_its_own.mismatches) == (2, ())
    assert "limits_hash" in str(under_the_preset.mismatches[0].differences[0])

    with rows(file) as found:
        found[1][5] = str(found[1][5]).replace('"450"', '"451"')
        assert "451" in str(found[1][5])
    assert verify_journal(file.path).faults[0].seq == 2
