"""The one way into the journal: durable first, then folded, then shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from bridge_patch.domain.events import EquityMarked, Event, LatchSet
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.ports import Journal, Telemetry


@final
@dataclass(slots=True)
class Recorder:
    """Commits events together; nothing is believed before it is durable.

    `stage` costs nothing and promises nothing. `flush` is one commit: when it returns, all
    that was staged is in the journal, in the ledger and on the screen, in that order.
    """

    journal: Journal
    ledger: Ledger
    gauge: EquityGauge
    telemetry: Telemetry
    _staged: list[Event] = field(default_factory=list)

    def stage(self, *events: Event) -> None:
        """Add events to the next commit."""
        self._staged.extend(events)

    async def flush(self) -> None:
        """Commit what is staged, or raise BrokenPromiseError with nothing committed."""
        if not self._staged:
            return
        events, self._staged = self._staged, []
        await self.journal.append(events)
        for event in events:
            self.fold(event)
        for event in events:
            self.telemetry.tell(event)

    async def write(self, *events: Event) -> None:
        """Stage and commit at once."""
        self.stage(*events)
        await self.flush()

    def fold(self, event: Event) -> None:
        """Fold an event that is already in the journal."""
        self.ledger.apply(event)
        if isinstance(event, EquityMarked | LatchSet):
            self.gauge.apply(event)
