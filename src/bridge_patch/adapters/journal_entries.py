"""The entries of a journal, wherever they are: in segments first, then in the table.

An archive that is made meanwhile moves entries from the one to the other in one commit. So
a reader that finds a gap in the table looks once more which segments there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, final

from sqlalchemy import Connection, bindparam, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters.chain import Fault, Head, Row, Walk, genesis
from bridge_patch.adapters.journal_rows import row_of
from bridge_patch.adapters.journal_schema import (
    ABOUT,
    ARCHIVED,
    BEHIND,
    ENTRIES,
    SEGMENTS,
    Database,
)
from bridge_patch.adapters.journal_segments import (
    FOLDER,
    Segment,
    Shelf,
)
from bridge_patch.adapters.name_runs import NAME_BYTES, numbers_in, part_of
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.intent import IntentId

_CHUNK: Final = 512
_REMEDY: Final = (
    "restore the journal and its head file together from a backup, or move both aside;"
    " `bridge-patch verify` lists every fault"
)
_AT: Final = (
    select(ENTRIES)
    .where(ENTRIES.c.seq.in_(bindparam("numbers", expanding=True)))
    .order_by(ENTRIES.c.seq)
)
_LINK: Final = select(ENTRIES.c.link).where(ENTRIES.c.seq == bindparam("seq"))
_KNOWN: Final = select(SEGMENTS).order_by(SEGMENTS.c.first_seq)
_FIND: Final = (
    select(ARCHIVED.c.run, ARCHIVED.c.names)
    .where(ARCHIVED.c.part == bindparam("part"))
    .order_by(ARCHIVED.c.run)
)
_HELD: Final = select(ARCHIVED.c.run, func.sum(func.length(ARCHIVED.c.names))).group_by(
    ARCHIVED.c.run
)


@final
class Entries:
    """Reads one journal; `connection` is for looking, and sees each moment as it is.

    `alone` is the one writer's: nobody moves entries while it holds the journal, and what
    it does with an older view, once it holds it no more, is not written.
    """

    def __init__(
        self, connection: Connection, database: Database, *, alone: bool = False
    ) -> None:
        self._connection, self._database, self._settled = connection, database, False
        self.shelf = Shelf(database.head_path.with_name(FOLDER))
        self._segments: tuple[Segment, ...] = ()
        self._has_segments = False
        self.refresh()
        self._settled = alone

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The files, in their order."""
        return self._segments

    @property
    def archived(self) -> int:
        """The last entry that is in a file; 0 where none is."""
        return self._segments[-1].last_seq if self._segments else 0

    def refresh(self) -> bool:
        """Look which files there are; return whether that changed."""
        if self._settled:
            return False
        before = self._segments
        with guarded(self._database):
            if not self._has_segments:
                self._has_segments = inspect(self._connection).has_table(SEGMENTS.name)
            if self._has_segments:
                found = self._connection.execute(_KNOWN)
                self._segments = tuple(Segment(**row) for row in found.mappings())
        return self._segments != before

    def end(self) -> int:
        """Return the number of the last entry."""
        with guarded(self._database):
            last = self._connection.scalar(select(func.max(ENTRIES.c.seq))) or 0
        return max(int(last), self.archived)

    def rows(self, after_seq: int = 0) -> Iterator[Row]:
        """Yield every entry behind a number, oldest first."""
        while True:
            for segment in self._segments:
                if segment.last_seq > after_seq:
                    yield from self.shelf.rows(segment, after_seq)
                    after_seq = segment.last_seq
            found = self._chunk(after_seq)
            if (not found or found[0].seq != after_seq + 1) and self.refresh():
                continue
            if not found:
                return
            yield from found
            after_seq = found[-1].seq

    def link_at(self, seq: int) -> str | None:
        """Return the link of an entry, if there is such an entry."""
        for segment in self._segments:
            if segment.last_seq == seq:
                return segment.link
        if seq <= self.archived:
            return next((row.link for row in self.at((seq,))), None)
        with guarded(self._database):
            link = self._connection.scalar(_LINK, {"seq": seq})
        if link is None and self.refresh():
            return self.link_at(seq)
        return None if link is None else str(link)

    def at(self, numbers: Sequence[int]) -> tuple[Row, ...]:
        """Return the entries of these numbers, in the order of the numbers."""
        wanted, found = sorted(numbers), list[Row]()
        for segment in self._segments:
            inside = [n for n in wanted if segment.first_seq <= n <= segment.last_seq]
            if inside:
                found += self.shelf.at(segment, inside)
        if left := [n for n in wanted if n > self.archived]:
            with guarded(self._database):
                rows = self._connection.execute(_AT, {"numbers": left}).all()
            if len(rows) < len(left) and self.refresh():
                return self.at(numbers)
            found += (row_from(tuple(values), self._database) for values in rows)
        return tuple(found)

    def about(self, intent_id: str) -> tuple[Row, ...]:
        """Return everything that is filed under an intent, oldest first."""
        if not intent_id:
            return ()
        with guarded(self._database):
            while True:
                rows = self._connection.execute(ABOUT, {"intent": intent_id}).all()
                if not self.refresh():  # nothing was moved behind our back
                    break
            numbers: tuple[int, ...] = ()
            if self._segments:
                parts = self._connection.execute(_FIND, {"part": part_of(intent_id)})
                numbers = numbers_in(((row.run, row.names) for row in parts), intent_id)
        moved = self.at([n for n in numbers if n <= self.archived])
        in_table = (row_from(tuple(values), self._database) for values in rows)
        return (*(row for row in moved if row.intent_id == intent_id), *in_table)

    def moved_ids(self, *, newest_first: bool = False) -> Iterator[IntentId]:
        """Yield each intent that an entry in a file is about, once for each file."""
        self.refresh()
        for segment in self._segments[:: -1 if newest_first else 1]:
            met = self.shelf.ids(segment)
            yield from map(IntentId, dict.fromkeys(met[:: -1 if newest_first else 1]))

    def require_files(self, journal_id: str) -> frozenset[Segment]:
        """Return the files, every one as it was written, or raise; that takes its time."""
        for segment in self._segments:
            if fault := self.shelf.fault_of(segment, journal_id):
                why = f"entry {fault.seq} of the journal: {fault.what}"
                raise self._database.broken(why)
        return frozenset(self._segments)

    def require_whole(self, journal_id: str, checked: frozenset[Segment]) -> None:
        """Raise where files and table do not join; `checked` are files known to be good."""
        head, held = genesis(journal_id), self._held()
        for segment in self._segments:
            if held.get(segment.last_seq, 0) != segment.named * NAME_BYTES:
                what = "the index of the ids in its segment is damaged"
                raise refused(self._database, Fault(segment.first_seq, what))
            if segment not in checked:
                self.require_files(journal_id)
            if (segment.first_seq, segment.before) != (head.seq + 1, head.link):
                what = "missing, or not where the table journal_segment says that it is"
                raise refused(self._database, Fault(head.seq + 1, what))
            head = Head(journal_id, segment.last_seq, segment.link)
        with guarded(self._database):
            first = self._connection.execute(BEHIND, {"seq": -(2**63), "most": 1}).first()
        if first is not None and self._segments:
            row = row_from(tuple(first), self._database)
            if fault := Walk(head, None).step(row):
                raise refused(self._database, fault)

    def _held(self) -> dict[int, int]:
        """Return how much the index holds of each segment, by its last entry."""
        if not self._segments:
            return {}
        with guarded(self._database):
            found = self._connection.execute(_HELD)
            return {int(run): int(size) for run, size in found}

    def _chunk(self, after_seq: int) -> list[Row]:
        with guarded(self._database):
            found = self._connection.execute(BEHIND, {"seq": after_seq, "most": _CHUNK})
            return [row_from(tuple(values), self._database) for values in found]


def row_from(values: tuple[object, ...], database: Database) -> Row:
    """Return the entry that the table holds, or raise."""
    row = row_of(values)
    if isinstance(row, Fault):
        raise refused(database, row)
    return row


def refused(database: Database, fault: Fault) -> BrokenPromiseError:
    """Say which entry keeps a journal from being gone on with, and what to do."""
    where = f"entry {fault.seq} of the journal: " if fault.seq else "the journal: "
    return database.broken(f"{where}{fault.what}; {_REMEDY}")


@contextmanager
def guarded(database: Database) -> Iterator[None]:
    """Turn the database's errors into one that stops the process."""
    try:
        yield
    except SQLAlchemyError as error:
        raise database.broken(error) from error
