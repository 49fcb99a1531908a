"""Several signal sources as one: each keeps its own name in what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from bridge_patch.domain.market import Tick
from bridge_patch.services.engine import Signal, SignalSource


@final
@dataclass(frozen=True, slots=True)
class Together:
    """Asks every source about every tick, in order."""

    sources: tuple[SignalSource, ...]

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        """Return what all of them have to say."""
        return tuple(signal for source in self.sources for signal in source.signals(tick))
