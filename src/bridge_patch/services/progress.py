"""How far the last tick came: what a restart goes on behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.events import Stage, TickReached
from bridge_patch.domain.intent import UnixMs

NEVER: Final = UnixMs(0)
_ORDER: Final = tuple(Stage)


@final
@dataclass(slots=True)
class Progress:
    """A fold of TickReached: the newest tick that left a trace, and its last stage."""

    at_ms: UnixMs = NEVER
    stage: Stage = Stage.PROPOSED

    def apply(self, event: TickReached) -> None:
        """Fold one journaled event."""
        self.at_ms, self.stage = event.at_ms, event.stage

    def reached(self, at_ms: UnixMs, stage: Stage) -> bool:
        """Tell whether this stage of that tick is in the journal."""
        return self.at_ms == at_ms and _ORDER.index(stage) <= _ORDER.index(self.stage)
