"""Bus, journal and clock that live in this process: for tests, simulation and replay."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

from bridge_patch.adapters.bell import Bell, until
from bridge_patch.adapters.bus import Ack, Depth, Message, Post, Reader
from bridge_patch.adapters.chain import extend, genesis
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from bridge_patch.domain.events import BulkExpired, Event
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.services.ports import Clock, Stored


@final
class ManualClock:
    """A clock that moves when told to, and forward only."""

    def __init__(self, now_ms: UnixMs) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> UnixMs:
        return self._now_ms

    def set(self, now_ms: UnixMs) -> None:
        """Move to `now_ms`."""
        if now_ms < self._now_ms:
            msg = f"a clock must not go back: it was {self._now_ms} and was set to {now_ms}"
            raise BrokenPromiseError(msg)
        self._now_ms = now_ms


@final
class MemoryJournal:
    """A journal that forgets when the process ends; its chain is the real one."""

    def __init__(self, *, run_id: str, clock: Clock, journal_id: str = "memory") -> None:
        self._run_id, self._clock = run_id, clock
        self._head = genesis(journal_id)
        self._entries: list[Stored] = []
        self._about: defaultdict[str, list[Event]] = defaultdict(list)

    async def append(self, events: Sequence[Event]) -> None:
        at = self._clock.now_ms()
        try:
            rows, head = extend(self._head, events, run_id=self._run_id, recorded_ms=at)
        except InvalidValueError as error:
            msg = f"the journal in memory: {error}"
            raise BrokenPromiseError(msg) from error
        self._head = head
        for row, event in zip(rows, events, strict=True):
            entry = Stored(
                seq=row.seq, run_id=self._run_id, recorded_ms=at, event=event, link=row.link
            )
            self._entries.append(entry)
            if row.intent_id:
                self._about[row.intent_id].append(event)
            if isinstance(event, BulkExpired):
                for intent_id in event.intent_ids:
                    self._about[intent_id].append(event)

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        return tuple(self._about.get(intent_id, ()))

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        while after_seq < len(self._entries):
            yield self._entries[after_seq]
            after_seq += 1


@final
@dataclass(slots=True)
class _Group:
    """One group's place in one stream: how many it was handed, and who holds what."""

    handed: int = 0
    held: dict[int, tuple[str, UnixMs]] = field(default_factory=dict)


@final
class MemoryStreams:
    """What a bus server would hold: every entry, and every group's place."""

    def __init__(self) -> None:
        self.entries: list[Message] = []
        self.numbers: defaultdict[str, list[int]] = defaultdict(list)
        self.groups: defaultdict[tuple[str, str], _Group] = defaultdict(_Group)
        self.bell = Bell()

    def add(self, post: Post) -> str:
        """Append one entry and return its id."""
        number = len(self.entries) + 1
        message = Message(post.stream, f"{number:015d}", post.envelope)
        self.entries.append(message)
        self.numbers[post.stream].append(number)
        return message.entry_id

    def get(self, number: int) -> Message:
        """Return an entry by its number over all streams."""
        return self.entries[number - 1]


@final
class MemoryBus:
    """The Bus port over MemoryStreams; one object is one process's connection.

    A second object over the same streams is the process after a restart, or another one.
    """

    def __init__(
        self, streams: MemoryStreams, clock: Clock, *, abandoned_ms: int = 60_000
    ) -> None:
        self._streams, self._clock, self._abandoned_ms = streams, clock, abandoned_ms
        self._in_hand: set[tuple[str, int]] = set()

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        ids = tuple(self._streams.add(post) for post in posts)
        self._streams.bell.ring()
        return ids

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        def look() -> tuple[Message, ...]:
            numbers = (
                self._unfinished(reader, streams)[:count]
                or self._abandoned(reader, streams)[:count]
                or self._new(reader, streams, count)[:count]
            )
            self._hand(reader, numbers)
            return tuple(map(self._streams.get, numbers))

        return await until(look, self._streams.bell, wait_ms=wait_ms)

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        for stream, number in [(ack.stream, _number(ack.entry_id)) for ack in acks]:
            self._streams.groups[group, stream].held.pop(number, None)
            self._in_hand.discard((group, number))
        await self.publish(posts)

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        after = _number(after_id) if after_id else 0

        def look() -> tuple[Message, ...]:
            numbers = self._streams.numbers[stream]
            first = bisect_right(numbers, after)
            return tuple(map(self._streams.get, numbers[first : first + count]))

        return await until(look, self._streams.bell, wait_ms=wait_ms)

    async def peek(self, stream: str, after_id: str) -> Message | None:
        found = await self.follow(stream, after_id, count=1, wait_ms=0)
        return found[0] if found else None

    async def depth(self, stream: str, group: str) -> Depth:
        numbers, place = self._streams.numbers[stream], self._streams.groups[group, stream]
        return Depth(
            last_id=self._streams.get(numbers[-1]).entry_id if numbers else "",
            lag=len(numbers) - place.handed,
            pending=len(place.held),
        )

    def _unfinished(self, reader: Reader, streams: Sequence[str]) -> list[int]:
        """Return what this consumer holds, but not through this connection."""
        return sorted(
            number
            for stream in streams
            for number, (who, _) in self._streams.groups[reader.group, stream].held.items()
            if who == reader.consumer and (reader.group, number) not in self._in_hand
        )

    def _abandoned(self, reader: Reader, streams: Sequence[str]) -> list[int]:
        since = self._clock.now_ms() - self._abandoned_ms
        return sorted(
            number
            for stream in streams
            for number, (who, at) in self._streams.groups[reader.group, stream].held.items()
            if who != reader.consumer and at <= since
        )

    def _new(self, reader: Reader, streams: Sequence[str], count: int) -> list[int]:
        places = {s: self._streams.groups[reader.group, s].handed for s in streams}
        return sorted(
            number
            for stream, handed in places.items()
            for number in self._streams.numbers[stream][handed : handed + count]
        )

    def _hand(self, reader: Reader, numbers: Sequence[int]) -> None:
        for number in numbers:
            stream = self._streams.get(number).stream
            place = self._streams.groups[reader.group, stream]
            if number not in place.held:
                place.handed += 1
            place.held[number] = (reader.consumer, self._clock.now_ms())
            self._in_hand.add((reader.group, number))


def _number(entry_id: str) -> int:
    if not (entry_id.isascii() and entry_id.isdigit()):
        msg = f"an entry id of this bus is a number, was {entry_id!r}"
        raise InvalidValueError(msg)
    return int(entry_id)
