"""What things are called in the report, each worded once."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from bridge_patch.app import in_force
from bridge_patch.app.report.material import Phase, Role
from bridge_patch.domain.events import Verdict
from bridge_patch.domain.intent import Mode, Side
from bridge_patch.evidence.trades import ExitReason

LABELS: Final = MappingProxyType(
    {
        Role.ASKED: "as asked",
        Role.GOVERNED: "as governed",
        Role.BASELINE: "at constant size",
    }
)
VERDICTS: Final = MappingProxyType(
    {
        Verdict.ACCEPT: "accepted as asked",
        Verdict.CLAMP: "made smaller",
        Verdict.REJECT: "refused",
    }
)
DIRECTIONS: Final = MappingProxyType({Side.BUY: "long", Side.SELL: "short"})
#: What each way out means, for the line under the pictures of positions.
EXITS: Final = MappingProxyType(
    {
        ExitReason.PART: "part closed",
        ExitReason.TRAIL: "trailing stop filled",
        ExitReason.STOP: "hard stop filled",
        ExitReason.TIME: "held as long as its policy allows",
        ExitReason.CLOSE: "closed on request",
        ExitReason.OPPOSED: "reduced by an entry on the other side",
        ExitReason.LIQUIDATION: "liquidated by the venue",
    }
)


def is_simulated(phase: Phase) -> bool:
    """Tell whether the phase touched nobody's money."""
    return phase.mode is Mode.SHADOW or in_force.is_simulated(phase.run)


def mode_words(phase: Phase) -> str:
    """Return what a phase was, with where its orders went."""
    if phase.mode is Mode.SHADOW:
        return "shadow: nothing sent"
    venue = phase.run.venue
    return f"live on {venue}: simulated" if is_simulated(phase) else "live: real orders"
