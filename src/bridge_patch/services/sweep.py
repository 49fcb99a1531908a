"""Lets go of what comes too late and touches nothing else, for when no execution runs.

What is fresh, what reduces and what is doubtful stays in hand under the consumer's name:
the execution gets it first when it starts, and judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from bridge_patch.services.batch import Batch
from bridge_patch.services.execution import BATCH_MAX
from bridge_patch.services.messages import LateEntry, Settlement
from bridge_patch.services.ports import Clock, Inbox
from bridge_patch.services.recorder import Recorder


@final
@dataclass(frozen=True, slots=True)
class Swept:
    """What one step, or all of them, let go of and left in hand."""

    expired: int
    left: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Works as the execution does with late entries, and with nothing else."""

    inbox: Inbox
    recorder: Recorder
    clock: Clock
    age_max_ms: int

    async def step(self) -> Swept:
        """Go through one read; each late entry of it gets its outcome and a dead letter."""
        batch = Batch(now_ms=self.clock.now_ms(), age_max_sec=self.age_max_ms // 1000)
        found = await self.inbox.read(BATCH_MAX, 0)
        for one in found:
            if isinstance(one, LateEntry) and not self.recorder.heard.perhaps(
                one.intent_id
            ):
                batch.drop(one)
        expired = len(batch.acknowledged)
        if expired:
            self.recorder.stage(*batch.closing_events())
            await self.recorder.flush()
            await self.inbox.settle(
                Settlement(
                    acknowledged=tuple(batch.acknowledged),
                    results=batch.published(),
                    dead_letters=batch.letters(),
                )
            )
        return Swept(expired, len(found) - expired)
