"""Entries of a journal in a Parquet file, and out of it again.

Every field that the chain covers is a plain column, so a file can be checked without the
database. A file is written under another name and gets its own once it is on the disk.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bridge_patch.adapters.chain import Fault, Head, Row, Walk

#: What cannot be read of a file: it is not there, not whole, or something else.
UNREADABLE: Final = (OSError, pa.ArrowException, KeyError)
#: Entries of a row group, and of one read.
_GROUP: Final = 10_000
_BATCH: Final = 4_096

COLUMNS: Final = pa.schema(
    [
        ("seq", pa.int64()),
        ("run_id", pa.string()),
        ("recorded_ms", pa.int64()),
        ("kind", pa.string()),
        ("intent_id", pa.string()),
        ("body", pa.string()),
        ("link", pa.string()),
    ]
)


def write_entries(
    path: Path, head: Head, rows: Iterator[Row], notes: dict[str, str] | None = None
) -> Head | Fault:
    """Write entries in row groups; return where the chain stands behind them.

    After a fault there is no file. `notes` are kept beside the entries.
    """
    walk = Walk(head, None)
    schema = COLUMNS.with_metadata(notes) if notes else COLUMNS
    part = part_of(path)
    with pq.ParquetWriter(part, schema, compression="zstd") as file:
        while group := list(itertools.islice(rows, _GROUP)):
            for row in group:
                if fault := walk.step(row):
                    return fault
            columns = zip(*map(_values, group), strict=True)
            file.write_table(pa.table(list(map(list, columns)), schema=schema))
    settle(path)
    return walk.head


def part_of(path: Path) -> Path:
    """Return the name under which a file is written."""
    return path.with_name(f"{path.name}.part")


def settle(path: Path) -> None:
    """Give a written file its own name, once it is on the disk; the name is then too."""
    part = part_of(path)
    _synchronise(part)
    part.replace(path)
    _synchronise(path.parent)


@contextmanager
def renamed(path: Path) -> Iterator[Path]:
    """Give a name to write to; the file gets its own at the end."""
    yield part_of(path)
    settle(path)


def read_columns(path: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a file, these columns of them."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns)):
            yield from zip(*(batch.column(n).to_pylist() for n in columns), strict=True)


def row_of_columns(values: tuple[Any, ...]) -> Row | None:
    """Return an entry; None for what has not the form of one."""
    match values:
        case (int(seq), str(run), int(at), str(kind), str(about), str(body), str(link)):
            return Row(seq, run, at, kind, about, body.encode(), link)
        case _:
            return None


def read_rows(path: Path, after_seq: int = 0) -> Iterator[Row | None]:
    """Yield the entries of a file behind a number, without reading what stands before."""
    with pq.ParquetFile(path) as file:
        groups = [
            n
            for n in range(file.num_row_groups)
            if file.metadata.row_group(n).column(0).statistics.max > after_seq
        ]
        batches = file.iter_batches(_BATCH, row_groups=groups, columns=COLUMNS.names)
        for batch in batches if groups else ():
            columns = (batch.column(name).to_pylist() for name in COLUMNS.names)
            for shown in zip(*columns, strict=True):
                if shown[0] is None or shown[0] > after_seq:
                    yield row_of_columns(shown)


def rows_of_kinds(
    path: Path, kinds: Collection[str], after_seq: int
) -> Iterator[Row | None]:
    """Yield the entries of these kinds, reading the row groups that hold any."""
    with pq.ParquetFile(path) as file:
        for n in range(file.num_row_groups):
            if file.metadata.row_group(n).column(0).statistics.max <= after_seq:
                continue
            shown = file.read_row_group(n, columns=["kind"]).column(0)
            fits = pc.is_in(shown, value_set=pa.array(sorted(kinds), pa.string()))
            if pc.any(fits).as_py():
                group = file.read_row_group(n, columns=COLUMNS.names).filter(fits)
                for values in zip(*group.to_pydict().values(), strict=True):
                    if values[0] > after_seq:
                        yield row_of_columns(values)


def rows_at(path: Path, numbers: Sequence[int]) -> Iterator[Row | None]:
    """Yield the entries of these numbers, reading the row groups that hold them."""
    with pq.ParquetFile(path) as file:
        for n in range(file.num_row_groups):
            known = file.metadata.row_group(n).column(0).statistics
            wanted = [seq for seq in numbers if known.min <= seq <= known.max]
            if wanted:
                group = file.read_row_group(n, columns=COLUMNS.names)
                places = pa.array([seq - known.min for seq in wanted])
                held = group.take(places).to_pydict()
                for shown in zip(*held.values(), strict=True):
                    yield row_of_columns(shown)


def last_of(path: Path) -> tuple[int, str] | None:
    """Return number and link of the last entry in a file that is whole, else None."""
    try:
        with pq.ParquetFile(path) as file:
            columns = ["seq", "link"]
            group = file.read_row_group(file.num_row_groups - 1, columns=columns)
    except (OSError, pa.ArrowException):
        return None
    last: dict[str, Any] = group.slice(group.num_rows - 1).to_pylist()[0]
    return last["seq"], last["link"]


def notes_of(path: Path) -> dict[str, str]:
    """Return what was noted beside the entries."""
    with pq.ParquetFile(path) as file:
        found: dict[bytes, bytes] = file.schema_arrow.metadata or {}
    return {name.decode(): text.decode() for name, text in found.items()}


def _values(row: Row) -> tuple[object, ...]:
    body = row.body.decode()
    return (row.seq, row.run_id, row.recorded_ms, row.kind, row.intent_id, body, row.link)


def _synchronise(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
