"""An independent look at a journal: every entry written must still be there, unchanged.

It reads the file and the head beside it and believes neither the tables' constraints nor
the program that wrote them. It runs beside a living writer, in constant memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from bridge_patch.adapters.audit import Audit, Verification
from bridge_patch.adapters.chain import SCHEMA_VERSION, Fault, Head, Row
from bridge_patch.adapters.checkpoints import Checkpoint, Verifier
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_segments import FOLDER, Segment, Shelf
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError

__all__ = ["Verification", "row_of_bytes", "verify_journal"]

_TELL_EVERY: Final = 1_000
_SELECT: Final = """
SELECT seq, run_id, recorded_ms, kind, intent_id, body, link FROM journal ORDER BY seq"""
_SIGNED: Final = "SELECT 1 FROM sqlite_master WHERE name = 'journal_checkpoint'"
_SIGNATURES: Final = """
SELECT seq, link, at_ms, previous, key_id, signature FROM journal_checkpoint ORDER BY seq"""
_MOVED: Final = "SELECT 1 FROM sqlite_master WHERE name = 'journal_segment'"
_SEGMENTS: Final = """
SELECT first_seq, last_seq, "before", link, file, digest
FROM journal_segment ORDER BY first_seq"""
_INDEX: Final = "SELECT part, names FROM journal_archived WHERE run = ?"


def verify_journal(
    path: Path,
    progress: Callable[[int, int], None] | None = None,
    keys: Verifier | None = None,
) -> Verification:
    """Check every entry; `progress` is told how many are done, of how many.

    Checkpoints are checked against `keys`, the public ones that somebody trusts; without
    any their links are compared, and nothing is proved by them. A fault of the whole file
    has the number 0.
    """
    file = SqliteFile(path)
    try:
        kept = read_head(file.head_path)  # before the entries: a writer only adds to them
        with closing(file.connect_to_read()) as connection:
            connection.text_factory = bytes
            with file.guarded():
                version = _fact(connection, "schema_version")
                if version.isdecimal() and int(version) > SCHEMA_VERSION:
                    raise file.too_new("journal", int(version), SCHEMA_VERSION)  # noqa: EM101
                shelf = Shelf(file.head_path.with_name(FOLDER))
                return _verify(connection, kept, progress, keys, shelf)
    except BrokenPromiseError as error:
        return Verification(0, Head("", 0, ""), 0, (Fault(0, str(error)),))


def _verify(
    connection: sqlite3.Connection,
    kept: Head | None,
    progress: Callable[[int, int], None] | None,
    keys: Verifier | None,
    shelf: Shelf,
) -> Verification:
    connection.execute("BEGIN")  # one moment for everything that is read
    (total,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    journal_id, segments = _fact(connection, "journal_id"), _segments(connection)
    total += segments[-1].last_seq if segments else 0
    audit = Audit(journal_id, kept, _checkpoints(connection), keys)
    for segment in segments:
        index = dict(connection.execute(_INDEX, (segment.last_seq,)).fetchall())
        audit.take_file(
            shelf, segment, index, lambda done: progress and progress(done, total)
        )
    try:
        for values in connection.execute(_SELECT):
            audit.take(row_of_bytes(values), values[:5])
            if progress and audit.done % _TELL_EVERY == 0:
                progress(audit.done, total)
    except sqlite3.DatabaseError as error:
        audit.broken_off(f"the file cannot be read on: {error}")
    if progress:
        progress(audit.done, total)
    return audit.end()


def _checkpoints(connection: sqlite3.Connection) -> Iterator[Checkpoint]:
    """Yield what was signed; what has not the form of a signature will not fit one."""
    if not connection.execute(_SIGNED).fetchone():
        return
    for seq, link, at_ms, previous, key_id, signature in connection.execute(_SIGNATURES):
        yield Checkpoint(
            seq=seq,
            link=_text(link),
            at_ms=at_ms if isinstance(at_ms, int) else -1,
            previous=previous if isinstance(previous, int) else -2,
            key_id=_text(key_id),
            signature=_text(signature),
        )


def _segments(connection: sqlite3.Connection) -> list[Segment]:
    if not connection.execute(_MOVED).fetchone():
        return []
    return [
        Segment(
            first_seq=first if isinstance(first, int) else -1,
            last_seq=last if isinstance(last, int) else -1,
            before=_text(before),
            link=_text(link),
            file=_text(file),
            digest=_text(digest),
            named=0,  # what the index holds is looked at itself
        )
        for first, last, before, link, file, digest in connection.execute(_SEGMENTS)
    ]


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def row_of_bytes(values: tuple[object, ...]) -> Row | None:
    """Return the entry as it is stored, its texts as bytes; None for something else."""
    match values:
        case (
            int(seq),
            bytes(run_id),
            int(recorded_ms),
            bytes(kind),
            bytes(intent_id),
            bytes(body),
            bytes(link),
        ):
            try:
                return Row(
                    seq,
                    run_id.decode(),
                    recorded_ms,
                    kind.decode(),
                    intent_id.decode(),
                    body,
                    link.decode(),
                )
            except UnicodeDecodeError:
                return None
        case _:
            return None


def _fact(connection: sqlite3.Connection, name: str) -> str:
    sql = "SELECT value FROM journal_meta WHERE name = ?"
    row = connection.execute(sql, (name,)).fetchone()
    return _text(row[0]) if row else ""
