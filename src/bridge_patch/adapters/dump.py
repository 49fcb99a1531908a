"""A journal as Parquet files: for analytics, for an auditor, for the shelf.

A folder holds segments of the entries, the checkpoints and a manifest. Columns are plain,
so DuckDB, Polars and pandas read them as they are; every field that the chain covers is
there, so the dump can be checked without the database. Each file is written under another
name and renamed, the manifest last; a dump that was interrupted, or whose journal has
grown, goes on with the segments that are missing.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters.chain import Fault, Head, Row, Walk, genesis
from bridge_patch.adapters.journal_rows import row_of
from bridge_patch.adapters.journal_schema import BEHIND, ENTRIES, META, Database, values
from bridge_patch.adapters.vouching import checkpoints_of
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError

MANIFEST: Final = "manifest.json"
CHECKPOINTS: Final = "checkpoints.parquet"
FORMAT: Final = 1
#: Entries of a full segment, of a row group, and of one read.
SEGMENT: Final = 100_000
_GROUP: Final = 10_000
_CHUNK: Final = 2_000

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
_SIGNED: Final = pa.schema(
    [
        ("seq", pa.int64()),
        ("link", pa.string()),
        ("at_ms", pa.int64()),
        ("previous", pa.int64()),
        ("key_id", pa.string()),
        ("signature", pa.string()),
    ]
)


@final
class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One file of entries."""

    file: str
    first_seq: int
    last_seq: int


@final
class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a dump is; the public keys are a convenience and prove nothing."""

    format: int
    journal_id: str
    schema_version: int
    head_seq: int
    head_link: str
    segments: tuple[Segment, ...]
    checkpoints: int
    public_keys: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a dump holds now; `written` are the segments that were not there before."""

    head: Head
    segments: int
    written: int
    checkpoints: int


def export_journal(
    database: Database,
    folder: Path,
    *,
    public_keys: str = "",
    progress: Callable[[int, int], None] | None = None,
    segment: int = SEGMENT,
) -> Exported:
    """Bring the dump in `folder` up to the journal's end, checking the chain on the way."""
    with ExitStack() as opened:
        try:
            engine = database.engine(read_only=True)
            opened.callback(engine.dispose)
            connection = opened.enter_context(engine.connect())
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            target = _Target(folder, public_keys, progress, segment)
            return _export(connection, database, target)
        except SQLAlchemyError as error:
            raise database.broken(error) from error
        except OSError as error:
            msg = f"{folder}: {error.strerror}: name a folder with room that can be written"
            raise InvalidValueError(msg) from error


def read_manifest(folder: Path) -> Manifest:
    """Return what a dump says it is, or raise InvalidValueError."""
    path = folder / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        msg = f"{path}: {error.strerror}: name a folder that `bridge-patch export` finished"
        raise InvalidValueError(msg) from error
    except msgspec.MsgspecError as error:
        msg = f"{path}: not the manifest of a dump ({error}): export it again elsewhere"
        raise InvalidValueError(msg) from error
    if found.format != FORMAT:
        msg = f"{path}: expected format {FORMAT}, found {found.format}: use the version of"
        msg = f"{msg} bridge-patch that wrote it"
        raise InvalidValueError(msg)
    return found


@final
@dataclass(frozen=True, slots=True)
class _Target:
    """Where a dump goes, and how."""

    folder: Path
    public_keys: str
    progress: Callable[[int, int], None] | None
    segment: int


def _export(connection: Connection, database: Database, target: _Target) -> Exported:
    facts = {str(name): str(value) for name, value in connection.execute(select(META))}
    journal_id, folder, segment = facts["journal_id"], target.folder, target.segment
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / MANIFEST).exists() and read_manifest(folder).journal_id != journal_id:
        msg = f"{folder} holds the dump of another journal: name another folder"
        raise InvalidValueError(msg)
    end = int(connection.scalar(select(func.max(ENTRIES.c.seq))) or 0)
    head, segments, written = genesis(journal_id), list[Segment](), 0
    for first in range(1, end + 1, segment):
        last = min(first + segment - 1, end)
        name = f"entries-{first:012d}.parquet"
        known = _link(connection, last)
        if _last_of(folder / name) == (last, known):
            head = Head(journal_id, last, known)
        else:
            rows = _rows(connection, database, first, last)
            head = _write_entries(folder / name, database, head, rows)
            written += 1
        segments.append(Segment(file=name, first_seq=first, last_seq=last))
        if target.progress:
            target.progress(last, end)
    signed = [asdict(one) for one in checkpoints_of(connection) if one.seq <= end]
    with _renamed(folder / CHECKPOINTS) as part:
        pq.write_table(pa.Table.from_pylist(signed, schema=_SIGNED), part)
    manifest = Manifest(
        format=FORMAT,
        journal_id=journal_id,
        schema_version=int(facts["schema_version"]),
        head_seq=head.seq,
        head_link=head.link,
        segments=tuple(segments),
        checkpoints=len(signed),
        public_keys=target.public_keys,
    )
    with _renamed(folder / MANIFEST) as part:
        part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    return Exported(
        head=head, segments=len(segments), written=written, checkpoints=len(signed)
    )


def _write_entries(path: Path, database: Database, head: Head, rows: Iterator[Row]) -> Head:
    """Write a segment in row groups; return where the chain stands behind it."""
    walk = Walk(head, None)
    with (
        _renamed(path) as part,
        pq.ParquetWriter(part, COLUMNS, compression="zstd") as file,
    ):
        while group := list(itertools.islice(rows, _GROUP)):
            for row in group:
                if fault := walk.step(row):
                    raise _broken(database, fault)
            table = pa.Table.from_pylist([values(row) for row in group], schema=COLUMNS)
            file.write_table(table)
    return walk.head


def _rows(
    connection: Connection, database: Database, first: int, last: int
) -> Iterator[Row]:
    seq = first - 1
    while seq < last:
        most = min(_CHUNK, last - seq)
        found = connection.execute(BEHIND, {"seq": seq, "most": most}).all()
        if not found:
            raise _broken(database, Fault(seq + 1, "missing"))
        for stored in found:
            row = row_of(tuple(stored))
            if isinstance(row, Fault):
                raise _broken(database, row)
            seq = row.seq
            yield row


def _link(connection: Connection, seq: int) -> str:
    return str(connection.scalar(select(ENTRIES.c.link).where(ENTRIES.c.seq == seq)))


def _last_of(path: Path) -> tuple[int, str] | None:
    """Return number and link of the last entry in a file that is whole, else None."""
    try:
        with pq.ParquetFile(path) as file:
            columns = ["seq", "link"]
            group = file.read_row_group(file.num_row_groups - 1, columns=columns)
    except (OSError, pa.ArrowException):
        return None
    last: dict[str, Any] = group.slice(group.num_rows - 1).to_pylist()[0]
    return last["seq"], last["link"]


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    """Give a name to write to; the file gets its own once it is on the disk."""
    part = path.with_name(f"{path.name}.part")
    yield part
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def _broken(database: Database, fault: Fault) -> BrokenPromiseError:
    why = f"entry {fault.seq} of the journal: {fault.what}; nothing behind it is exported:"
    return database.broken(f"{why} `bridge-patch verify` lists every fault")
