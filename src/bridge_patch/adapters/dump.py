"""A journal as Parquet files: for analytics, for an auditor, for the shelf.

A folder holds segments of the entries, the checkpoints and a manifest. Columns are plain,
so DuckDB, Polars and pandas read them as they are; every field that the chain covers is
there, so the dump can be checked without the database. Each file is written under another
name and renamed, the manifest last; a dump that was interrupted, or whose journal has
grown, goes on with the segments that are missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters.chain import Fault, Head, genesis
from bridge_patch.adapters.entry_files import last_of, renamed, write_entries
from bridge_patch.adapters.journal_entries import Entries
from bridge_patch.adapters.journal_schema import META, Database
from bridge_patch.adapters.vouching import checkpoints_of
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError

MANIFEST: Final = "manifest.json"
CHECKPOINTS: Final = "checkpoints.parquet"
FORMAT: Final = 1
#: Entries of a full segment.
SEGMENT: Final = 100_000

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
    entries = Entries(connection, database)
    end = entries.end()
    head, segments, written = genesis(journal_id), list[Segment](), 0
    for first in range(1, end + 1, segment):
        last = min(first + segment - 1, end)
        name = f"entries-{first:012d}.parquet"
        known = entries.link_at(last) or ""
        if last_of(folder / name) == (last, known):
            head = Head(journal_id, last, known)
        else:
            rows = itertools.islice(entries.rows(first - 1), last - first + 1)
            end_of = write_entries(folder / name, head, rows)
            if isinstance(end_of, Fault):
                raise _broken(database, end_of)
            head, written = end_of, written + 1
        segments.append(Segment(file=name, first_seq=first, last_seq=last))
        if target.progress:
            target.progress(last, end)
    signed = [asdict(one) for one in checkpoints_of(connection) if one.seq <= end]
    with renamed(folder / CHECKPOINTS) as part:
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
    with renamed(folder / MANIFEST) as part:
        part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    return Exported(
        head=head, segments=len(segments), written=written, checkpoints=len(signed)
    )


def _broken(database: Database, fault: Fault) -> BrokenPromiseError:
    why = f"entry {fault.seq} of the journal: {fault.what}; nothing behind it is exported:"
    return database.broken(f"{why} `bridge-patch verify` lists every fault")
