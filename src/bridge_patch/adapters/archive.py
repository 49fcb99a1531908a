"""Moves the oldest entries of a journal, whole segments of them, into files.

Nothing is forgotten: a file is on the disk and was read back before its entries leave the
table, and they leave it in the commit that names the file. Every segment ends with a
checkpoint, so that whoever has one file and the public key can check it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Final, final

from sqlalchemy import Connection, bindparam, delete, insert, inspect, select

from bridge_patch.adapters.chain import Fault, Head, Row, genesis
from bridge_patch.adapters.checkpoints import Checkpoint
from bridge_patch.adapters.entry_files import (
    UNREADABLE,
    part_of,
    read_rows,
    write_entries,
)
from bridge_patch.adapters.journal_entries import Entries, guarded, refused
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_named import file_bulks
from bridge_patch.adapters.journal_schema import (
    ARCHIVED,
    CHECKPOINTS,
    ENTRIES,
    SEGMENTS,
    Database,
)
from bridge_patch.adapters.journal_segments import Segment, digest_of
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.name_runs import run_of
from bridge_patch.adapters.segment_notes import Notes
from bridge_patch.adapters.vouching import checkpoints_of
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from bridge_patch.services.ports import Clock

#: Entries of a full segment; one ends with the last checkpoint that fits.
SEGMENT: Final = 100_000
#: The newest entries stay in the table, whatever their age: a start checks them.
NEWEST: Final = 1_000
_DELETED_AT_ONCE: Final = 10_000
_SIGNED: Final = (
    select(ENTRIES.c.seq, ENTRIES.c.recorded_ms)
    .join(CHECKPOINTS, CHECKPOINTS.c.seq == ENTRIES.c.seq)
    .order_by(ENTRIES.c.seq)
)
_DELETE: Final = delete(ENTRIES).where(ENTRIES.c.seq <= bindparam("up_to"))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Archiving:
    """What is to be moved, or was: a segment after another, each by its last entry.

    `first_seq` is the first entry of them, `left` are how many stay in the table.
    """

    first_seq: int
    ends: tuple[int, ...]
    left: int

    @property
    def count(self) -> int:
        """How many entries that are."""
        return self.ends[-1] - self.first_seq + 1 if self.ends else 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Move what was recorded before a moment, so many to a file, and leave the newest."""

    before_ms: int
    segment: int = SEGMENT
    newest: int = NEWEST


def plan_archive(database: Database, wish: Wish) -> Archiving:
    """Return what would be moved; nothing is changed."""
    with guarded(database), ExitStack() as opened:
        engine = database.engine(read_only=True)
        opened.callback(engine.dispose)
        connection = opened.enter_context(engine.connect())
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        if not inspect(connection).has_table(CHECKPOINTS.name):
            why = "there is no journal in it, or one of an older version: start it once"
            raise database.broken(why)
        return _plan(connection, Entries(connection, database), wish)


def archive_journal(
    database: Database,
    wish: Wish,
    *,
    clock: Clock,
    claim: Claim,
    key_file: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Archiving:
    """Move what is old, as the one who holds the journal; return what was moved.

    Raises HeldError while another process holds it.
    """
    with ExitStack() as opened:
        database.require()
        journal = opened.enter_context(
            closing(
                SqlJournal(
                    database,
                    run_id="archive",
                    clock=clock,
                    new_id=_no_new_journal,
                    claim=claim,
                    key_file=key_file,
                )
            )
        )
        engine = database.engine()
        opened.callback(engine.dispose)
        writer = opened.enter_context(engine.connect())
        reader = opened.enter_context(closing(JournalReader(database)))
        mover = _Mover(database, journal, writer, reader)
        plan = mover.plan(wish)
        mover.clean()
        first = plan.first_seq
        for end in plan.ends:
            mover.move(first, end)
            first = end + 1
            if progress:
                progress(end - plan.first_seq + 1, plan.count)
        return plan


@final
class _Mover:
    """Moves one segment after another, under the lease of `journal`."""

    def __init__(
        self,
        database: Database,
        journal: SqlJournal,
        writer: Connection,
        reader: JournalReader,
    ) -> None:
        self._database, self._journal, self._writer = database, journal, writer
        self._connection, self._entries = reader.connection, reader.entries
        self._shelf = self._entries.shelf

    def plan(self, wish: Wish) -> Archiving:
        """Return what is to be moved."""
        with guarded(self._database):
            return _plan(self._connection, self._entries, wish)

    def clean(self) -> None:
        """Remove files of an archive that was interrupted, whose entries are all here."""
        known = {segment.file for segment in self._entries.segments}
        for path in self._shelf.folder.glob("entries-*.parquet*"):
            name = path.name.removesuffix(".part")
            _, _, last, link, *_ = [*name.removesuffix(".parquet").split("-"), "", "", ""]
            if name in known and path.name == name:
                continue
            if last.isdecimal() and link:
                held = self._entries.link_at(int(last)) or ""
                if held.startswith(link):
                    path.unlink(missing_ok=True)

    def move(self, first: int, last: int) -> None:
        """Write a file, read it back, then name it and drop its entries in one commit."""
        before = self._link_before(first)
        link = self._entries.link_at(last) or ""
        file = f"entries-{first:012d}-{last:012d}-{link[:16]}.parquet"
        path = self._shelf.folder / file
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = self._rows(first, last)
            notes = Notes(before=before, checkpoints=self._signed(first, last))
            end = write_entries(path, before, rows, notes.as_texts())
            if isinstance(end, Fault):
                part_of(path).unlink(missing_ok=True)
                raise refused(self._database, end)
            names = list(_read_back(path, self._rows(first, last)))
            segment = Segment(
                first_seq=first,
                last_seq=last,
                before=before.link,
                link=link,
                file=file,
                digest=digest_of(path),
                named=len(names),
            )
        with guarded(self._database):
            self._commit(segment, names)
        self._entries.refresh()

    def _commit(self, segment: Segment, names: list[tuple[str, int]]) -> None:
        last = segment.last_seq
        with self._writer.begin():
            if self._journal.lease is not None:
                self._journal.lease.check(self._writer)
            file_bulks(self._writer, last)
            self._writer.execute(insert(SEGMENTS), asdict(segment))
            if runs := run_of(names, last):
                self._writer.execute(insert(ARCHIVED), runs)
            _delete(self._writer, segment.first_seq, last)

    def _rows(self, first: int, last: int) -> Iterator[Row]:
        return islice(self._entries.rows(first - 1), last - first + 1)

    def _link_before(self, first: int) -> Head:
        journal_id = self._journal.head.journal_id
        if first == 1:
            return genesis(journal_id)
        return Head(journal_id, first - 1, self._entries.link_at(first - 1) or "")

    def _signed(self, first: int, last: int) -> tuple[Checkpoint, ...]:
        with guarded(self._database):
            signed = checkpoints_of(self._connection)
            return tuple(one for one in signed if first <= one.seq <= last)


def _plan(connection: Connection, entries: Entries, wish: Wish) -> Archiving:
    """End each segment with a checkpoint; the last checkpoint stays in the table."""
    first = entries.archived + 1
    end = entries.end()
    signed = [(int(seq), int(at)) for seq, at in connection.execute(_SIGNED)][:-1]
    old = takewhile(lambda one: one[1] < wish.before_ms, signed)
    fit = [seq for seq, _ in old if seq <= end - wish.newest]
    ends: list[int] = []
    while fit:
        begins = ends[-1] + 1 if ends else first
        place = max(1, bisect_right(fit, begins + wish.segment - 1))
        ends.append(fit[place - 1])
        fit = fit[place:]
    moved = ends[-1] if ends else first - 1
    return Archiving(first_seq=first, ends=tuple(ends), left=end - moved)


def _delete(connection: Connection, first: int, last: int) -> None:
    """Delete entries in parts, none of which takes a server long."""
    for up_to in range(first, last, _DELETED_AT_ONCE):
        connection.execute(_DELETE, {"up_to": up_to})
    if connection.execute(_DELETE, {"up_to": last}).rowcount == 0:
        msg = f"entries up to {last} are not in the table: another process moved them"
        raise BrokenPromiseError(msg)


def _read_back(path: Path, rows: Iterable[Row]) -> Iterator[tuple[str, int]]:
    """Yield whom each entry is about, if the file holds what the table does."""
    for row, found in zip(rows, read_rows(path), strict=True):
        if found != row:
            msg = (
                f"{path}: entry {row.seq} was not read back as it was written: look at the"
                " disk; its entries stay in the database"
            )
            raise BrokenPromiseError(msg)
        if row.intent_id:
            yield row.intent_id, row.seq


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (*UNREADABLE, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        msg = (
            f"{path}: {why}: make room there, and let this user write; its entries stay in"
            " the database"
        )
        raise BrokenPromiseError(msg) from error


def _no_new_journal() -> str:
    msg = "there is no journal to archive: name the folder of a run"
    raise InvalidValueError(msg)
