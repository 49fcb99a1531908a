"""The journal in a relational database: append-only, hash-chained, one writer.

An append is one transaction, and within it the lease is looked at: who has lost it writes
nothing. Without a lease two writers still cannot interleave: the number of an entry is its
primary key, so the one who comes second finds it taken and stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import final

from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import (
    Fault,
    Head,
    Row,
    extend,
)
from bridge_patch.adapters.head import HeadFile
from bridge_patch.adapters.journal_entries import Entries, guarded, refused
from bridge_patch.adapters.journal_lease import Claim, Lease, look, since_boot, take
from bridge_patch.adapters.journal_migrations import SIGNED_SINCE
from bridge_patch.adapters.journal_named import NamedIndex
from bridge_patch.adapters.journal_opening import checked_files, facts, resume
from bridge_patch.adapters.journal_schema import (
    Database,
    TakenError,
)
from bridge_patch.adapters.vouching import Vouch
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Clock, Stored


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
            _, self.journal_id = facts(self.connection, database)
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
        return tuple(map(self.stored, self.entries.about(intent_id)))

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        """Yield every entry behind `after_seq`, oldest first."""
        yield from map(self.stored, self.entries.rows(after_seq))

    def stored(self, row: Row) -> Stored:
        """Return an entry with its event, or raise where nobody can read that."""
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
        known: Stored | None = None,
    ) -> None:
        """Open a journal and check its end, or begin one under the id that `new_id` gives.

        `clock` is the system's: it stamps when an entry was recorded, not when it happened.
        With a `claim` it is opened by the holder of its lease alone, else HeldError says
        who that is; without one the numbers of the entries are all that keeps two apart.
        `key_file` is the key that signs checkpoints; without one none are written.
        `known` is an entry up to which this process has checked the chain already.
        """
        self._database, self._run_id, self._clock = database, run_id, clock
        self.lease: Lease | None = None
        with guarded(database), ExitStack() as opened:
            engine = database.engine()
            opened.callback(engine.dispose)
            self._writer = opened.enter_context(engine.connect())
            checked = checked_files(self._writer, database, claim)
            taken, token, before = since_boot(), 0, None
            with self._writer.begin():
                if claim is not None:
                    before = look(self._writer, str(database), claim)
                self._head, found = resume(
                    self._writer, database, new_id, checked, known=known
                )
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
                self.lease = Lease(
                    database, clock, claim, token, taken=taken, before=before
                )
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

    def holds(self, stored: Stored) -> bool:
        """Tell whether that very entry, and so all before it, is in this journal."""
        return self._reader.entries.link_at(stored.seq) == stored.link

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
