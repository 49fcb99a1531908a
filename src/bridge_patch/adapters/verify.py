"""An independent look at a journal: every entry written must still be there, unchanged.

It reads the file and the head beside it and believes neither the tables' constraints nor
the program that wrote them. It runs beside a living writer, in constant memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import (
    SCHEMA_VERSION,
    Fault,
    Head,
    Row,
    Walk,
    genesis,
    subject,
)
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError

FAULTS_MAX: Final = 100
_TELL_EVERY: Final = 1_000
_SELECT: Final = """
SELECT seq, run_id, recorded_ms, kind, intent_id, body, link FROM journal ORDER BY seq"""


@final
@dataclass(frozen=True, slots=True)
class Verification:
    """What was found; `faults` come in the order of the journal, the first hundred of them.

    `entries` were read and `head` is where they end. `beyond_head` of them are younger than
    the head file, which is normal only after a crash, or while a writer is at work.
    """

    entries: int
    head: Head
    beyond_head: int
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """True if nothing is wrong."""
        return not self.faults


def verify_journal(
    path: Path, progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Check every entry; `progress` is told how many are done, of how many.

    A fault of the whole file has the number 0.
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
                return _verify(connection, kept, progress)
    except BrokenPromiseError as error:
        return Verification(0, Head("", 0, ""), 0, (Fault(0, str(error)),))


def _verify(
    connection: sqlite3.Connection,
    kept: Head | None,
    progress: Callable[[int, int], None] | None,
) -> Verification:
    connection.execute("BEGIN")  # one moment for everything that is read
    (total,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    journal_id = _fact(connection, "journal_id")
    about_head = head_fault(kept, journal_id)
    faults = [about_head] if about_head else []
    walk = Walk(genesis(journal_id), None if about_head else kept)
    done = 0
    try:
        for done, values in enumerate(connection.execute(_SELECT), 1):
            if (fault := step(walk, values)) and len(faults) < FAULTS_MAX:
                faults.append(fault)
            if progress and done % _TELL_EVERY == 0:
                progress(done, total)
    except sqlite3.DatabaseError as error:
        faults.append(Fault(walk.head.seq + 1, f"the file cannot be read on: {error}"))
    if fault := walk.end():
        faults.append(fault)
    if progress:
        progress(done, total)
    beyond = max(0, walk.head.seq - kept.seq) if kept else 0
    return Verification(done, walk.head, beyond, tuple(faults))


def step(walk: Walk, values: tuple[object, ...]) -> Fault | None:
    """Check the next entry as it is stored, texts as bytes; return what is wrong."""
    row = _row(values)
    if row is None:
        return Fault(walk.head.seq + 1, f"not of the form of an entry: {values[:5]!r}")
    if fault := walk.step(row):
        return fault
    try:
        event = codec.decode_event(row.kind, row.body)
    except InvalidValueError as error:
        return Fault(row.seq, f"unreadable: {error}")
    if subject(event) != row.intent_id:
        return Fault(row.seq, f"filed under another intent, {row.intent_id!r}")
    return None


def _row(values: tuple[object, ...]) -> Row | None:
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
    return row[0].decode(errors="replace") if row and isinstance(row[0], bytes) else ""


def head_fault(kept: Head | None, journal_id: str) -> Fault | None:
    """Return what is wrong with the head that was kept, apart from the entries."""
    if kept is None:
        what = "missing or damaged: that the end was cut off cannot be excluded"
        return Fault(0, f"the head file is {what}")
    if kept.journal_id != journal_id:
        return Fault(0, f"the head file is of another journal, {kept.journal_id!r}")
    return None
