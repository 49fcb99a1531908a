"""Looks at a bus on a Redis or Valkey server, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters import streams
from bridge_patch.adapters.bus import Message
from bridge_patch.adapters.bus_look import Place
from bridge_patch.adapters.bus_redis_state import lag_of, state_of
from bridge_patch.adapters.bus_url import BusUrl
from bridge_patch.adapters.redis_entries import message_of
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.wire.glance import made_at

#: Every stream of ours, in the order of their names.
STREAMS: Final = tuple(sorted(streams.ALL))
_PAGE: Final = 1_000
#: The newest entries that a search looks through.
_PAGES_MAX: Final = 200


@final
class RedisLook:
    """The Look port over one server."""

    def __init__(self, url: BusUrl, *, ca_file: Path | None = None) -> None:
        self._link = RedisLink(url, ca_file)

    def close(self) -> None:
        """Hang up."""
        self._link.close()

    def lengths(self) -> dict[str, int]:
        """Return how many entries each stream has."""
        found = self._link.calls([("XLEN", stream) for stream in STREAMS])
        return {
            stream: int(count)
            for stream, count in zip(STREAMS, found, strict=True)
            if count
        }

    def places(self) -> tuple[Place, ...]:
        """Return where every group is; that of the execution, even before it has read."""
        return tuple(place for stream in STREAMS for place in self._of(stream))

    def waiting(self) -> Iterator[Message]:
        """Yield every intent that is not acknowledged by the execution, oldest first."""
        stream, ours = streams.TRADE_INTENT, streams.EXECUTION_GROUP
        _, groups = state_of(self._link, stream)
        place = "-"
        for group in groups:
            if group["name"] == ours.encode():
                yield from self._pending(stream, ours)
                place = f"({group['last-delivered-id'].decode()}"
        while page := self._link.call("XRANGE", stream, place, "+", "COUNT", _PAGE):
            yield from (message_of(stream, entry) for entry in page)
            place = f"({page[-1][0].decode()}"

    def _pending(self, stream: str, group: str) -> Iterator[Message]:
        """Yield what a group holds; an entry that is not there any more is passed over."""
        place = "-"
        while page := self._link.call("XPENDING", stream, group, place, "+", _PAGE):
            ids = [row[0].decode() for row in page]
            for found in self._link.calls([("XRANGE", stream, i, i) for i in ids]):
                yield from (message_of(stream, entry) for entry in found)
            place = f"({ids[-1]}"

    def newest(self, stream: str) -> Message | None:
        """Return the newest entry of a stream, if it has one."""
        found = self._link.call("XREVRANGE", stream, "+", "-", "COUNT", 1)
        return message_of(stream, found[0]) if found else None

    def holding(self, stream: str, text: str, most: int) -> tuple[Message, ...]:
        """Return entries of a stream in whose fields `text` stands, the oldest first.

        Looked through are the newest 200,000; of more that match the newest are returned.
        """
        found: list[Message] = []
        place = "+"
        for _ in range(_PAGES_MAX):
            page = self._link.call("XREVRANGE", stream, place, "-", "COUNT", _PAGE)
            messages = (message_of(stream, entry) for entry in page)
            found += [
                m for m in messages if any(text in t for f in m.envelope.fields for t in f)
            ]
            if len(page) < _PAGE or len(found) >= most:
                break
            place = f"({page[-1][0].decode()}"
        return tuple(reversed(found[:most]))

    def _of(self, stream: str) -> Iterator[Place]:
        state, groups = state_of(self._link, stream)
        names = set()
        for group in sorted(groups, key=lambda g: bytes(g["name"])):
            names.add(name := group["name"].decode("utf-8", "replace"))
            lag, pending = lag_of(self._link, stream, group), int(group["pending"])
            ours = (stream, name) == (streams.TRADE_INTENT, streams.EXECUTION_GROUP)
            first = next(self.waiting(), None) if ours else None
            oldest_ms = None if first is None else made_at(first.envelope)
            yield Place(
                stream=stream, group=name, lag=lag, pending=pending, oldest_ms=oldest_ms
            )
        group_name = streams.EXECUTION_GROUP
        if stream == streams.TRADE_INTENT and group_name not in names:
            length = int(state["length"]) if state else 0
            yield Place(stream=stream, group=group_name, lag=length, pending=0)
