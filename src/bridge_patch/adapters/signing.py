"""Signatures on the bus: who lacks the key can neither open nor release anything.

Whatever a process publishes carries one field more, the last, `signature`: HMAC-SHA256,
in hexadecimal, over "bridge-bus-1", the stream's name and every other field in its order,
name and value, each preceded by its length as four bytes, big end first; texts as UTF-8.
So a field that was changed, moved, added or left out is noticed, and so is an entry that
was copied to another stream. An entry that is published again on its own stream keeps a
good signature: intents and commands are known by their ids, and an entry has its age.

An entry without a good signature keeps its place and loses its content: nobody downstream
can take it for anything. Whoever works through a stream finds out why and sets it aside;
whoever only follows one never sees it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, final

from bridge_patch.adapters.bus import (
    Ack,
    Depth,
    Distrusted,
    Fence,
    Message,
    Post,
    Reader,
    Readers,
    StoredBus,
)
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.secret import Secret
from bridge_patch.services.ports import Telemetry

if TYPE_CHECKING:
    from bridge_patch.adapters.bus_look import Look, Place

FIELD: Final = "signature"
#: Why an entry is set aside.
MISSING: Final = "signature_missing"
WRONG: Final = "signature_wrong"

_CONTEXT: Final = b"bridge-bus-1"
_NOTHING: Final = Envelope(())


@final
class Signer:
    """Signs with the first key and accepts each of them, so that keys can be changed."""

    def __init__(self, keys: Secret) -> None:
        self._keys = tuple(key.encode() for key in keys.reveal().split(","))

    def signed(self, post: Post) -> Post:
        """Return what is published in place of `post`."""
        fields = post.envelope.fields
        proof = _mac(self._keys[0], post.stream, fields).hex()
        return Post(post.stream, Envelope((*fields, (FIELD, proof))))

    def checked(self, message: Message) -> Message:
        """Return the entry without its signature, or without everything else.

        What stands for entries that are gone is the bus's own, and nobody signed it.
        """
        if message.stands_for_lost:
            return message
        fields = message.envelope.fields
        if not any(name == FIELD for name, _ in fields):
            return _refused(message, MISSING)
        *signed, (name, proof) = fields
        if name != FIELD or not self._fits(message.stream, signed, proof):
            return _refused(message, WRONG)
        return Message(message.stream, message.entry_id, Envelope(tuple(signed)))

    def _fits(self, stream: str, fields: Sequence[tuple[str, str]], proof: str) -> bool:
        stated = proof.encode(errors="surrogatepass")
        macs = [_mac(key, stream, fields).hex().encode() for key in self._keys]
        return any(hmac.compare_digest(mac, stated) for mac in macs)


@final
class SignedBus:
    """The Bus port over another bus, signing what goes out and checking what comes in."""

    def __init__(self, bus: StoredBus, keys: Secret, telemetry: Telemetry | None) -> None:
        """`telemetry` is told of entries that a follower never gets to see."""
        self._bus, self._signer, self._telemetry = bus, Signer(keys), telemetry
        self._past: dict[str, tuple[str, str]] = {}

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.close()

    def fence(self, mine: Fence) -> None:
        """As the bus below."""
        self._bus.fence(mine)

    def keep_newest(self, stream: str, most: int) -> int:
        """As the bus below."""
        return self._bus.keep_newest(stream, most)

    def readers(self) -> Readers:
        """As the bus below."""
        return self._bus.readers()

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        return await self._bus.publish(tuple(map(self._signer.signed, posts)))

    async def publish_behind(
        self, stream: str, make: Callable[[Message | None], Post]
    ) -> str:
        def made(newest: Message | None) -> Post:
            known = self._signer.checked(newest) if newest else None
            return self._signer.signed(make(None if known and known.distrusted else known))

        return await self._bus.publish_behind(stream, made)

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        found = await self._bus.read(reader, streams, count=count, wait_ms=wait_ms)
        return tuple(map(self._signer.checked, found))

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        await self._bus.commit(group, acks, tuple(map(self._signer.signed, posts)))

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        ends = monotonic() + wait_ms / 1000
        begun, place = self._past.get(stream, ("", ""))
        if begun != after_id or not place:
            place = after_id
        while True:
            found = await self._bus.follow(stream, place, count=count, wait_ms=wait_ms)
            checked = tuple(map(self._signer.checked, found))
            good = tuple(message for message in checked if not message.distrusted)
            # What lies behind the last good one comes again with the next look.
            self._tell(checked[: checked.index(good[-1])] if good else checked)
            wait_ms = max(0, round((ends - monotonic()) * 1000))
            if good or not found:
                return good
            place = found[-1].entry_id
            self._past[stream] = (after_id, place)

    async def peek(self, stream: str, after_id: str) -> Message | None:
        found = await self._bus.peek(stream, after_id)
        return self._signer.checked(found) if found else None

    async def depth(self, stream: str, group: str) -> Depth:
        return await self._bus.depth(stream, group)

    def _tell(self, messages: Iterable[Message]) -> None:
        """Say what a follower never sees: a line for each reason, not for each entry."""
        refused = [m for m in messages if m.distrusted]
        for reason in (MISSING, WRONG):
            found = [m for m in refused if m.distrusted and m.distrusted.reason == reason]
            if found and self._telemetry is not None:
                self._telemetry.note(
                    "BUS",
                    "entries were passed over",
                    stream=found[0].stream,
                    first=found[0].entry_id,
                    count=len(found),
                    why=reason,
                )


@final
class SignedLook:
    """The Look port over another look; what nobody proved to have written is distrusted."""

    def __init__(self, look: Look, keys: Secret) -> None:
        self._look, self._signer = look, Signer(keys)

    def close(self) -> None:
        """Let go of the bus."""
        self._look.close()

    def lengths(self) -> Mapping[str, int]:
        return self._look.lengths()

    def places(self) -> tuple[Place, ...]:
        return self._look.places()

    def waiting(self) -> Iterator[Message]:
        return map(self._signer.checked, self._look.waiting())

    def newest(self, stream: str) -> Message | None:
        found = self._look.newest(stream)
        return self._signer.checked(found) if found else None

    def holding(self, stream: str, text: str, most: int) -> tuple[Message, ...]:
        return tuple(map(self._signer.checked, self._look.holding(stream, text, most)))


def signed(
    bus: StoredBus, keys: Secret | None, telemetry: Telemetry | None = None
) -> StoredBus:
    """Return the bus that signs and checks if there is a key, else the bus as it is."""
    return bus if keys is None else SignedBus(bus, keys, telemetry)


def _refused(message: Message, reason: str) -> Message:
    distrusted = Distrusted(reason, message.envelope)
    return Message(message.stream, message.entry_id, _NOTHING, distrusted)


def _mac(key: bytes, stream: str, fields: Sequence[tuple[str, str]]) -> bytes:
    covered = [_CONTEXT]
    for text in (stream, *(text for pair in fields for text in pair)):
        part = text.encode(errors="surrogatepass")
        covered += (len(part).to_bytes(4, "big"), part)
    return hmac.digest(key, b"".join(covered), hashlib.sha256)
