"""One SQLite file: how it is opened, and what its errors mean to a person.

Write-ahead log, so that readers and the one writer do not wait for each other; synchronous
FULL, so that what was committed survives a power cut. Calls block the event loop: a commit
takes some 0.2 ms on a local disk, and what a service does next waits for it anyway. A
network file system is no place for such a file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from bridge_patch.adapters.chain import Row
from bridge_patch.domain.errors import BrokenPromiseError, OutageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_LOCK_WAIT_MS: Final = 5_000
#: Pages of the write-ahead log, 16 MB, after which a commit moves them into the file. One
#: batch of intents fills a third of it: at the usual 1,000 each commit would move them all.
_LOG_PAGES: Final = 4_000

#: An entry, in the order of its columns; what is written as it is needs no more of SQL.
_INSERT: Final = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)"

#: What sqlite3 says (the beginning of it), and what a person can do.
_REMEDIES: Final = (
    ("database or disk is full", "make room on its disk, then start again"),
    ("attempt to write a readonly", "make the file and its folder writable for this user"),
    ("unable to open", "make its folder, or let this user read and write there"),
    ("database is locked", "another process holds it for long; stop that process"),
    ("file is not a database", "name another path: this file is something else"),
    ("database disk image is malformed", "restore it from a backup, with its .head file"),
    ("disk I/O error", "look at the disk; restore from a backup if it is damaged"),
)


#: What passes when somebody makes room, or lets us in again; the rest needs a repair.
_PASSING: Final = (
    "database or disk is full",
    "attempt to write a readonly",
    "unable to open",
    "database is locked",
    "disk I/O error",
)


@final
@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Where a bus, a journal or both of them live."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def head_path(self) -> Path:
        """Where the journal's head is kept: beside the database, not inside it."""
        return self.path.with_name(f"{self.path.name}.head")

    def connect(self, *, durable: bool = True) -> sqlite3.Connection:
        """Open for reading and writing; a file that is missing is made.

        Not `durable` is for what a power cut may undo without harm: such a commit survives
        the process and does not wait for the disk.
        """
        connection = sqlite3.connect(
            self.path, isolation_level=None, timeout=_LOCK_WAIT_MS / 1000
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        return connection

    def connect_to_read(self) -> sqlite3.Connection:
        """Open what is there for reading only."""
        if not self.path.is_file():
            msg = f"{self.path} does not exist: name the file of a run, or start one"
            raise BrokenPromiseError(msg)
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            timeout=_LOCK_WAIT_MS / 1000,
        )

    def engine(self, *, read_only: bool = False) -> Engine:
        """Return an engine whose transactions take the write lock when they begin."""
        from sqlalchemy import create_engine, event, pool  # noqa: PLC0415 - 0.2 s to import

        engine = create_engine(
            "sqlite://",
            creator=self.connect_to_read if read_only else self.connect,
            poolclass=pool.NullPool,
        )

        def begin(connection: Connection) -> None:
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql("BEGIN IMMEDIATE")

        event.listen(engine, "begin", begin)
        return engine

    def add(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert entries of a journal, or raise TakenError."""
        from sqlalchemy.exc import IntegrityError  # noqa: PLC0415 - as above

        from bridge_patch.adapters import journal_schema  # noqa: PLC0415 - as above

        held = list(map(journal_schema.values, rows))
        try:
            connection.exec_driver_sql(_INSERT, held)
        except IntegrityError as error:
            raise journal_schema.TakenError from error

    def adopt(
        self, connection: sqlite3.Connection, *, part: str, version: int, script: str
    ) -> None:
        """Make the tables of `part`, or check that this program is new enough for them."""
        with transaction(connection):
            connection.execute(
                "CREATE TABLE IF NOT EXISTS store_part"
                " (part TEXT PRIMARY KEY, version INTEGER)"
            )
            row = connection.execute(
                "SELECT version FROM store_part WHERE part = ?", (part,)
            ).fetchone()
            if row is None:
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute("INSERT INTO store_part VALUES (?, ?)", (part, version))
            elif row[0] > version:
                raise self.too_new(part, row[0], version)

    def too_new(self, part: str, found: int, known: int) -> BrokenPromiseError:
        """Say that a later version wrote here; nothing was changed."""
        return BrokenPromiseError(
            f"{self.path}: its {part} was written by a later version of this program"
            f" (schema {found}, this one knows {known}): start that version, or name"
            " another file; nothing was changed"
        )

    def broken(self, error: Exception | str) -> BrokenPromiseError:
        """Say which file failed, why, and what to do about it."""
        why = str(getattr(error, "orig", error))
        remedy = next((do for what, do in _REMEDIES if why.startswith(what)), "")
        kind = OutageError if why.startswith(_PASSING) else BrokenPromiseError
        return kind(f"{self.path}: {why}" + (f": {remedy}" if remedy else ""))

    def require(self) -> None:
        """Raise OutageError where the file is gone: a new one would know of nothing."""
        if not self.path.is_file():
            msg = f"{self.path} is not there: bring its folder back; it is not begun anew"
            raise OutageError(msg)

    def room_bytes(self) -> int:
        """Return how much may still be written to the disk that holds the file."""
        try:
            found = os.statvfs(_folder_of(self.path))
        except OSError as error:
            msg = f"{self.path}: {error.strerror}"
            raise OutageError(msg) from error
        return found.f_bavail * found.f_frsize

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn sqlite3's errors into one that stops the process."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.broken(error) from error


@cache
def _folder_of(path: Path) -> Path:
    """Return where a file is, the same object each time: its text is made once."""
    return path.parent


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the write lock; commit what the block did, or undo all of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep the connection open, unless the block fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
