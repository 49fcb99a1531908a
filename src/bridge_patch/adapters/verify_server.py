"""The same independent look at a journal on a server, at one moment and in chunks.

It runs beside a living writer, in constant memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters.chain import SCHEMA_VERSION, Fault, Head, Walk, genesis
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_migrations import VERSION_NAME
from bridge_patch.adapters.journal_schema import BEHIND, ENTRIES, META, Database
from bridge_patch.adapters.verify import FAULTS_MAX, Verification, head_fault, step
from bridge_patch.domain.errors import BrokenPromiseError

_CHUNK: Final = 1_000


def verify_server(
    database: Database, progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Check every entry; `progress` is told how many are done, of how many."""
    try:
        kept = read_head(database.head_path)  # before the entries: a writer only adds
        with _moment(database) as connection:
            return _verify(connection, database, kept, progress)
    except BrokenPromiseError as error:
        return Verification(0, Head("", 0, ""), 0, (Fault(0, str(error)),))


@contextmanager
def _moment(database: Database) -> Iterator[Connection]:
    """Yield a connection to which the journal stands still."""
    engine = database.engine(read_only=True)
    try:
        with engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ")
    except SQLAlchemyError as error:
        raise database.broken(error) from error
    finally:
        engine.dispose()


def _verify(
    connection: Connection,
    database: Database,
    kept: Head | None,
    progress: Callable[[int, int], None] | None,
) -> Verification:
    if not inspect(connection).has_table(META.name):
        why = "there is no journal in it"
        raise database.broken(why)
    facts = {str(name): str(value) for name, value in connection.execute(select(META))}
    version, journal_id = facts.get(VERSION_NAME, ""), facts.get("journal_id", "")
    if version.isdecimal() and int(version) > SCHEMA_VERSION:
        raise database.too_new(ENTRIES.name, int(version), SCHEMA_VERSION)
    total = connection.scalar(select(func.count()).select_from(ENTRIES)) or 0
    about_head = head_fault(kept, journal_id)
    faults = [about_head] if about_head else []
    walk = Walk(genesis(journal_id), None if about_head else kept)
    done = 0
    for values in _entries(connection):
        done += 1
        if (fault := step(walk, values)) and len(faults) < FAULTS_MAX:
            faults.append(fault)
        if progress and done % _CHUNK == 0:
            progress(done, total)
    if fault := walk.end():
        faults.append(fault)
    if progress:
        progress(done, total)
    beyond = max(0, walk.head.seq - kept.seq) if kept else 0
    return Verification(done, walk.head, beyond, tuple(faults))


def _entries(connection: Connection) -> Iterator[tuple[object, ...]]:
    """Yield every entry, its texts as bytes, in the order of the numbers."""
    after = -(2**63)  # numbers below the first are faults, and are to be seen
    while found := connection.execute(BEHIND, {"seq": after, "most": _CHUNK}).all():
        for row in found:
            yield tuple(v.encode() if isinstance(v, str) else v for v in row)
        after = int(found[-1].seq)
