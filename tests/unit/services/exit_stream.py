"""Both ends of an exit brain, without a bus."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bridge_patch.domain.intent import IntentId, ReduceIntent
from bridge_patch.services.messages import Draft, PositionUpdate, Result, Unreadable


@dataclass
class Stream:
    """A position stream and an intent stream, in memory."""

    updates: deque[PositionUpdate] = field(default_factory=deque)
    asked: list[ReduceIntent] = field(default_factory=list)

    async def positions(self, wait_ms: int) -> tuple[PositionUpdate | Unreadable, ...]:
        found = tuple(self.updates)
        self.updates.clear()
        return found

    async def results(self, wait_ms: int) -> tuple[Result, ...]:
        return ()

    async def propose(self, *drafts: Draft) -> tuple[IntentId, ...]:
        raise AssertionError("the exit brain proposes no entry")

    async def reduce(self, intent: ReduceIntent) -> None:
        self.asked.append(intent)
