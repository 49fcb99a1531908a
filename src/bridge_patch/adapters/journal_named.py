"""Finds the bulk expiry that names an intent, without a row about each in the journal.

The newest names are in memory, a bounded number of them; the rest are in a table, in sorted
runs that are written with the entry that fills them. Nothing here is a record: it can be
made again from the entries, and what it finds is checked against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, final

from sqlalchemy import Connection, bindparam, func, insert, select

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.journal_entries import Entries
from bridge_patch.adapters.journal_schema import ENTRIES, NAMED
from bridge_patch.adapters.name_runs import numbers_in, part_of, run_of
from bridge_patch.domain.events import BulkExpired, Event
from bridge_patch.domain.intent import IntentId

#: Names kept in memory before they become a run; a million makes some thirty runs.
NAMES_MAX: Final = 32 * 1024
_CHUNK: Final = 64
_KIND: Final = BulkExpired.__name__
_INSERT: Final = insert(NAMED)
_BULKS: Final = (
    select(ENTRIES.c.seq, ENTRIES.c.body)
    .where(ENTRIES.c.seq > bindparam("after"), ENTRIES.c.kind == _KIND)
    .order_by(ENTRIES.c.seq)
    .limit(_CHUNK)
)
_FIND: Final = (
    select(NAMED.c.run, NAMED.c.names)
    .where(
        NAMED.c.part == bindparam("sought"),
        NAMED.c.run.in_(bindparam("runs", expanding=True)),
    )
    .order_by(NAMED.c.run)
)


@final
class NamedIndex:
    """The names of one journal, for its one writer; `connection` is for looking."""

    def __init__(self, connection: Connection, entries: Entries) -> None:
        self._connection, self._entries = connection, entries
        self._runs = [
            int(run) for run in connection.scalars(select(NAMED.c.run).distinct())
        ]
        self._newest: dict[str, int] = {}
        for bulk in bulks_in_no_run(connection):
            self._take(*bulk)

    def add(
        self, connection: Connection, rows: Sequence[Row], events: Sequence[Event]
    ) -> None:
        """Take in what is being appended, within the transaction that appends it."""
        last = 0
        for row, event in zip(rows, events, strict=True):
            if isinstance(event, BulkExpired):
                self._take(row.seq, event.intent_ids)
                last = row.seq
        if last and len(self._newest) >= NAMES_MAX:
            connection.execute(_INSERT, run_of(self._newest.items(), last))
            self._runs.append(last)
            self._newest = {}

    def bulks(self, intent_id: IntentId) -> tuple[BulkExpired, ...]:
        """Return the bulk expiries that name an intent, oldest first."""
        found = (self._event(seq) for seq in self._seqs(intent_id))
        return tuple(bulk for bulk in found if intent_id in bulk.intent_ids)

    def _event(self, seq: int) -> BulkExpired:
        """Return an entry that is one; the index knows of no others."""
        (row,) = self._entries.at((seq,))
        event = codec.decode_event(_KIND, row.body)
        assert isinstance(event, BulkExpired)  # noqa: S101 - the decoder's promise
        return event

    def _seqs(self, intent_id: IntentId) -> tuple[int, ...]:
        """Return the entries that may name an intent; those that do are among them."""
        if (seq := self._newest.get(intent_id)) is not None:
            return (seq,)
        if not self._runs:
            return ()
        sought = {"runs": self._runs, "sought": part_of(intent_id)}
        found = self._connection.execute(_FIND, sought)
        return numbers_in(((row.run, row.names) for row in found), intent_id)

    def _take(self, seq: int, names: Iterable[str]) -> None:
        for name in names:
            self._newest.setdefault(name, seq)


def bulks_in_no_run(
    connection: Connection, up_to: int | None = None
) -> Iterator[tuple[int, tuple[IntentId, ...]]]:
    """Yield the bulk expiries behind the last run, with the intents that they name."""
    after = connection.scalar(select(func.max(NAMED.c.run))) or 0
    while found := connection.execute(_BULKS, {"after": after}).all():
        for seq, body in found:
            if up_to is not None and seq > up_to:
                return
            event = codec.decode_event(_KIND, str(body).encode())
            if isinstance(event, BulkExpired):
                yield int(seq), event.intent_ids
        after = found[-1][0]


def file_bulks(connection: Connection, up_to: int) -> None:
    """Write a run of the bulk expiries up to an entry that are in none yet."""
    names, last = dict[str, int](), 0
    for last, named in bulks_in_no_run(connection, up_to):
        for name in named:
            names.setdefault(name, last)
    if last:
        connection.execute(_INSERT, run_of(names.items(), last))
