"""An exit brain over a bus, for whichever process decides on exits."""

from __future__ import annotations

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.inbox import BusOutbox, BusOutcomes
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.ports import Instruments, Telemetry
from bridge_patch.services.quiet import Quiet


def exits_here(bus: Bus, instruments: Instruments, telemetry: Telemetry) -> ExitBrain:
    """Return an exit brain that lives in this process."""
    return ExitBrain(
        outcomes=BusOutcomes(bus, telemetry),
        outbox=BusOutbox(bus),
        instruments=instruments,
        telemetry=Quiet(telemetry),
    )
