"""How a journal is opened to be written: its end is checked, or it is begun.

All of it happens in the transaction in which the lease is taken, but for the files of the
segments: nobody waits for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, insert, inspect, select

from bridge_patch.adapters.chain import SCHEMA_VERSION, Fault, Head, Walk, genesis
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_entries import Entries, refused
from bridge_patch.adapters.journal_lease import Claim, look
from bridge_patch.adapters.journal_migrations import SIGNED_SINCE, VERSION_NAME, migrate
from bridge_patch.adapters.journal_schema import ENTRIES, META, Database
from bridge_patch.adapters.journal_segments import Segment
from bridge_patch.adapters.vouching import newest, refusal_of
from bridge_patch.services.ports import Stored

#: How many entries before the head are checked at every start; `verify` checks them all.
_TAIL: Final = 64


def checked_files(
    connection: Connection, database: Database, claim: Claim | None
) -> frozenset[Segment]:
    """Check the files of a journal that may be had; no other writer waits for that."""
    with connection.begin():
        if claim is not None:
            look(connection, str(database), claim)
        entries = Entries(connection, database)
    kept = read_head(database.head_path)
    return entries.require_files(kept.journal_id if kept else "")


def resume(
    connection: Connection,
    database: Database,
    new_id: Callable[[], str],
    checked: frozenset[Segment],
    *,
    known: Stored | None = None,
) -> tuple[Head, int]:
    """Return the head to go on from, and the schema found; refuse a wrong end.

    `known` is an entry that somebody has followed the chain to, past what the head file
    said then: on another machine that file is as old as its copy. If the journal holds that
    entry, only what follows it is walked over.
    """
    kept = read_head(database.head_path)
    if not inspect(connection).has_table(META.name):
        if kept and kept.seq:
            raise refused(database, Fault(1, f"missing, with all up to {kept.seq}"))
        return _begin(connection, kept.journal_id if kept else new_id()), SCHEMA_VERSION
    version, journal_id = facts(connection, database)
    if kept is None:
        what = f"without {database.head_path}, or with a damaged one, nobody can exclude"
        raise refused(database, Fault(0, f"{what} that its end was cut off"))
    if kept.journal_id != journal_id:
        raise refused(database, Fault(0, f"{database.head_path} is of another journal"))
    if known and known.seq > kept.seq:
        link = Entries(connection, database).link_at(known.seq)
        kept = Head(journal_id, known.seq, known.link) if link == known.link else kept
    head = _checked_end(connection, database, kept, version, checked)
    migrate(connection, version)
    return head, version


def _begin(connection: Connection, journal_id: str) -> Head:
    migrate(connection, 0)
    connection.execute(insert(META), {"name": "journal_id", "value": journal_id})
    return genesis(journal_id)


def _checked_end(
    connection: Connection,
    database: Database,
    kept: Head,
    version: int,
    checked: frozenset[Segment],
) -> Head:
    """Walk over what nobody signed, the last that the head file knows, and what follows."""
    start, entries = genesis(kept.journal_id), Entries(connection, database)
    entries.require_whole(kept.journal_id, checked)
    signed = newest(connection) if version >= SIGNED_SINCE else None
    if signed and (fault := refusal_of(connection, signed)):
        raise refused(database, fault)
    first = kept.seq - _TAIL if version >= SIGNED_SINCE else 0  # all of it is signed next
    if signed:
        first = min(first, signed.seq)
    if first > 0:
        link = entries.link_at(first)
        if link is not None:
            start = Head(kept.journal_id, first, link)
    if entries.archived:
        start = _behind_files(database, entries, kept, start)
    walk = Walk(start, kept)
    for row in entries.rows(start.seq):
        if fault := walk.step(row):
            raise refused(database, fault)
    if fault := walk.end():
        raise refused(database, fault)
    return walk.head


def _behind_files(database: Database, entries: Entries, kept: Head, start: Head) -> Head:
    """Return where the table begins, if that is behind `start`: files are checked."""
    moved = entries.archived
    if 0 < kept.seq <= moved and entries.link_at(kept.seq) != kept.link:
        what = "the head file knows another entry of this number"
        raise refused(database, Fault(kept.seq, what))
    if start.seq >= moved:
        return start
    return Head(kept.journal_id, moved, entries.link_at(moved) or "")


def facts(connection: Connection, database: Database) -> tuple[int, str]:
    """Return the journal's schema and its own id, if this program knows the schema."""
    if not inspect(connection).has_table(META.name):
        why = "there is no journal in it"
        raise database.broken(why)
    facts = {str(name): str(value) for name, value in connection.execute(select(META))}
    version = facts.get(VERSION_NAME, "")
    if not version.isdecimal() or "journal_id" not in facts:
        raise refused(database, Fault(0, "what it says about itself is damaged"))
    if int(version) > SCHEMA_VERSION:
        raise database.too_new(ENTRIES.name, int(version), SCHEMA_VERSION)
    return int(version), facts["journal_id"]
