"""A dump is checked with its files and a public key alone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bridge_patch.adapters.audit import Verification
from bridge_patch.adapters.dump import (
    CHECKPOINTS,
    MANIFEST,
    Exported,
    export_journal,
    read_manifest,
)
from bridge_patch.adapters.dump_check import verify_dump
from bridge_patch.adapters.journal_key import read_public_keys
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from tests.contracts.samples import seen
from tests.unit.adapters.signed_journals import (
    add,
    checked,
    edited,
    open_signed,
    write_signed,
)

COUNT, SEGMENT = 2_300, 1_000
NAMES = [f"entries-{first:012d}.parquet" for first in (1, 1_001, 2_001)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dumped")
    file = SqliteFile(folder / "bridge.db")
    write_signed(file, COUNT)
    export(file)
    return folder


@pytest.fixture
def file(written: Path, tmp_path: Path) -> SqliteFile:
    """A signed journal and its dump."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return SqliteFile(tmp_path / "bridge.db")


def dump_of(file: SqliteFile) -> Path:
    return file.path.parent / "dump"


def export(file: SqliteFile) -> Exported:
    return export_journal(file, dump_of(file), segment=SEGMENT)


def audited(file: SqliteFile) -> Verification:
    """What an auditor finds who has nothing but the dump and the public key."""
    keys = read_public_keys(file.path.parent / "journal.pub")
    return verify_dump(dump_of(file), read_manifest(dump_of(file)), keys)


def test_a_dump_proves_what_the_database_does(file: SqliteFile) -> None:
    in_database = checked(file)
    file.path.unlink()
    found = audited(file)

    assert found.ok, found.faults
    assert found == in_database
    assert (found.entries, found.checkpoints, found.signed_seq) == (COUNT, 4, COUNT)


def test_the_columns_are_plain(file: SqliteFile) -> None:
    """What any reader of Parquet understands: whole numbers and texts, in small groups."""
    parts = [pq.ParquetFile(dump_of(file) / name) for name in NAMES]
    table = pa.concat_tables([part.read() for part in parts])

    assert [str(t) for t in table.schema.types] == ["int64", "string", "int64"] + (
        ["string"] * 4
    )
    assert table.column("seq").to_pylist() == list(range(1, COUNT + 1))
    assert all(
        part.metadata.row_group(n).num_rows <= 10_000
        for part in parts
        for n in range(part.num_row_groups)
    )
    for part in parts:
        part.close()


def test_an_export_that_was_interrupted_goes_on(file: SqliteFile) -> None:
    """Half a file under another name is nothing; what is whole is not written again."""
    dump = dump_of(file)
    (dump / MANIFEST).unlink()
    (dump / NAMES[2]).rename(dump / f"{NAMES[2]}.part")
    (dump / NAMES[1]).write_bytes((dump / NAMES[1]).read_bytes()[:500])
    with pytest.raises(InvalidValueError, match="`bridge-patch export` finished"):
        read_manifest(dump)
    kept = (dump / NAMES[0]).stat().st_mtime_ns
    done = export(file)

    assert (done.segments, done.written) == (3, 2)
    assert (dump / NAMES[0]).stat().st_mtime_ns == kept
    assert audited(file).ok
    assert not list(dump.glob("*.part"))


def test_a_dump_grows_with_its_journal(file: SqliteFile) -> None:
    with closing(open_signed(file)) as journal:
        add(journal, 900)
    done = export(file)

    assert (done.head.seq, done.segments, done.written) == (COUNT + 900, 4, 2)
    assert audited(file) == checked(file)
    assert export(file).written == 0


def test_a_journal_without_entries_has_a_dump(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "bridge.db")
    write_signed(file, 0)
    export(file)

    assert audited(file).ok


def change(path: Path, edit: Callable[[list[dict[str, object]]], object]) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def test_an_edited_entry_is_named(file: SqliteFile) -> None:
    def edit(rows: list[dict[str, object]]) -> None:
        rows[4]["body"] = str(rows[4]["body"]) + " "

    change(dump_of(file) / NAMES[1], edit)

    assert audited(file).faults[0].seq == 1_005


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named_with_its_first_entry(file: SqliteFile, name: str) -> None:
    (dump_of(file) / name).unlink()
    found = audited(file)

    assert any(name in fault.what for fault in found.faults)
    assert min(fault.seq for fault in found.faults) == NAMES.index(name) * SEGMENT + 1


def test_a_damaged_file_is_named(file: SqliteFile) -> None:
    path = dump_of(file) / NAMES[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 200] = bytes(200)
    path.write_bytes(data)

    assert not audited(file).ok


def test_a_cut_end_is_noticed_by_the_signature_even_if_the_manifest_agrees(
    file: SqliteFile,
) -> None:
    dump = dump_of(file)
    head = pq.read_table(dump / NAMES[1]).column("link")[-1].as_py()
    text = (dump / MANIFEST).read_text()
    manifest = read_manifest(dump)
    text = text.replace(f'"head_seq": {COUNT}', '"head_seq": 2000')
    (dump / MANIFEST).write_text(text.replace(manifest.head_link, head))
    change(dump / NAMES[2], lambda rows: rows.clear())
    (fault,) = audited(file).faults

    assert fault.seq == COUNT
    assert "cut off" in fault.what


def test_a_checkpoint_taken_out_is_a_gap(file: SqliteFile) -> None:
    change(dump_of(file) / CHECKPOINTS, lambda rows: rows.pop(2))
    (fault,) = audited(file).faults

    assert fault.seq == COUNT
    assert "removed" in fault.what


def test_a_dump_without_a_checkpoint_proves_nothing(file: SqliteFile) -> None:
    """Fewer entries than a run leaves unsigned, forged so that all else fits."""
    dump, keys = dump_of(file), read_public_keys(file.path.parent / "journal.pub")
    short = SqliteFile(dump.parent / "short" / "bridge.db")
    short.path.parent.mkdir()
    with closing(open_signed(short, key=None)) as journal:
        add(journal, 900)
    export(short)
    found = verify_dump(dump_of(short), read_manifest(dump_of(short)), keys)

    assert found.entries == 900
    assert [(fault.seq, fault.what[:12]) for fault in found.faults] == [(1, "no signature")]


def test_a_journal_that_is_not_whole_is_not_exported(file: SqliteFile) -> None:
    """A dump of it would look like evidence."""
    with edited(file) as connection:
        connection.execute("UPDATE journal SET body = body || ' ' WHERE seq = 1500")
    shutil.rmtree(dump_of(file))
    with pytest.raises(BrokenPromiseError, match=r"entry 1500 .* nothing behind it"):
        export(file)

    assert not (dump_of(file) / MANIFEST).exists()


def test_the_dump_of_another_journal_is_left_alone(file: SqliteFile) -> None:
    with edited(file) as connection:
        sql = "UPDATE journal_meta SET value = 'id-2' WHERE name = 'journal_id'"
        connection.execute(sql)
    with pytest.raises(InvalidValueError, match="the dump of another journal"):
        export(file)

    assert audited(file).ok


def test_an_export_beside_a_writer_ends_where_it_began(tmp_path: Path) -> None:
    """What is appended meanwhile is for the next one."""
    file = SqliteFile(tmp_path / "bridge.db")
    with closing(open_signed(file)) as journal:
        add(journal, SEGMENT + 10)
        done = export_journal(
            file,
            dump_of(file),
            segment=SEGMENT,
            progress=lambda *_: asyncio.run(journal.append([seen("b", 1)])),
        )

    assert done.head.seq == SEGMENT + 10
    assert audited(file).ok


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}'])
def test_what_is_no_manifest_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(InvalidValueError, match=r"manifest\.json: not the manifest"):
        read_manifest(tmp_path)
