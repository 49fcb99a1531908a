"""The bus as the one process that acts on an account has it.

What a process that has lost the lease took, published or acknowledged would be done again
by the other, or be missed by it. Reading what is nobody's in particular is free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from bridge_patch.adapters.bus import Ack, Bus, Depth, Message, Post, Reader


@final
class LeasedBus:
    """Passes on to `bus` what `assure` does not stop by raising FencedError."""

    def __init__(self, bus: Bus, assure: Callable[[], None]) -> None:
        self._bus, self._assure = bus, assure

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        self._assure()
        return await self._bus.publish(posts)

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        self._assure()
        return await self._bus.read(reader, streams, count=count, wait_ms=wait_ms)

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        self._assure()
        await self._bus.commit(group, acks, posts)

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        return await self._bus.follow(stream, after_id, count=count, wait_ms=wait_ms)

    async def peek(self, stream: str, after_id: str) -> Message | None:
        return await self._bus.peek(stream, after_id)

    async def depth(self, stream: str, group: str) -> Depth:
        return await self._bus.depth(stream, group)
