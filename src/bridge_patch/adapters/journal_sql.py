"""The journal in a relational database: append-only, hash-chained, one writer.

An append is one transaction, and within it the lease is looked at: who has lost it writes
nothing. Without a lease two writers still cannot interleave: the number of an entry is its
primary key, so the one who comes second finds it taken and stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, final

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import (
    SCHEMA_VERSION,
    Fault,
    Head,
    Row,
    Walk,
    extend,
    genesis,
)
from bridge_patch.adapters.head import HeadFile, read_head
from bridge_patch.adapters.journal_entries import Entries, guarded, refused
from bridge_patch.adapters.journal_lease import Claim, Lease, look, since_boot, take
from bridge_patch.adapters.journal_migrations import SIGNED_SINCE, VERSION_NAME, migrate
from bridge_patch.adapters.journal_named import NamedIndex
from bridge_patch.adapters.journal_schema import (
    ENTRIES,
    META,
    Database,
    TakenError,
)
from bridge_patch.adapters.journal_segments import Segment
from bridge_patch.adapters.vouching import Vouch, newest, refusal_of
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Clock, Stored

#: How many entries before the head are checked at every start; `verify` checks them all.
_TAIL: Final = 64


@final
class JournalReader:
    """Reads a journal that this or another process writes."""

    def __init__(self, database: Database, *, read_only: bool = True) -> None:
        self._database = database
        with guarded(database), ExitStack() as opened:
            engine = database.engine(read_only=read_only)
            opened.callback(engine.dispose)
            connection = opened.enter_context(engine.connect())
            # Each statement sees its own moment: a long read must not hold up the writer.
            self.connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            _facts(self.connection, database)
            self.entries = Entries(self.connection, database, alone=not read_only)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the database."""
        self._opened.close()

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        """Return everything written about one intent, oldest first."""
        return tuple(stored.event for stored in self.about(intent_id))

    def about(self, intent_id: IntentId) -> tuple[Stored, ...]:
        """As history, each entry with its number and the time it was recorded."""
        return tuple(map(self._stored, self.entries.about(intent_id)))

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        """Yield every entry behind `after_seq`, oldest first."""
        yield from map(self._stored, self.entries.rows(after_seq))

    def _stored(self, row: Row) -> Stored:
        try:
            event = codec.decode_event(row.kind, row.body)
        except InvalidValueError as error:
            raise refused(self._database, Fault(row.seq, f"unreadable: {error}")) from error
        return Stored(
            seq=row.seq,
            run_id=row.run_id,
            recorded_ms=row.recorded_ms,
            event=event,
            link=row.link,
        )


@final
class SqlJournal:
    """The Journal port, for the one process that writes."""

    def __init__(
        self,
        database: Database,
        *,
        run_id: str,
        clock: Clock,
        new_id: Callable[[], str],
        claim: Claim | None = None,
        key_file: Path | None = None,
    ) -> None:
        """Open a journal and check its end, or begin one under the id that `new_id` gives.

        `clock` is the system's: it stamps when an entry was recorded, not when it happened.
        With a `claim` it is opened by the holder of its lease alone, else HeldError says
        who that is; without one the numbers of the entries are all that keeps two apart.
        `key_file` is the key that signs checkpoints; without one none are written.
        """
        self._database, self._run_id, self._clock = database, run_id, clock
        self.lease: Lease | None = None
        with guarded(database), ExitStack() as opened:
            engine = database.engine()
            opened.callback(engine.dispose)
            self._writer = opened.enter_context(engine.connect())
            checked = _checked_files(self._writer, database, claim)
            taken, token = since_boot(), 0
            with self._writer.begin():
                if claim is not None:
                    look(self._writer, str(database), claim)
                self._head, found = _resume(self._writer, database, new_id, checked)
                if claim is not None:
                    token = take(self._writer, str(database), claim, clock.now_ms())
                self._vouch = Vouch.begin(
                    self._writer,
                    database,
                    key_file,
                    self._head,
                    at_ms=clock.now_ms(),
                    older=found < SIGNED_SINCE,
                )
                self._file = HeadFile(database.head_path, self._head)
                opened.callback(self._file.close)
            if claim is not None:
                self.lease = Lease(database, clock, claim, token, taken=taken)
                opened.callback(self.lease.release)
            if self._vouch:
                self._vouch.tell_auditors(database)
            self._reader = JournalReader(database, read_only=False)
            opened.callback(self._reader.close)
            self._named = NamedIndex(self._reader.connection, self._reader.entries)
            opened.callback(self._seal)
            self._opened = opened.pop_all()

    @property
    def head(self) -> Head:
        """Where the journal ends."""
        return self._head

    def close(self) -> None:
        """Let go of the lease, the database and the head file."""
        self._opened.close()

    async def append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        rows, head = self._rows(events)
        with guarded(self._database):
            try:
                with self._writer.begin():
                    if self.lease is not None:
                        self.lease.check(self._writer)
                    self._database.add(self._writer, rows)
                    self._named.add(self._writer, rows, events)
                    if self._vouch:
                        self._vouch.follow(self._writer, head.journal_id, rows)
            except TakenError as error:
                why = f"entry {rows[0].seq} was written by another process: stop one"
                raise self._database.broken(why) from error
        self._head = head
        self._file.move(head)

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        with guarded(self._database):
            return (*self._named.bulks(intent_id), *await self._reader.history(intent_id))

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        return self._reader.read(after_seq)

    def _seal(self) -> None:
        """Sign at a stop; where that fails, the next start does it."""
        if self._vouch:
            with suppress(SQLAlchemyError, BridgeError), self._writer.begin():
                if self.lease is not None:
                    self.lease.check(self._writer)
                self._vouch.seal(self._writer, self._head, self._clock.now_ms())

    def _rows(self, events: Sequence[Event]) -> tuple[tuple[Row, ...], Head]:
        try:
            return extend(
                self._head, events, run_id=self._run_id, recorded_ms=self._clock.now_ms()
            )
        except InvalidValueError as error:
            raise self._database.broken(error) from error


def _checked_files(
    connection: Connection, database: Database, claim: Claim | None
) -> frozenset[Segment]:
    """Check the files of a journal that may be had; no other writer waits for that."""
    with connection.begin():
        if claim is not None:
            look(connection, str(database), claim)
        entries = Entries(connection, database)
    kept = read_head(database.head_path)
    return entries.require_files(kept.journal_id if kept else "")


def _resume(
    connection: Connection,
    database: Database,
    new_id: Callable[[], str],
    checked: frozenset[Segment],
) -> tuple[Head, int]:
    """Return the head to go on from, and the schema found; refuse a wrong end."""
    kept = read_head(database.head_path)
    if not inspect(connection).has_table(META.name):
        if kept and kept.seq:
            raise refused(database, Fault(1, f"missing, with all up to {kept.seq}"))
        return _begin(connection, kept.journal_id if kept else new_id()), SCHEMA_VERSION
    version, journal_id = _facts(connection, database)
    if kept is None:
        what = f"without {database.head_path}, or with a damaged one, nobody can exclude"
        raise refused(database, Fault(0, f"{what} that its end was cut off"))
    if kept.journal_id != journal_id:
        raise refused(database, Fault(0, f"{database.head_path} is of another journal"))
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


def _facts(connection: Connection, database: Database) -> tuple[int, str]:
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
