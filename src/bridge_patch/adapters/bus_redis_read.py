"""How one process takes its share of a group's work from a Redis stream.

In this order: what it was handed before a restart, what a silent consumer left behind, what
is new. Before anything new is taken, a look at the stream tells whether entries are gone
that the group never saw; a message stands in their place, so that this is never silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, final

from redis.exceptions import ResponseError

from bridge_patch.adapters.bus import Message, Reader
from bridge_patch.adapters.bus_retention import Tell
from bridge_patch.adapters.redis_entries import (
    entry_id,
    id_before,
    lost,
    messages_of,
    raw_id,
)
from bridge_patch.adapters.redis_errors import explained
from bridge_patch.adapters.redis_link import Command, RedisLink, pairs

#: Most entries that are taken at once, whoever asks for more.
BATCH_MAX: Final = 512
_START: Final = "0-0"


@final
@dataclass(slots=True)
class Hand:
    """What one consumer of this process has taken from one stream, and not finished."""

    stream: str
    #: Where it is in its own unfinished work; None at its end.
    resumed: str | None = _START
    #: Where it is in looking through what others hold.
    claim_from: str = _START
    held: set[str] = field(default_factory=set)
    ready: list[Message] = field(default_factory=list)


@final
class RedisHands:
    """The reading of every consumer in this process."""

    def __init__(self, link: RedisLink, *, abandoned_ms: int, tell: Tell) -> None:
        self._link, self._abandoned_ms, self._tell = link, abandoned_ms, tell
        self._hands: dict[tuple[str, str, str], Hand] = {}
        self._groups: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str, str]] = set()

    def look(
        self, reader: Reader, streams: Sequence[str], count: int
    ) -> tuple[Message, ...]:
        """Hand out what can be had without waiting."""
        hands = [self._hand(reader, stream) for stream in streams]
        most = min(count, BATCH_MAX)
        if not any(hand.ready for hand in hands):
            self._unfinished(reader, hands, most)
        if not any(hand.ready for hand in hands):
            self._others(reader, hands, most)
        return _oldest(hands, most)

    async def wait(
        self, reader: Reader, streams: Sequence[str], count: int, within_ms: int
    ) -> tuple[Message, ...]:
        """Hand out what comes within that time."""
        hands = [self._hand(reader, stream) for stream in streams]
        most = min(count, BATCH_MAX)
        command = _read_new(reader, streams, most, ("BLOCK", within_ms))
        try:
            reply = await self._link.wait(command, within_ms)
        except BaseException:
            # What the server handed out meanwhile is our unfinished work.
            for hand in hands:
                hand.resumed = _START
            raise
        if isinstance(reply, ResponseError):
            self._missing(reader, streams, reply)
            return ()
        self._take(hands, messages_of(reply))
        return _oldest(hands, most)

    def finished(self, group: str, stream: str, entry_ids: Sequence[str]) -> None:
        """Forget what was acknowledged."""
        for (of, _, on), hand in self._hands.items():
            if (of, on) == (group, stream):
                hand.held.difference_update(entry_ids)

    def _hand(self, reader: Reader, stream: str) -> Hand:
        self._known(reader.group, stream)
        place = (reader.group, reader.consumer, stream)
        return self._hands.setdefault(place, Hand(stream))

    def _known(self, group: str, stream: str) -> None:
        """Make the group, at the beginning of its stream, unless it is there."""
        if (group, stream) in self._groups:
            return
        begin = ("0", "MKSTREAM", "ENTRIESREAD", 0)
        make = ("XGROUP", "CREATE", stream, group, *begin)
        (reply,) = self._link.tries([make])
        if isinstance(reply, ResponseError) and not str(reply).startswith("BUSYGROUP"):
            raise explained(self._link.url, reply) from reply
        self._groups.add((group, stream))

    def _missing(
        self, reader: Reader, streams: Sequence[str], reply: ResponseError
    ) -> None:
        """Make groups again that somebody removed, and say so."""
        if not str(reply).startswith(("NOGROUP", "UNBLOCKED")):
            raise explained(self._link.url, reply) from reply
        self._tell(
            "BUS",
            "a stream or its group was removed: begun again at the beginning of what is"
            " there; find out who flushed the server",
            group=reader.group,
            streams=",".join(streams),
        )
        for stream in streams:
            self._groups.discard((reader.group, stream))
            self._known(reader.group, stream)

    def _unfinished(self, reader: Reader, hands: Sequence[Hand], most: int) -> None:
        """Take what an earlier process of this name was handed and did not finish."""
        for hand in hands:
            while hand.resumed is not None and not hand.ready:
                group = ("GROUP", reader.group, reader.consumer, "COUNT", most)
                command = ("XREADGROUP", *group, "STREAMS", hand.stream, hand.resumed)
                (reply,) = self._link.tries([command])
                if isinstance(reply, ResponseError):
                    self._missing(reader, [hand.stream], reply)
                    continue
                found = messages_of(reply)
                hand.resumed = raw_id(found[-1].entry_id) if found else None
                self._take([hand], found)

    def _others(self, reader: Reader, hands: Sequence[Hand], most: int) -> None:
        """Take what another held for too long, a word about the lost, and what is new.

        And what our name was handed elsewhere meanwhile: by a process that had lost its
        lease, awoke, and took an entry before it noticed.
        """
        streams = [hand.stream for hand in hands]
        of_each: list[Command] = []
        for hand in hands:
            whose = (hand.stream, reader.group, reader.consumer, self._abandoned_ms)
            group = ("GROUP", reader.group, reader.consumer, "COUNT", most)
            of_each += [
                ("XREADGROUP", *group, "STREAMS", hand.stream, _START),
                ("XAUTOCLAIM", *whose, hand.claim_from, "COUNT", most),
                ("XLEN", hand.stream),
                ("XINFO", "GROUPS", hand.stream),
            ]
        new = _read_new(reader, streams, most)
        *replies, reply = answers = self._link.tries([*of_each, new])
        for refused in answers:
            if isinstance(refused, ResponseError):
                self._missing(reader, streams, refused)
                for hand in hands:
                    hand.resumed = _START
                return
        for hand in hands:
            own, claimed, length, groups, *replies = replies
            self._take([hand], messages_of(own))
            self._claimed(hand, claimed)
            place = next(_named(groups, reader.group))
            if _looks_odd(place, int(length)):
                self._take([hand], self._lost(reader.group, hand.stream, place))
        self._take(hands, messages_of(reply))

    def _claimed(self, hand: Hand, reply: Any) -> None:
        following, entries, gone = reply
        hand.claim_from = following.decode()
        why = "deleted while another consumer held it"
        self._take([hand], messages_of([[hand.stream.encode(), entries]]))
        self._take([hand], [lost(hand.stream, entry_id(i), count=1, why=why) for i in gone])

    def _lost(self, group: str, stream: str, place: dict[str, Any]) -> list[Message]:
        """Return what stands for entries that are gone and that the group never saw.

        `place` is where the group was before anything new was handed out.
        """
        found = gap(pairs(self._link.call("XINFO", "STREAM", stream)), place)
        if found is None or (told := (group, stream, found.named)) in self._told:
            return []
        self._told.add(told)
        self._tell(
            "BUS",
            "entries were deleted before they were read: find out who trims this stream",
            stream=stream,
            group=group,
            lost="unknown" if found.count is None else found.count,
        )
        why = f"deleted before the group {group} was handed them"
        return [lost(stream, found.named, count=found.count, why=why)]

    def _take(self, hands: Sequence[Hand], messages: Sequence[Message]) -> None:
        """Keep what is not in hand yet."""
        of = {hand.stream: hand for hand in hands}
        for message in messages:
            hand = of[message.stream]
            if message.entry_id not in hand.held:
                hand.held.add(message.entry_id)
                hand.ready.append(message)


@final
@dataclass(frozen=True, slots=True)
class Gap:
    """Entries that are gone: an id that one of them may have had, and how many they are."""

    named: str
    count: int | None


def gap(stream: dict[str, Any], group: dict[str, Any]) -> Gap | None:
    """Return what a group will never see of its stream; None where it misses nothing.

    The server does not count a gap as read: a later one counts it again.
    """
    place = entry_id(group["last-delivered-id"])
    last = entry_id(stream["last-generated-id"])
    if place == last:
        return None
    first = stream["first-entry"]
    deleted = entry_id(stream["max-deleted-entry-id"])
    if first is not None and entry_id(first[0]) <= place:
        return Gap(deleted, None) if deleted > place else None
    removed = int(stream["entries-added"]) - int(stream["length"])
    read = group["entries-read"]
    if read is None and place > entry_id(b"0-0"):
        count = None
        missed = removed > 0 and (first is not None or last > place)
    else:
        count = removed - int(read or 0)
        missed = count > 0
    if not missed:
        return None
    return Gap(last if first is None else id_before(first[0]), count)


def _looks_odd(group: dict[str, Any], length: int) -> bool:
    """Tell whether a stream is worth a closer look: its first and last entries are long.

    Nothing is gone while a group has no more before it than its stream has entries.
    """
    lag = group["lag"]
    return group["entries-read"] is None or lag is None or int(lag) > length


def _named(groups: Sequence[Any], name: str) -> Any:
    found = map(pairs, groups)
    return (group for group in found if group["name"] == name.encode())


def _read_new(
    reader: Reader, streams: Sequence[str], count: int, block: tuple[str | int, ...] = ()
) -> Command:
    group = ("GROUP", reader.group, reader.consumer, "COUNT", count)
    return ("XREADGROUP", *group, *block, "STREAMS", *streams, *[">"] * len(streams))


def _oldest(hands: Sequence[Hand], most: int) -> tuple[Message, ...]:
    """Take the oldest of what is ready, in the order of publication."""
    ready = sorted((m for hand in hands for m in hand.ready), key=attrgetter("entry_id"))[
        :most
    ]
    taken = {(message.stream, message.entry_id) for message in ready}
    for hand in hands:
        hand.ready = [m for m in hand.ready if (m.stream, m.entry_id) not in taken]
    return tuple(ready)
