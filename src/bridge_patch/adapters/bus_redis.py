"""The bus of production: streams on a Redis or Valkey server."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Final, final

from redis.exceptions import ResponseError

from bridge_patch.adapters.bus import Ack, Depth, Fence, Message, Post, Reader, Readers
from bridge_patch.adapters.bus_fence import RedisFence
from bridge_patch.adapters.bus_redis_read import BATCH_MAX, RedisHands
from bridge_patch.adapters.bus_redis_state import (
    depth_of,
    floor_of,
    nth_newest_of,
    readers_of,
)
from bridge_patch.adapters.bus_retention import Retention, Tell, unheard
from bridge_patch.adapters.bus_url import BusUrl
from bridge_patch.adapters.redis_entries import (
    entry_id,
    fields_of,
    message_of,
    messages_of,
    raw_id,
)
from bridge_patch.adapters.redis_errors import explained
from bridge_patch.adapters.redis_link import Command, RedisLink
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.domain.errors import OutageError

#: Streams that only groups read: what every group has finished may go.
TRIMMED: Final = frozenset({TRADE_INTENT})
_KEEP_MS: Final = 3_600_000
_TRIM_EVERY: Final = 4096
_SLICE_MS: Final = 5_000
_BEHIND_TRIES: Final = 100


@final
class RedisBus:
    """The Bus port over one server. One object serves all tasks of a process.

    A consumer that held an entry for `abandoned_ms`, by the server's clock, loses it to one
    that asks. Streams are ordered among each other by that clock too, to the millisecond.
    Of the streams that are followed the newest `keep` entries stay; 0 keeps all.
    """

    def __init__(
        self,
        url: BusUrl,
        *,
        ca_file: Path | None = None,
        abandoned_ms: int = 60_000,
        tell: Tell = unheard,
        keep: int = 0,
    ) -> None:
        self._link = RedisLink(url, ca_file)
        self._hands = RedisHands(self._link, abandoned_ms=abandoned_ms, tell=tell)
        self._finished: Counter[str] = Counter()
        self._fence: RedisFence | None = None
        self._retention = Retention(keep, self.keep_newest, tell)

    def close(self) -> None:
        """Hang up."""
        self._link.close()

    def fence(self, mine: Fence) -> None:
        """Set the fence of the one that acts; what changes a stream looks at it."""
        self._fence = RedisFence(self._link, mine)

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        commands = [_add(post) for post in posts]
        if len(commands) == 1 and self._fence is None:
            return (entry_id(self._link.call(*commands[0])),)
        replies = self._together(commands) if commands else ()
        return tuple(map(entry_id, replies or ()))

    async def publish_behind(
        self, stream: str, make: Callable[[Message | None], Post]
    ) -> str:
        """Publish what `make` makes of the newest entry of `stream`, in one transaction.

        Nobody can publish to `stream` in between; then `make` is asked anew. It is given
        None for an empty stream.
        """
        for _ in range(_BEHIND_TRIES):
            newest = ("XREVRANGE", stream, "+", "-", "COUNT", 1)
            _, found = self._link.calls([("WATCH", stream), newest])
            try:
                post = make(message_of(stream, found[0]) if found else None)
            except BaseException:
                self._link.call("UNWATCH")
                raise
            if (replies := self._together([_add(post)])) is not None:
                return entry_id(replies[0])
        msg = f"{self._link.url}: {stream} did not rest for a moment: try again"
        raise OutageError(msg)

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        await asyncio.sleep(0)
        ends = monotonic() + wait_ms / 1000
        while not (found := self._hands.look(reader, streams, count)):
            if (left_ms := round(1000 * (ends - monotonic()))) <= 0:
                return ()
            within_ms = min(left_ms, _SLICE_MS)
            found = await self._hands.wait(reader, streams, count, within_ms)
            if found:
                break
        return found

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        done: defaultdict[str, list[str]] = defaultdict(list)
        for ack in acks:
            done[ack.stream].append(raw_id(ack.entry_id))
        commands = [_add(post) for post in posts]
        commands += [("XACK", stream, group, *ids) for stream, ids in done.items()]
        if not commands:
            return
        if self._together(commands) is None:
            msg = f"{self._link.url}: a commit was not done: nothing of it counts"
            raise OutageError(msg)
        for stream in done:
            ids = [ack.entry_id for ack in acks if ack.stream == stream]
            self._hands.finished(group, stream, ids)
            self._trim_now_and_then(stream, len(ids))
        self._retention.finished(len(acks))

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        after = raw_id(after_id) if after_id else "0-0"
        limits = ("COUNT", min(count, BATCH_MAX))
        where = ("STREAMS", stream, after)
        await asyncio.sleep(0)
        reply = self._link.call("XREAD", *limits, *where)
        ends = monotonic() + wait_ms / 1000
        while not reply and (left_ms := round(1000 * (ends - monotonic()))) > 0:
            within_ms = min(left_ms, _SLICE_MS)
            command = ("XREAD", *limits, "BLOCK", within_ms, *where)
            reply = await self._link.wait(command, within_ms)
            if isinstance(reply, ResponseError):
                raise explained(self._link.url, reply) from reply
        return tuple(messages_of(reply))

    async def peek(self, stream: str, after_id: str) -> Message | None:
        found = await self.follow(stream, after_id, count=1, wait_ms=0)
        return found[0] if found else None

    async def depth(self, stream: str, group: str) -> Depth:
        return depth_of(self._link, stream, group)

    async def trim(self, stream: str, *, keep_ms: int = _KEEP_MS) -> int:
        """Delete what every group of `stream` has finished; return how many entries.

        Kept are the entries of the last `keep_ms`, for people; all of a stream that has no
        group; and whatever one group has not read, or has in hand.
        """
        return self._trim(stream, keep_ms)

    def keep_newest(self, stream: str, most: int) -> int:
        """Delete all but the newest entries, and what a group has still before it.

        By an id, not by their number: what is published meanwhile pushes nothing out.
        """
        newest = nth_newest_of(self._link, stream, max(1, most))
        if newest is None:
            return 0
        floor = floor_of(self._link, stream, 0) or newest
        return self._delete_before(stream, min(newest, floor, key=_order))

    def readers(self) -> Readers:
        """Return what is read by whom, of the streams that are called as ours are."""
        return readers_of(self._link)

    def _together(self, commands: Sequence[Command]) -> list[Any] | None:
        return (self._fence or self._link).together(commands)

    def _trim(self, stream: str, keep_ms: int) -> int:
        floor = floor_of(self._link, stream, keep_ms)
        return self._delete_before(stream, floor) if floor else 0

    def _delete_before(self, stream: str, raw: str) -> int:
        done = self._together([("XTRIM", stream, "MINID", raw)])
        return int(done[0]) if done else 0

    def _trim_now_and_then(self, stream: str, finished: int) -> None:
        if stream in TRIMMED:
            self._finished[stream] += finished
            if self._finished[stream] >= _TRIM_EVERY:
                self._finished[stream] = 0
                self._retention.attempt(lambda: self._trim(stream, _KEEP_MS))


def _order(raw: str) -> str:
    return entry_id(raw.encode())


def _add(post: Post) -> Command:
    return ("XADD", post.stream, "*", *fields_of(post.envelope))
