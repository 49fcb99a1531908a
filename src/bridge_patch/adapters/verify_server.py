"""The same independent look at a journal on a server, at one moment and in chunks.

It runs beside a living writer, in constant memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters.audit import Audit, Verification
from bridge_patch.adapters.chain import SCHEMA_VERSION, Fault, Head
from bridge_patch.adapters.checkpoints import Verifier
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_entries import Entries
from bridge_patch.adapters.journal_migrations import VERSION_NAME
from bridge_patch.adapters.journal_schema import (
    ARCHIVED,
    BEHIND,
    CHECKPOINTS,
    ENTRIES,
    META,
    Database,
)
from bridge_patch.adapters.verify import row_of_bytes
from bridge_patch.adapters.vouching import checkpoints_of
from bridge_patch.domain.errors import BrokenPromiseError

_CHUNK: Final = 1_000
#: Reading a file takes its time, and a session that only reads is in nobody's way.
_PATIENT: Final = "SET LOCAL idle_in_transaction_session_timeout = 0"


def verify_server(
    database: Database,
    progress: Callable[[int, int], None] | None = None,
    keys: Verifier | None = None,
) -> Verification:
    """As `verify_journal`, for a journal on a server."""
    try:
        kept = read_head(database.head_path)  # before the entries: a writer only adds
        with _moment(database) as connection:
            return _verify(connection, database, kept, progress, keys)
    except BrokenPromiseError as error:
        return Verification(0, Head("", 0, ""), 0, (Fault(0, str(error)),))


@contextmanager
def _moment(database: Database) -> Iterator[Connection]:
    """Yield a connection to which the journal stands still."""
    engine = database.engine(read_only=True)
    try:
        with engine.connect() as connection:
            moment = connection.execution_options(isolation_level="REPEATABLE READ")
            moment.exec_driver_sql(_PATIENT)
            yield moment
    except SQLAlchemyError as error:
        raise database.broken(error) from error
    finally:
        engine.dispose()


def _verify(
    connection: Connection,
    database: Database,
    kept: Head | None,
    progress: Callable[[int, int], None] | None,
    keys: Verifier | None,
) -> Verification:
    if not inspect(connection).has_table(META.name):
        why = "there is no journal in it"
        raise database.broken(why)
    facts = {str(name): str(value) for name, value in connection.execute(select(META))}
    version, journal_id = facts.get(VERSION_NAME, ""), facts.get("journal_id", "")
    if version.isdecimal() and int(version) > SCHEMA_VERSION:
        raise database.too_new(ENTRIES.name, int(version), SCHEMA_VERSION)
    total = connection.scalar(select(func.count()).select_from(ENTRIES)) or 0
    has_signed = inspect(connection).has_table(CHECKPOINTS.name)
    signed = checkpoints_of(connection) if has_signed else ()
    audit, moved = Audit(journal_id, kept, signed, keys), Entries(connection, database)
    total += moved.archived
    for segment in moved.segments:
        parts = select(ARCHIVED.c.part, ARCHIVED.c.names)
        found = connection.execute(parts.where(ARCHIVED.c.run == segment.last_seq))
        index = {int(part): bytes(names) for part, names in found}
        audit.take_file(
            moved.shelf, segment, index, lambda n: progress and progress(n, total)
        )
    for values in _entries(connection):
        audit.take(row_of_bytes(values), values[:5])
        if progress and audit.done % _CHUNK == 0:
            progress(audit.done, total)
    if progress:
        progress(audit.done, total)
    return audit.end()


def _entries(connection: Connection) -> Iterator[tuple[object, ...]]:
    """Yield every entry, its texts as bytes, in the order of the numbers."""
    after = -(2**63)  # numbers below the first are faults, and are to be seen
    while found := connection.execute(BEHIND, {"seq": after, "most": _CHUNK}).all():
        for row in found:
            yield tuple(v.encode() if isinstance(v, str) else v for v in row)
        after = int(found[-1].seq)
