"""Finds the bulk expiry that names an intent, without a row about each in the journal.

The newest names are in memory, a bounded number of them; the rest are in a table, in sorted
runs that are written with the entry that fills them. Nothing here is a record: it can be
made again from the entries, and what it finds is checked against them.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, final
from zlib import crc32

from sqlalchemy import Connection, bindparam, func, insert, select

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.journal_schema import ENTRIES, NAMED
from bridge_patch.domain.events import BulkExpired, Event
from bridge_patch.domain.intent import IntentId

#: Names kept in memory before they become a run; a million makes some thirty runs.
NAMES_MAX: Final = 32 * 1024
_PARTS: Final = 256
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
    """The names of one journal, for its one writer; `connection` is for looking.

    A name is sought by a sum of its text. Two names may have the same: so what is found
    are entries that may hold it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs = [
            int(run) for run in connection.scalars(select(NAMED.c.run).distinct())
        ]
        self._newest: dict[str, int] = {}
        after = connection.scalar(select(func.max(NAMED.c.run))) or 0
        while found := connection.execute(_BULKS, {"after": after}).all():
            for seq, body in found:
                event = codec.decode_event(_KIND, str(body).encode())
                if isinstance(event, BulkExpired):
                    self._take(int(seq), event.intent_ids)
            after = found[-1][0]

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
            connection.execute(_INSERT, _run_of(self._newest, last))
            self._runs.append(last)
            self._newest = {}

    def bulks(self, intent_id: IntentId) -> tuple[BulkExpired, ...]:
        """Return the bulk expiries that name an intent, oldest first."""
        found = (self._event(seq) for seq in self._seqs(intent_id))
        return tuple(bulk for bulk in found if intent_id in bulk.intent_ids)

    def _event(self, seq: int) -> BulkExpired:
        """Return an entry that is one; the index knows of no others."""
        body = self._connection.scalar(select(ENTRIES.c.body).where(ENTRIES.c.seq == seq))
        event = codec.decode_event(_KIND, str(body).encode())
        assert isinstance(event, BulkExpired)  # noqa: S101 - the decoder's promise
        return event

    def _seqs(self, intent_id: IntentId) -> tuple[int, ...]:
        """Return the entries that may name an intent; those that do are among them."""
        if (seq := self._newest.get(intent_id)) is not None:
            return (seq,)
        if not self._runs:
            return ()
        key = crc32(_raw(intent_id))
        sought = {"runs": self._runs, "sought": key * _PARTS >> 32}
        found: list[int] = []
        for run, names in self._connection.execute(_FIND, sought):
            held = _native(array("Q", bytes(names)))
            place = bisect_left(held, key << 32)
            while place < len(held) and held[place] >> 32 == key:
                found.append(int(run) - (held[place] & 0xFFFF_FFFF))
                place += 1
        return tuple(sorted(set(found)))

    def _take(self, seq: int, names: Iterable[str]) -> None:
        for name in names:
            self._newest.setdefault(name, seq)


def _run_of(names: dict[str, int], run: int) -> list[dict[str, object]]:
    """Return a run: each name's sum, and how far before the run's end its entry is."""
    pairs = sorted([crc32(_raw(name)) << 32 | run - seq for name, seq in names.items()])
    ends = [bisect_left(pairs, part << 56) for part in range(_PARTS + 1)]
    return [
        {"run": run, "part": part, "names": _native(array("Q", pairs[start:end])).tobytes()}
        for part, (start, end) in enumerate(pairwise(ends))
        if start < end
    ]


def _native(held: array[int]) -> array[int]:
    """Turn numbers from this machine's order of bytes to the table's, or back."""
    if sys.byteorder == "big":
        held.byteswap()
    return held


def _raw(name: str) -> bytes:
    return name.encode(errors="surrogatepass")
