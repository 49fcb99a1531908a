"""Looks at a bus that other processes work on, and changes nothing; here the embedded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

from bridge_patch.adapters.bus import Message
from bridge_patch.adapters.bus_sqlite import NEWEST
from bridge_patch.adapters.sqlite_entries import message_of
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.adapters.wire.glance import made_at
from bridge_patch.domain.intent import UnixMs

_CHUNK: Final = 512
_TABLES: Final = (
    "SELECT count(*) FROM sqlite_master WHERE name IN ('bus_entry', 'bus_group')"
)
_STREAMS: Final = "SELECT stream, count(*) FROM bus_entry GROUP BY stream ORDER BY stream"
_GROUPS: Final = """
SELECT stream, name, last_id FROM bus_group UNION SELECT ?, ?, 0
WHERE NOT EXISTS (SELECT 1 FROM bus_group WHERE stream = ? AND name = ?) ORDER BY 1, 2"""
_LAG: Final = "SELECT count(*) FROM bus_entry WHERE stream = ? AND id > ?"
_PENDING: Final = "SELECT count(*) FROM bus_pending WHERE name = ? AND stream = ?"
#: What the execution has in hand, then what it was not handed yet; oldest first.
_WAITING: Final = """
SELECT id, fields FROM bus_entry WHERE stream = :stream AND id > :after AND (
    id > coalesce(
        (SELECT last_id FROM bus_group WHERE name = :name AND stream = :stream), 0)
    OR id IN (SELECT id FROM bus_pending WHERE name = :name AND stream = :stream))
ORDER BY id LIMIT :most"""
_HOLDING: Final = """
SELECT id, fields FROM bus_entry WHERE stream = ? AND instr(fields, ?) > 0
ORDER BY id LIMIT ?"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a group is behind on a stream, as `Depth` counts it.

    `oldest_ms` is when the oldest intent that waits says it was put there.
    """

    stream: str
    group: str
    lag: int
    pending: int
    oldest_ms: UnixMs | None = None


class Look(Protocol):
    """What can be seen of a bus without taking part in it."""

    def lengths(self) -> Mapping[str, int]:
        """Return how many entries each stream has."""
        ...

    def places(self) -> tuple[Place, ...]:
        """Return where every group is; that of the execution, even before it has read."""
        ...

    def waiting(self) -> Iterator[Message]:
        """Yield every intent that is not acknowledged by the execution, oldest first."""
        ...

    def newest(self, stream: str) -> Message | None:
        """Return the newest entry of a stream, if it has one."""
        ...

    def holding(self, stream: str, text: str, most: int) -> tuple[Message, ...]:
        """Return the oldest entries of a stream in whose fields `text` stands."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@final
class Unseen:
    """Stands for a bus that cannot be reached."""

    def lengths(self) -> Mapping[str, int]:
        return {}

    def places(self) -> tuple[Place, ...]:
        return ()

    def waiting(self) -> Iterator[Message]:
        return iter(())

    def newest(self, stream: str) -> Message | None:  # noqa: ARG002 - Look
        return None

    def holding(self, stream: str, text: str, most: int) -> tuple[Message, ...]:  # noqa: ARG002 - Look
        return ()

    def close(self) -> None:
        return


@final
class BusLook:
    """Reads one file; a file that holds no bus is one with nothing in it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        with file.guarded():
            self._connection = file.connect_to_read()
            found = self._connection.execute(_TABLES).fetchone()
        self.is_there = bool(found[0])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def lengths(self) -> dict[str, int]:
        """Return how many entries each stream has."""
        if not self.is_there:
            return {}
        with self._file.guarded():
            return {str(name): int(count) for name, count in self._all(_STREAMS)}

    def places(self) -> tuple[Place, ...]:
        """Return where every group is; that of the execution, even before it has read."""
        if not self.is_there:
            return ()
        ours = (TRADE_INTENT, EXECUTION_GROUP)
        with self._file.guarded():
            return tuple(
                Place(
                    stream=str(stream),
                    group=str(group),
                    lag=self._count(_LAG, stream, last_id),
                    pending=self._count(_PENDING, group, stream),
                    oldest_ms=self._oldest_ms() if (stream, group) == ours else None,
                )
                for stream, group, last_id in self._all(_GROUPS, *ours, *ours)
            )

    def waiting(self) -> Iterator[Message]:
        """Yield every intent that is not acknowledged by the execution, oldest first."""
        after = 0
        while self.is_there:
            asked = {"stream": TRADE_INTENT, "name": EXECUTION_GROUP}
            with self._file.guarded():
                rows = self._connection.execute(
                    _WAITING, asked | {"after": after, "most": _CHUNK}
                ).fetchall()
            if not rows:
                return
            yield from (message_of((int(n), TRADE_INTENT, str(text))) for n, text in rows)
            after = rows[-1][0]

    def _oldest_ms(self) -> UnixMs | None:
        first = next(self.waiting(), None)
        return None if first is None else made_at(first.envelope)

    def newest(self, stream: str) -> Message | None:
        """Return the newest entry of a stream, if it has one."""
        return next(iter(self._messages(NEWEST, stream)), None)

    def holding(self, stream: str, text: str, most: int) -> tuple[Message, ...]:
        """Return the oldest entries of a stream in whose fields `text` stands."""
        return self._messages(_HOLDING, stream, text, most)

    def _messages(self, sql: str, stream: str, *values: object) -> tuple[Message, ...]:
        if not self.is_there:
            return ()
        with self._file.guarded():
            rows = self._all(sql, stream, *values)
        return tuple(message_of((int(n), stream, str(text))) for n, text in rows)

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def _count(self, sql: str, *values: object) -> int:
        return int(self._connection.execute(sql, values).fetchone()[0])
