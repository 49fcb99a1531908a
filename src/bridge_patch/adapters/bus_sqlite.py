"""The embedded bus: streams in one SQLite file that several processes share.

Entry ids count over all streams, so their order is the order of publication everywhere.
What a person finds there with the sqlite3 shell is readable: fields are JSON text.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, final

from bridge_patch.adapters.bell import Bell, until
from bridge_patch.adapters.bus import Ack, Depth, Fence, Message, Post, Reader, Readers
from bridge_patch.adapters.bus_fence import SqliteFence
from bridge_patch.adapters.bus_retention import FOLLOWED, Retention, Tell, unheard
from bridge_patch.adapters.sqlite_entries import (
    entry_id_of,
    message_of,
    number_of,
    readers_in,
    stored_text,
)
from bridge_patch.adapters.store_sqlite import SqliteFile, closing_on_error, transaction
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.services.ports import Clock

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE bus_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, fields TEXT NOT NULL);
CREATE INDEX bus_entry_by_stream ON bus_entry (stream, id);
CREATE TABLE bus_group (
    name TEXT, stream TEXT, last_id INTEGER NOT NULL,
    PRIMARY KEY (name, stream)) WITHOUT ROWID;
CREATE TABLE bus_pending (
    name TEXT, stream TEXT, id INTEGER, consumer TEXT NOT NULL, handed_ms INTEGER NOT NULL,
    PRIMARY KEY (name, stream, id)) WITHOUT ROWID
"""
_POST: Final = "INSERT INTO bus_entry (stream, fields) VALUES (?, ?)"
_LAST: Final = "SELECT last_id FROM bus_group WHERE name = ? AND stream = ?"
_NEW: Final = (
    "SELECT id, fields FROM bus_entry WHERE stream = ? AND id > ? ORDER BY id LIMIT ?"
)
#: The newest entry of a stream.
NEWEST: Final = "SELECT id, fields FROM bus_entry WHERE stream = ? ORDER BY id DESC LIMIT 1"
_HELD: Final = "SELECT id FROM bus_pending WHERE name = ? AND stream = ? AND consumer = ?"
_OWN: Final = """
SELECT id, fields FROM bus_pending p JOIN bus_entry e USING (id, stream)
WHERE name = ? AND p.stream = ? AND consumer = ? ORDER BY id LIMIT ?"""
_ABANDONED: Final = """
SELECT id, fields FROM bus_pending p JOIN bus_entry e USING (id, stream)
WHERE name = ? AND p.stream = ? AND consumer <> ? AND handed_ms <= ? ORDER BY id LIMIT ?"""
_HAND: Final = "INSERT OR REPLACE INTO bus_pending VALUES (?, ?, ?, ?, ?)"
_MOVE: Final = "INSERT OR REPLACE INTO bus_group VALUES (?, ?, ?)"
_ACK: Final = "DELETE FROM bus_pending WHERE name = ? AND stream = ? AND id = ?"
_NTH: Final = "SELECT id FROM bus_entry WHERE stream = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
_READ_TO: Final = "SELECT min(last_id) FROM bus_group WHERE stream = ?"
_HELD_FROM: Final = "SELECT min(id) FROM bus_pending WHERE stream = ?"
#: Not all at once: nobody writes meanwhile.
_FORGET: Final = """
DELETE FROM bus_entry WHERE id IN (
    SELECT id FROM bus_entry WHERE stream = ? AND id < ? ORDER BY id LIMIT 16384)"""

#: A row of a stream: number, stream, fields as stored.
_Row = tuple[int, str, str]


@final
class SqliteBus:
    """The Bus port over one file. One object serves all tasks of a process.

    A consumer that held an entry for `abandoned_ms` loses it to one that asks; that is time
    for a dead process, and far more than a living one needs. `clock` is the system's.
    Of intents and of the streams that are followed the newest `keep` stay; 0 keeps all.
    """

    def __init__(
        self,
        file: SqliteFile,
        clock: Clock,
        *,
        abandoned_ms: int = 60_000,
        keep: int = 0,
        tell: Tell = unheard,
    ) -> None:
        self._file, self._clock, self._abandoned_ms = file, clock, abandoned_ms
        self._bell = Bell()
        # What was handed out here and is not acknowledged, as (group, stream, number).
        self._in_hand: set[tuple[str, str, int]] = set()
        self._fence: SqliteFence | None = None
        streams = (*FOLLOWED, TRADE_INTENT)
        self._retention = Retention(keep, self.keep_newest, tell, streams)
        with file.guarded():
            self._durable = file.connect()
            with closing_on_error(self._durable):
                file.adopt(self._durable, part="bus", version=_VERSION, script=_SCHEMA)
                # Marks who was handed what. A power cut may undo that: it is handed again.
                self._quick = file.connect(durable=False)

    def close(self) -> None:
        """Let go of the file."""
        with closing(self._durable), closing(self._quick):
            self._bell.ring()

    def fence(self, mine: Fence) -> None:
        """Set the fence of the one that acts; what changes a stream looks at it."""
        with self._file.guarded(), transaction(self._durable):
            self._fence = SqliteFence(self._durable, str(self._file), mine)

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        with self._file.guarded(), self._acting():
            ids = tuple(self._post(post) for post in posts)
        self._bell.ring()
        return ids

    async def publish_behind(
        self, stream: str, make: Callable[[Message | None], Post]
    ) -> str:
        """Publish what `make` makes of the newest entry of `stream`, in one transaction.

        Nobody can publish anything in between; `make` is given None for an empty stream.
        """
        with self._file.guarded(), self._acting():
            row = self._durable.execute(NEWEST, (stream,)).fetchone()
            newest = message_of((row[0], stream, row[1])) if row else None
            entry_id = self._post(make(newest))
        self._bell.ring()
        return entry_id

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        def look() -> tuple[Message, ...]:
            with self._file.guarded():
                return self._take(reader, streams, count)

        return await until(look, self._bell, wait_ms=wait_ms, version=self._version)

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        done = [(group, ack.stream, number_of(ack.entry_id)) for ack in acks]
        with self._file.guarded(), self._acting():
            self._durable.executemany(_ACK, done)
            for post in posts:
                self._post(post)
        self._in_hand.difference_update(done)
        self._bell.ring()
        self._retention.finished(len(acks))

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        after = number_of(after_id) if after_id else 0

        def look() -> tuple[Message, ...]:
            with self._file.guarded():
                rows = self._quick.execute(_NEW, (stream, after, count)).fetchall()
            return tuple(message_of((number, stream, text)) for number, text in rows)

        return await until(look, self._bell, wait_ms=wait_ms, version=self._version)

    async def peek(self, stream: str, after_id: str) -> Message | None:
        found = await self.follow(stream, after_id, count=1, wait_ms=0)
        return found[0] if found else None

    async def depth(self, stream: str, group: str) -> Depth:
        def number(sql: str, *values: object) -> int:
            row = self._quick.execute(sql, values).fetchone()
            return int(row[0] or 0) if row else 0

        with self._file.guarded():
            last = number("SELECT max(id) FROM bus_entry WHERE stream = ?", stream)
            behind = "SELECT count(*) FROM bus_entry WHERE stream = ? AND id > ?"
            held = "SELECT count(*) FROM bus_pending WHERE name = ? AND stream = ?"
            return Depth(
                last_id=entry_id_of(last) if last else "",
                lag=number(behind, stream, number(_LAST, group, stream)),
                pending=number(held, group, stream),
            )

    def keep_newest(self, stream: str, most: int) -> int:
        """Delete all but the newest entries, and what a group has still before it."""
        with self._file.guarded(), self._acting():
            ask = self._durable.execute
            oldest = ask(_NTH, (stream, max(0, most - 1))).fetchone()
            if oldest is None:
                return 0
            floors = [ask(sql, (stream,)).fetchone()[0] for sql in (_READ_TO, _HELD_FROM)]
            floor = min(number for number in (oldest[0], *floors) if number is not None)
            return ask(_FORGET, (stream, floor)).rowcount

    def readers(self) -> Readers:
        """Return what is read by whom."""
        with self._file.guarded():
            return readers_in(self._quick)

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Do all of a block, and only as the one that acts where that was said."""
        with transaction(self._durable):
            if self._fence is not None:
                self._fence.check()
            yield

    def _post(self, post: Post) -> str:
        text = stored_text(post.envelope)
        return entry_id_of(self._durable.execute(_POST, (post.stream, text)).lastrowid or 0)

    def _version(self) -> int:
        """Return a number that changes whenever another connection has committed."""
        with self._file.guarded():
            return int(self._quick.execute("PRAGMA data_version").fetchone()[0])

    def _take(
        self, reader: Reader, streams: Sequence[str], count: int
    ) -> tuple[Message, ...]:
        rows = (
            self._unfinished(reader, streams, count)
            or self._abandoned(reader, streams, count)
            or self._new(reader, streams, count)
        )
        self._in_hand.update((reader.group, stream, number) for number, stream, _ in rows)
        return tuple(map(message_of, rows))

    def _unfinished(self, reader: Reader, streams: Sequence[str], count: int) -> list[_Row]:
        """Return what this consumer was handed, but not here.

        By an earlier process of its name; or by one that had lost its lease, awoke, and
        took an entry before it noticed. Most often there is none, which needs no reading.
        """
        group, consumer = reader.group, reader.consumer
        if all(
            (group, stream, number) in self._in_hand
            for stream in streams
            for (number,) in self._quick.execute(_HELD, (group, stream, consumer))
        ):
            return []
        most = count + len(self._in_hand)
        held = ((s, (reader.group, s, reader.consumer, most)) for s in streams)
        found = self._oldest(_OWN, held, most * len(streams))
        mine = [row for row in found if (reader.group, row[1], row[0]) not in self._in_hand]
        return mine[:count]

    def _abandoned(self, reader: Reader, streams: Sequence[str], count: int) -> list[_Row]:
        """Take over what another consumer of the group has held for too long."""
        since = self._clock.now_ms() - self._abandoned_ms

        def find(most: int) -> list[_Row]:
            held = ((s, (reader.group, s, reader.consumer, since, most)) for s in streams)
            return self._oldest(_ABANDONED, held, most)

        if not find(1):
            return []
        with transaction(self._quick):
            rows = find(count)
            self._hand(reader, rows)
        return rows

    def _new(self, reader: Reader, streams: Sequence[str], count: int) -> list[_Row]:
        """Hand out what nobody in the group was handed yet."""

        def find(most: int) -> list[_Row]:
            behind = ((s, (s, self._last(reader.group, s), most)) for s in streams)
            return self._oldest(_NEW, behind, most)

        if not find(1):
            return []
        with transaction(self._quick):
            rows = find(count)
            self._hand(reader, rows)
            ends = {stream: number for number, stream, _ in rows}
            self._quick.executemany(
                _MOVE, [(reader.group, stream, number) for stream, number in ends.items()]
            )
        return rows

    def _oldest(
        self, sql: str, places: Iterable[tuple[str, tuple[object, ...]]], most: int
    ) -> list[_Row]:
        found = [
            [(number, stream, text) for number, text in self._quick.execute(sql, values)]
            for stream, values in places
        ]
        return (found[0] if len(found) == 1 else list(heapq.merge(*found)))[:most]

    def _last(self, group: str, stream: str) -> int:
        row = self._quick.execute(_LAST, (group, stream)).fetchone()
        return int(row[0]) if row else 0

    def _hand(self, reader: Reader, rows: Sequence[_Row]) -> None:
        now = self._clock.now_ms()
        self._quick.executemany(
            _HAND,
            [
                (reader.group, stream, number, reader.consumer, now)
                for number, stream, _ in rows
            ],
        )
