"""How far the last tick came, and what the exits lacked: what a restart goes on behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.events import ExitsBlind, Stage, TickReached
from bridge_patch.domain.intent import Symbol, UnixMs

NEVER: Final = UnixMs(0)
_ORDER: Final = tuple(Stage)


@final
@dataclass(slots=True)
class Progress:
    """A fold: the newest tick that left a trace, its last stage, and what exits lack."""

    at_ms: UnixMs = NEVER
    stage: Stage = Stage.PROPOSED
    blind: tuple[Symbol, ...] = ()

    def apply(self, event: TickReached | ExitsBlind) -> None:
        """Fold one journaled event."""
        if isinstance(event, ExitsBlind):
            self.blind = event.symbols
            return
        self.at_ms, self.stage = event.at_ms, event.stage

    def reached(self, at_ms: UnixMs, stage: Stage) -> bool:
        """Tell whether this stage of that tick is in the journal."""
        return self.at_ms == at_ms and _ORDER.index(stage) <= _ORDER.index(self.stage)
