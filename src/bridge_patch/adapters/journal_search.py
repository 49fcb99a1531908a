"""Finds entries of a journal by kind, by the beginning of an id, or at its end.

For questions that people ask. It reads what is stored and believes it: `verify` is for
finding out whether it may be believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, final

from sqlalchemy import Select, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters import codec
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_lease import Standing, standing
from bridge_patch.adapters.journal_schema import ENTRIES, META, Database
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Stored

_CHUNK: Final = 512


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

    def about(self, intent_id: IntentId) -> tuple[Stored, ...]:
        """Return everything filed under an intent, oldest first."""
        if not intent_id:
            return ()
        return self._found(
            select(ENTRIES).where(ENTRIES.c.intent_id == intent_id).order_by(ENTRIES.c.seq)
        )

    def events(self, kinds: Collection[str], *, after_seq: int = 0) -> Iterator[Stored]:
        """Yield the entries of these kinds behind `after_seq`, oldest first."""
        wanted = (
            select(ENTRIES).where(ENTRIES.c.kind.in_(sorted(kinds))).order_by(ENTRIES.c.seq)
        )
        while found := self._found(wanted.where(ENTRIES.c.seq > after_seq).limit(_CHUNK)):
            yield from found
            after_seq = found[-1].seq

    def tail(self, most: int) -> tuple[Stored, ...]:
        """Return the last entries, oldest first."""
        return self._found(select(ENTRIES).order_by(ENTRIES.c.seq.desc()).limit(most))[::-1]

    def ids_beginning(self, prefix: str, most: int) -> tuple[IntentId, ...]:
        """Return ids that begin with these characters, in the order of the ids."""
        wanted = ENTRIES.c.intent_id.startswith(prefix, autoescape=True)
        found = self._ids(
            select(ENTRIES.c.intent_id)
            .where(wanted)
            .distinct()
            .order_by(ENTRIES.c.intent_id),
            most,
        )
        return tuple(each for each in found if each.startswith(prefix))

    def ids_containing(self, text: str, most: int) -> tuple[IntentId, ...]:
        """Return ids in which the text stands, large or small letters, in their order."""
        wanted = ENTRIES.c.intent_id.icontains(text, autoescape=True)
        return self._ids(
            select(ENTRIES.c.intent_id)
            .where(wanted)
            .distinct()
            .order_by(ENTRIES.c.intent_id),
            most,
        )

    def newest_ids(self, most: int) -> tuple[IntentId, ...]:
        """Return the ids that were met last, the newest first."""
        newest = func.max(ENTRIES.c.seq).desc()
        wanted = (
            select(ENTRIES.c.intent_id)
            .where(ENTRIES.c.intent_id != "")
            .group_by(ENTRIES.c.intent_id)
            .order_by(newest)
        )
        return self._ids(wanted, most)

    def quick_check(self) -> QuickCheck:
        """Compare the end of the journal with its head file."""
        if not self.is_there:
            return QuickCheck(entries=0, head_seq=0, fault="there is no journal in it")
        kept = read_head(self._database.head_path)  # first: a writer only adds entries
        with self._guarded():
            count, last = self._connection.execute(
                select(func.count(), func.coalesce(func.max(ENTRIES.c.seq), 0)).select_from(
                    ENTRIES
                )
            ).one()
            journal_id = self._connection.scalar(
                select(META.c.value).where(META.c.name == "journal_id")
            )
            link = self._connection.scalar(
                select(ENTRIES.c.link).where(ENTRIES.c.seq == (kept.seq if kept else 0))
            )
        if kept is None:
            fault = "its head file is missing or damaged"
        elif kept.journal_id != journal_id:
            fault = "its head file is of another journal"
        elif last < kept.seq:
            fault = f"its end was cut off: {last} entries of {kept.seq}"
        elif count != last or (kept.seq and link != kept.link):
            fault = "entries are missing, or are not the ones that were written"
        else:
            fault = ""
        return QuickCheck(entries=int(count), head_seq=kept.seq if kept else 0, fault=fault)

    def holder(self) -> Standing | None:
        """Return who may write; None where nobody ever took a lease."""
        with self._guarded():
            return standing(self._connection)

    def _found(self, wanted: Select[tuple[object, ...]]) -> tuple[Stored, ...]:
        if not self.is_there:
            return ()
        with self._guarded():
            rows = self._connection.execute(wanted).mappings().all()
        return tuple(
            Stored(
                seq=int(row["seq"]),
                run_id=str(row["run_id"]),
                recorded_ms=int(row["recorded_ms"]),
                event=codec.decode_event(str(row["kind"]), str(row["body"]).encode()),
                link=str(row["link"]),
            )
            for row in rows
        )

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
