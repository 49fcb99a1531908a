"""A PostgreSQL database for the journal: how it is opened, and what its errors mean.

Every commit waits for the server's disk, whatever its defaults are. A writer's transaction
shuts out other writers from its start, by an advisory lock, and what is committed inside is
seen by the next. The head stays beside the program, in the state folder: what a database
says about its own end proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast, final

from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.journal_url import JournalUrl
from bridge_patch.domain.errors import BrokenPromiseError, OutageError

if TYPE_CHECKING:
    from psycopg import Connection as Driver
    from psycopg import Cursor
    from sqlalchemy import Connection, Engine

#: Any number will do, if every version of this program takes the same one.
LOCK: Final = 0x6272_6964_6765
_CONNECT_SEC: Final = 5
_SESSION: Final = """
SET synchronous_commit = on;
SET client_encoding = 'UTF8';
SET lock_timeout = '5s';
SET statement_timeout = '10s';
SET idle_in_transaction_session_timeout = '3s'"""
_READ_ONLY: Final = "SET default_transaction_read_only = on"
_SERVER: Final = "SELECT current_setting('server_encoding'), current_setting('fsync')"

_COPY: Final = "COPY journal FROM STDIN"

#: SQLSTATE, or the beginning of one, and what a person can do; these pass.
_PASSING: Final = (
    ("53100", "make room on the server's disk"),
    ("53300", "let more connections in, or close some (max_connections)"),
    ("53", "the server lacks something: look at its log"),
    ("25006", "let this role write there again: it is read-only, or a replica"),
    ("55P03", "another session holds it for long; stop that session"),
    ("57014", "the server took too long; look at its load"),
    ("57P", "the server stops or starts; wait for it"),
    ("25P03", "the process slept within a transaction"),
    ("08", "look at the server and the network between"),
    ("40", "another session was in the way; it is tried again"),
    ("58030", "look at the server's disk"),
)
#: These need a person; the rest is told as it is.
_REMEDIES: Final = (
    ("42501", "grant the role what docs/journal.md lists; its owner makes the tables"),
    ("42P01", "its tables are gone: restore them from a backup"),
    ("22", "the database cannot hold what was written"),
    ("XX", "restore the database from a backup, with the .head file"),
)
#: A refused connection has no SQLSTATE, only words; these are for a person to mend.
_REFUSED: Final = (
    ("password authentication failed", "correct the password in JOURNAL_URL"),
    ("no pg_hba.conf entry", "let this machine and role in (pg_hba.conf)"),
    ("does not exist", "make the database and the role that JOURNAL_URL names"),
)
#: What the driver says of a parameter that it, or the server, does not take.
_ODD_PARAMETER: Final = re.compile(
    r"\binvalid [^:]*\bvalue\b|could not parse network address|definition of service"
)
_PARAMETERS: Final = "correct what stands behind the ? of JOURNAL_URL"
_NOT_SHOWN: Final = "not shown, it holds part of JOURNAL_URL"
_UNREACHED: Final = "start the server, or look at the network and at JOURNAL_URL"


@final
@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """Where a journal lives; `state_dir` holds its head."""

    url: JournalUrl
    state_dir: Path

    def __str__(self) -> str:
        return str(self.url)

    @property
    def head_path(self) -> Path:
        """Where the journal's head is kept: never on the server."""
        return self.state_dir / "journal.head"

    def connect(self, *, read_only: bool = False) -> Driver[tuple[object, ...]]:
        """Open a session that waits for the disk and never for long for anything else."""
        connection = self._connected()
        with ExitStack() as opened:
            opened.callback(connection.close)
            connection.execute(_SESSION)
            if read_only:
                connection.execute(_READ_ONLY)
            else:
                self._check(connection.execute(_SERVER).fetchone())
            connection.autocommit = False
            opened.pop_all()
        return connection

    def _connected(self) -> Driver[tuple[object, ...]]:
        """Connect; what the driver says of the address's own text is told by nobody."""
        psycopg = _driver()
        address = self.url.address
        try:
            connection: Driver[tuple[object, ...]] = psycopg.connect(
                address.reveal() if address else "",
                autocommit=True,
                connect_timeout=_CONNECT_SEC,
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=2,
                tcp_user_timeout=15_000,
                application_name="bridge-patch",
            )
        except psycopg.Error as error:
            if not self.url.is_told_by(str(error)):
                raise
            odd = _is_parameter(error)
            kind = psycopg.ProgrammingError if odd else type(error)
            # Not even a trace of --debug may show what it said.
            raise kind(_NOT_SHOWN) from None
        return connection

    def engine(self, *, read_only: bool = False) -> Engine:
        """Return an engine whose transactions shut out other writers from their start."""
        from sqlalchemy import create_engine, event, pool  # noqa: PLC0415 - 0.2 s to import

        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: self.connect(read_only=read_only),
            poolclass=pool.NullPool,
        )

        def begin(connection: Connection) -> None:
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")

        if not read_only:
            event.listen(engine, "begin", begin)
        return engine

    def add(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert entries by COPY, or raise TakenError; measured twice as fast as INSERT."""
        from bridge_patch.adapters import journal_schema  # noqa: PLC0415 - imports slowly

        errors = _driver()
        cursor = cast("Cursor[tuple[object, ...]]", connection.connection.cursor())
        try:
            with closing(cursor), cursor.copy(_COPY) as entries:
                for row in rows:
                    entries.write_row(journal_schema.values(row))
        except errors.errors.UniqueViolation as error:
            raise journal_schema.TakenError from error
        except errors.Error as error:
            raise self.broken(error) from error

    def _check(self, server: tuple[object, ...] | None) -> None:
        """Refuse a server on which a commit may be lost, or a text cannot be kept."""
        match server:
            case ("UTF8", "on"):
                return
            case ("UTF8", _):
                why = "its server does not wait for its disk: set fsync = on"
            case _:
                why = "it cannot hold every text: make a database with encoding UTF8"
        raise self.broken(why)

    def too_new(self, part: str, found: int, known: int) -> BrokenPromiseError:
        """Say that a later version wrote here; nothing was changed."""
        return BrokenPromiseError(
            f"{self}: its {part} was written by a later version of this program"
            f" (schema {found}, this one knows {known}): start that version, or name"
            " another database; nothing was changed"
        )

    def broken(self, error: Exception | str) -> BrokenPromiseError:
        """Say which database failed, why, and what to do about it."""
        cause = getattr(error, "orig", None) or error
        why = " ".join(str(cause).split())
        if isinstance(cause, str | BrokenPromiseError) or not _is_server(cause):
            return BrokenPromiseError(f"{self}: {why}")
        state = getattr(cause, "sqlstate", None)
        if state is None and _is_parameter(cause):
            told = _NOT_SHOWN if self.url.is_told_by(why) else why
            return BrokenPromiseError(f"{self}: {told}: {_PARAMETERS}")
        if state is None:
            remedy = next((do for what, do in _REFUSED if what in why), "")
            return OutageError(f"{self}: {why}: {remedy or _UNREACHED}")
        for begins, remedy in _PASSING:
            if state.startswith(begins):
                return OutageError(f"{self}: {why}: {remedy}")
        remedy = next((do for what, do in _REMEDIES if state.startswith(what)), "")
        return BrokenPromiseError(f"{self}: {why}" + (f": {remedy}" if remedy else ""))

    def require(self) -> None:
        """Do nothing: a server that is away says so, and nothing is begun in its place."""


def _is_server(error: object) -> bool:
    """Tell whether it is the driver that speaks, of the server or of the way to it."""
    return isinstance(error, _driver().Error)


def _is_parameter(error: object) -> bool:
    """Tell whether the address is at fault, which no waiting mends."""
    odd = isinstance(error, _driver().ProgrammingError)
    return odd or _ODD_PARAMETER.search(str(error)) is not None


def _driver() -> ModuleType:
    """Return the driver, which is an extra and takes 0.1 s to import."""
    try:
        import psycopg  # noqa: PLC0415 - see above
    except ImportError as error:
        msg = f"JOURNAL_URL needs bridge-patch[postgres]: install that extra ({error})"
        raise BrokenPromiseError(msg) from error
    return psycopg
