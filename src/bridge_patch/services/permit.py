"""Whether a live run may open, by what persons have recorded: asked again and again.

A promotion is for the limits and the market that it names, and an override ends while a run
goes on. So it is not enough to ask at a start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from bridge_patch.domain.events import Book, LatchSet
from bridge_patch.domain.intent import Mode
from bridge_patch.evidence.mandate import Mandate
from bridge_patch.services.holds import DEMOTED, Holds
from bridge_patch.services.ports import Clock

#: What is said when it may open again.
_COVERED = "a promotion covers this run"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What this run needs, and the words that were recorded.

    Where no promotion is `required` a run may open until somebody orders it back to shadow;
    from then on it needs one.
    """

    mandate: Mandate
    limits_hash: str
    market: str
    required: bool
    clock: Clock

    def objection(self) -> str:
        """Return why nothing may be opened; "" where it may."""
        if not (self.required or self.mandate.demoted):
            return ""
        gate = self.mandate.gate(
            Mode.LIVE,
            limits_hash=self.limits_hash,
            market=self.market,
            now_ms=self.clock.now_ms(),
        )
        return "" if gate.passed else gate.why

    def due(self, holds: Holds) -> LatchSet | None:
        """Return the latch by which the account's state follows; None where it does."""
        if holds.book is not Book.ACCOUNT:
            return None  # a shadow run opens nothing at the venue, and goes on judging
        return holds.by_reason(DEMOTED, self.objection(), _COVERED, self.clock.now_ms())
