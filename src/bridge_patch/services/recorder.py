"""The one way into the journal: durable first, then folded, then shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import final

from bridge_patch.domain.events import (
    Event,
    Stage,
    TickReached,
)
from bridge_patch.domain.intent import UnixMs
from bridge_patch.evidence.mandate import Mandate
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.activity import ActivityLog
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.heard import Heard
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.nakedness import Nakedness
from bridge_patch.services.ports import Journal, Telemetry
from bridge_patch.services.progress import Progress
from bridge_patch.services.quiet import Quiet
from bridge_patch.services.reckoning import Reckoning


@final
@dataclass(slots=True)
class Recorder:
    """Commits events together; nothing is acted upon or told before it is durable.

    `stage` costs nothing and promises nothing. `flush` is one commit: when it returns, all
    that was staged is in the journal, in the ledger and on the screen, in that order. Only
    what somebody answered may be in the ledger before: see `learn`.
    """

    journal: Journal
    account: AccountFold
    telemetry: Telemetry
    _staged: list[Event] = field(default_factory=list)
    _moved: TickReached | None = None
    _read: bool = False
    #: How many of the staged are believed already.
    _learned: int = 0
    #: One commit at a time: positions may be closed side by side.
    _committing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.telemetry = Quiet(self.telemetry)

    @property
    def ledger(self) -> Ledger:
        """Positions, their plans, and the orders whose fate is open."""
        return self.account.ledger

    @property
    def nakedness(self) -> Nakedness:
        """Which positions no stop covers, since when, and what was tried."""
        return self.account.nakedness

    @property
    def gauge(self) -> EquityGauge:
        """What equity has been through."""
        return self.account.gauge

    @property
    def activity(self) -> ActivityLog:
        """What was done lately."""
        return self.account.activity

    @property
    def progress(self) -> Progress:
        """How far the last tick came."""
        return self.account.progress

    @property
    def heard(self) -> Heard:
        """Which ids were met."""
        return self.account.heard

    @property
    def reckoning(self) -> Reckoning:
        """What the venue's own records are held against."""
        return self.account.reckoning

    @property
    def mandate(self) -> Mandate:
        """What persons ordered about the mode."""
        return self.account.mandate

    def begin_tick(self, at_ms: UnixMs) -> None:
        """Let the first commit about this tick say that venue and books have moved."""
        self._moved = TickReached(at_ms=at_ms, stage=Stage.MOVED)
        self._read = False

    def equity_read(self) -> None:
        """Let the next commit about this tick keep what the account was worth.

        What is judged at this tick is judged by that reading, also after a restart.
        """
        self._read = True

    async def mark_tick(self) -> None:
        """Make it durable that the tick has begun: something about it is to be published.

        What is on the bus is then never from a time that a restart does not know of.
        """
        if self._moved is not None:
            await self._commit()

    def stage(self, *events: Event) -> None:
        """Add events to the next commit; what was done lately includes them at once."""
        self._staged.extend(events)
        for event in events:
            self.activity.apply(event)

    async def flush(self) -> None:
        """Commit what is staged, or raise BrokenPromiseError with nothing committed."""
        if self._staged or self._committing.locked():
            await self._commit()

    async def write(self, *events: Event) -> None:
        """Stage and commit at once."""
        self.stage(*events)
        await self.flush()

    async def learn(self, *events: Event) -> None:
        """Stage an answer and believe it; it is kept with the next commit.

        That comes before anything else is sent or told: every act begins with one. Of an
        answer that a crash takes away before, the journal holds the question.
        """
        self.stage(*events)
        if self._moved is not None or self._read:
            await self._commit()
            return
        for event in self._staged[self._learned :]:
            self.account.believe(event)
        self._learned = len(self._staged)

    async def keep(self) -> None:
        """Commit, if anything is believed that is not durable."""
        if self._learned or self._committing.locked():
            await self._commit()

    async def _commit(self) -> None:
        async with self._committing:
            await self._written()

    async def _written(self) -> None:
        moved, self._moved = self._moved, None
        read, self._read = self._read, False
        mark = self.gauge.mark() if read else None
        before = [event for event in (moved, mark) if event is not None]
        new = [*before, *self._staged[self._learned :]]
        events, self._staged, self._learned = [*before, *self._staged], [], 0
        if not events:
            return
        await self.journal.append(events)
        for event in new:
            self.account.believe(event)
        for event in events:
            self.telemetry.tell(event)
