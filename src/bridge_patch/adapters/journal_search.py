"""Finds entries of a journal by kind, by the beginning of an id, or at its end.

For questions that people ask. It reads what is stored and believes it: `verify` is for
finding out whether it may be believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

from sqlalchemy import ColumnElement, Select, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_entries import Entries, row_from
from bridge_patch.adapters.journal_lease import Standing, standing
from bridge_patch.adapters.journal_schema import ENTRIES, META, Database
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Stored

_CHUNK: Final = 512
_COUNT: Final = select(func.count(), func.coalesce(func.max(ENTRIES.c.seq), 0)).select_from(
    ENTRIES
)
_JOURNAL_ID: Final = select(META.c.value).where(META.c.name == "journal_id")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuickCheck:
    """Whether a journal ends as its head file says; `fault` is "" where it does.

    `entries` were counted, `head_seq` is what the head file knows. The chain between is not
    walked.
    """

    entries: int
    head_seq: int
    fault: str


@final
class JournalSearch:
    """Reads a journal that this or another process writes; a writer is not disturbed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with self._guarded(), ExitStack() as opened:
            engine = database.engine(read_only=True)
            opened.callback(engine.dispose)
            connection = opened.enter_context(engine.connect())
            self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            seen = inspect(connection)
            self.is_there = all(seen.has_table(t.name) for t in (ENTRIES, META))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the database."""
        self._opened.close()

    @cached_property
    def _entries(self) -> Entries | None:
        """Where entries are; not looked up for who only asks who holds the journal."""
        return Entries(self._connection, self._database) if self.is_there else None

    def about(self, intent_id: IntentId) -> tuple[Stored, ...]:
        """Return everything filed under an intent, oldest first."""
        if self._entries is None:
            return ()
        return tuple(map(_stored, self._entries.about(intent_id)))

    def events(self, kinds: Collection[str], *, after_seq: int = 0) -> Iterator[Stored]:
        """Yield the entries of these kinds behind `after_seq`, oldest first."""
        entries = self._entries
        if entries is None:
            return
        wanted = (
            select(ENTRIES).where(ENTRIES.c.kind.in_(sorted(kinds))).order_by(ENTRIES.c.seq)
        )
        while True:
            for segment in entries.segments:
                if segment.last_seq > after_seq:
                    yield from map(
                        _stored, entries.shelf.of_kinds(segment, kinds, after_seq)
                    )
                    after_seq = segment.last_seq
            found = self._found(wanted.where(ENTRIES.c.seq > after_seq).limit(_CHUNK))
            if entries.refresh():
                continue  # what was moved meanwhile is in a file now
            if not found:
                return
            yield from found
            after_seq = found[-1].seq

    def tail(self, most: int) -> tuple[Stored, ...]:
        """Return the last entries, oldest first."""
        if self._entries is None:
            return ()
        first = max(1, self._entries.end() - most + 1)
        return tuple(map(_stored, self._entries.rows(first - 1)))[-most:]

    def ids_beginning(self, prefix: str, most: int) -> tuple[IntentId, ...]:
        """Return ids that begin with these characters, in the order of the ids."""
        wanted = ENTRIES.c.intent_id.startswith(prefix, autoescape=True)
        found = self._ids(_distinct(wanted), most)
        moved = (each for each in self._moved_ids() if each.startswith(prefix))
        both = {*(each for each in found if each.startswith(prefix)), *moved}
        return tuple(sorted(both)[:most])

    def ids_containing(self, text: str, most: int) -> tuple[IntentId, ...]:
        """Return ids in which the text stands, large or small letters, in their order."""
        wanted = ENTRIES.c.intent_id.icontains(text, autoescape=True)
        found = self._ids(_distinct(wanted), most)
        moved = (each for each in self._moved_ids() if text.lower() in each.lower())
        return tuple(sorted({*found, *moved})[:most])

    def newest_ids(self, most: int) -> tuple[IntentId, ...]:
        """Return the ids that were met last, the newest first."""
        newest = func.max(ENTRIES.c.seq).desc()
        wanted = (
            select(ENTRIES.c.intent_id)
            .where(ENTRIES.c.intent_id != "")
            .group_by(ENTRIES.c.intent_id)
            .order_by(newest)
        )
        found = dict.fromkeys(self._ids(wanted, most))
        if self._entries is not None and len(found) < most:
            found |= dict.fromkeys(self._entries.moved_ids(newest_first=True))
        return tuple(found)[:most]

    def quick_check(self) -> QuickCheck:
        """Compare the end of the journal with its head file."""
        if not self.is_there:
            return QuickCheck(entries=0, head_seq=0, fault="there is no journal in it")
        kept = read_head(self._database.head_path)  # first: a writer only adds entries
        entries = Entries(self._connection, self._database)
        while True:
            with self._guarded():
                count, last = self._connection.execute(_COUNT).one()
                journal_id = self._connection.scalar(_JOURNAL_ID)
            link = entries.link_at(kept.seq) if kept and kept.seq else None
            if not entries.refresh():  # else entries were moved meanwhile
                break
        count, last = count + entries.archived, max(last, entries.archived)
        gone = [
            path for path in map(entries.shelf.path, entries.segments) if not path.is_file()
        ]
        if kept is None:
            fault = "its head file is missing or damaged"
        elif kept.journal_id != journal_id:
            fault = "its head file is of another journal"
        elif last < kept.seq:
            fault = f"its end was cut off: {last} entries of {kept.seq}"
        elif count != last or (kept.seq and link != kept.link):
            fault = "entries are missing, or are not the ones that were written"
        else:
            fault = f"{gone[0]} is missing" if gone else ""
        return QuickCheck(entries=int(count), head_seq=kept.seq if kept else 0, fault=fault)

    def holder(self) -> Standing | None:
        """Return who may write; None where nobody ever took a lease."""
        with self._guarded():
            return standing(self._connection)

    def _found(self, wanted: Select[tuple[object, ...]]) -> tuple[Stored, ...]:
        if not self.is_there:
            return ()
        with self._guarded():
            rows = self._connection.execute(wanted).all()
        return tuple(_stored(row_from(tuple(row), self._database)) for row in rows)

    def _moved_ids(self) -> Iterator[IntentId]:
        return iter(()) if self._entries is None else self._entries.moved_ids()

    def _ids(self, wanted: Select[tuple[object, ...]], most: int) -> tuple[IntentId, ...]:
        if not self.is_there:
            return ()
        with self._guarded():
            found = self._connection.scalars(wanted.limit(most)).all()
        return tuple(IntentId(str(each)) for each in found if each)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn the database's errors into one that says which file and what to do."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self._database.broken(error) from error


def _distinct(wanted: ColumnElement[bool]) -> Select[tuple[str]]:
    ids = select(ENTRIES.c.intent_id).where(wanted)
    return ids.distinct().order_by(ENTRIES.c.intent_id)


def _stored(row: Row) -> Stored:
    return Stored(
        seq=row.seq,
        run_id=row.run_id,
        recorded_ms=row.recorded_ms,
        event=codec.decode_event(row.kind, row.body),
        link=row.link,
    )
