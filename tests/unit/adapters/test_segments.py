"""A segment that is missing, altered or in another's place is named; nothing goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bridge_patch.adapters.chain import Head
from bridge_patch.adapters.head import HeadFile
from bridge_patch.adapters.journal_key import PublicKeys, read_public_keys
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.journal_segments import digest_of
from bridge_patch.adapters.segment_notes import read_notes, verify_segment
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from tests.contracts.half_archived import archived
from tests.unit.adapters.signed_journals import (
    add,
    checked,
    edited,
    open_signed,
    write_signed,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archived")
    file = SqliteFile(folder / "bridge.db")
    for _ in range(5):
        write_signed(file, 10)
    assert archived(file, segment=20).ends == (20, 40)
    return folder


@pytest.fixture
def file(made: Path, tmp_path: Path) -> SqliteFile:
    """Fifty entries: twenty in each of two files, ten in the table."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return SqliteFile(tmp_path / "bridge.db")


def segments(file: SqliteFile) -> list[Path]:
    return sorted((file.path.parent / "segments").iterdir())


def keys_of(file: SqliteFile) -> PublicKeys:
    return read_public_keys(file.path.with_name("journal.pub"))


def change(path: Path, edit: Callable[[list[dict[str, object]]], object]) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def other_body(rows: list[dict[str, object]]) -> None:
    rows[4]["body"] = str(rows[4]["body"]).replace("entry-4", "entry-5")


def remove(paths: list[Path]) -> None:
    paths[1].unlink()


def edit(paths: list[Path]) -> None:
    change(paths[1], other_body)


def swap(paths: list[Path]) -> None:
    aside = paths[0].with_suffix(".aside")
    paths[0].rename(aside)
    shutil.copy(paths[1], paths[0])
    aside.rename(paths[1])


def cut(paths: list[Path]) -> None:
    paths[1].write_bytes(paths[1].read_bytes()[:-40])


def lose_entries(paths: list[Path]) -> None:
    change(paths[1], lambda rows: rows.__delitem__(slice(10, None)))


@pytest.mark.parametrize(
    ("harm", "first", "which", "count"),
    [
        (remove, 21, 1, 1),
        (edit, 25, 1, 1),
        (swap, 1, 0, 2),
        (cut, 21, 1, 1),
        (lose_entries, 31, 1, 1),
    ],
)
def test_a_file_that_is_not_the_one_is_named(
    file: SqliteFile,
    harm: Callable[[list[Path]], None],
    first: int,
    which: int,
    count: int,
) -> None:
    paths = segments(file)
    harm(paths)
    before = file.path.read_bytes()
    found = checked(file).faults

    assert len(found) == count
    assert found[0].seq == first
    assert str(paths[which]) in found[0].what
    assert "bring that file back from a backup" in found[0].what
    with pytest.raises(BrokenPromiseError, match=f"entry {first} of") as refused:
        open_signed(file)
    assert str(paths[which]) in str(refused.value)
    assert file.path.read_bytes() == before


def test_a_forged_digest_does_not_hide_an_edit(file: SqliteFile) -> None:
    """Whoever can write the table can name another digest; the chain he cannot."""
    path = segments(file)[1]
    change(path, other_body)
    with edited(file) as connection:
        sql = "UPDATE journal_segment SET digest = ? WHERE first_seq = 21"
        connection.execute(sql, (digest_of(path),))

    assert [fault.seq for fault in checked(file).faults] == [25]


def test_a_segment_that_the_table_forgot_is_missed(file: SqliteFile) -> None:
    with edited(file) as connection:
        connection.execute("DELETE FROM journal_segment WHERE first_seq = 21")

    assert checked(file).faults[0].seq == 21
    with pytest.raises(BrokenPromiseError, match="entry 21 of the journal: missing"):
        open_signed(file)


def test_an_index_that_forgot_an_id_is_noticed(file: SqliteFile) -> None:
    """A second message of that id would be traded."""
    with edited(file) as connection:
        connection.execute("DELETE FROM journal_archived WHERE run = 40")
    with pytest.raises(BrokenPromiseError, match=r"entry 21 .* index of the ids"):
        open_signed(file)
    (fault,) = checked(file).faults
    assert fault.seq == 21
    with edited(file) as connection:
        sql = "UPDATE journal_archived SET names = zeroblob(length(names))"
        connection.execute(sql)

    assert [fault.seq for fault in checked(file).faults] == [1, 21]


def test_a_name_in_the_table_leads_out_of_no_folder(file: SqliteFile) -> None:
    outside = file.path.with_name("elsewhere.parquet")
    segments(file)[0].rename(outside)
    with edited(file) as connection:
        sql = "UPDATE journal_segment SET file = ? WHERE first_seq = 1"
        connection.execute(sql, (str(outside),))

    with pytest.raises(BrokenPromiseError, match=r"segments/elsewhere\.parquet cannot be"):
        open_signed(file)


def test_entries_between_files_and_table_are_missed(file: SqliteFile) -> None:
    with edited(file) as connection:
        connection.execute("DELETE FROM journal WHERE seq = 41")

    assert checked(file).faults[0].seq == 41
    with pytest.raises(BrokenPromiseError, match="entry 41 of the journal: missing"):
        open_signed(file)


def test_a_look_at_the_standing_says_that_a_file_is_gone(file: SqliteFile) -> None:
    (gone, _) = segments(file)
    gone.unlink()
    with closing(JournalSearch(file)) as search:
        assert search.quick_check().fault == f"{gone} is missing"


def test_a_head_from_before_the_archive_is_caught_up(file: SqliteFile) -> None:
    """A standby on another machine got its copy once."""
    path = segments(file)[0]
    (link,) = [row["link"] for row in pq.read_table(path).to_pylist() if row["seq"] == 7]
    file.head_path.unlink()
    HeadFile(file.head_path, Head("id-1", 7, link)).close()
    with closing(open_signed(file)) as journal:
        assert journal.head.seq == 50
    file.head_path.unlink()
    HeadFile(file.head_path, Head("id-1", 7, "0" * 64)).close()
    with pytest.raises(BrokenPromiseError, match="entry 7 of the journal"):
        open_signed(file)


def test_a_segment_alone_shows_what_was_done_to_it(file: SqliteFile) -> None:
    first, second = segments(file)
    change(second, other_body)
    found = verify_segment(second, read_notes(second), keys_of(file))
    assert found.faults[0].seq == 25
    change(first, lambda rows: rows.pop())
    found = verify_segment(first, read_notes(first), keys_of(file))
    assert {fault.seq for fault in found.faults} == {20}


def test_a_segment_with_a_new_past_is_not_signed(file: SqliteFile) -> None:
    """Its notes say where the chain stood before it; the signatures hold them to it."""
    path = segments(file)[1]
    notes = read_notes(path)
    other = replace(notes, before=replace(notes.before, link="0" * 64))
    unsigned = replace(notes, checkpoints=notes.checkpoints[:1])

    assert verify_segment(path, other, keys_of(file)).faults[0].seq == 21
    (left,) = verify_segment(path, unsigned, keys_of(file)).faults
    assert (left.seq, left.what[:10]) == (31, "not signed")
    for fitting in (None, keys_of(file)):
        assert verify_segment(path, notes, fitting).ok


def test_what_is_no_segment_is_said_to_be_none(file: SqliteFile) -> None:
    path = file.path.with_name("other.parquet")
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(InvalidValueError, match="`bridge-patch archive` wrote"):
        read_notes(path)
    with pytest.raises(InvalidValueError, match="`bridge-patch archive` wrote"):
        read_notes(file.path)


def test_files_of_others_are_left_alone(file: SqliteFile) -> None:
    """Only a leftover whose entries are all here is removed."""
    folder = segments(file)[0].parent
    strange = folder / f"entries-000000000041-000000000050-{'0' * 16}.parquet"
    dump = folder / "entries-000000000001.parquet"
    for path in (strange, dump):
        path.write_bytes(b"of another journal")
    with closing(open_signed(file)) as journal:
        add(journal, 10)
        link = next(one.link for one in journal.read(49))
    ours = folder / f"entries-000000000041-000000000050-{link[:16]}.parquet.part"
    ours.write_bytes(b"half of it")
    archived(file, before_ms=0)

    assert strange.exists()
    assert dump.exists()
    assert not ours.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from bridge_patch.adapters import archive
from bridge_patch.adapters.store_sqlite import SqliteFile
from tests.contracts.half_archived import archived

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def deleted(*args):
    delete(*args)
    die()

delete = archive._delete
setattr(archive, sys.argv[2], deleted if sys.argv[2] == "_delete" else die)
archived(SqliteFile(Path(sys.argv[1])), segment=20)
"""


@pytest.mark.parametrize("step", ["_read_back", "asdict", "_delete"])
def test_a_kill_loses_no_entry(tmp_path: Path, step: str) -> None:
    """Before the commit, in it, and with the entries gone already."""
    file = SqliteFile(tmp_path / "bridge.db")
    for _ in range(3):
        write_signed(file, 10)
    words = (sys.executable, "-c", KILLED, str(file.path), step)
    root = Path(__file__).parents[3]
    done = subprocess.run(words, cwd=root, env=os.environ, timeout=60, check=False)

    assert done.returncode == -signal.SIGKILL
    assert checked(file).ok
    assert archived(file, segment=30).ends == (20,)
    assert checked(file).entries == 30
    assert len(segments(file)) == 1
