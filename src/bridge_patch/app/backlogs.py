"""The watch over what waits on the bus, as the settings bound it."""

from __future__ import annotations

from bridge_patch.adapters.inbox import BusInbox
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.settings import Settings
from bridge_patch.services.backlog import BacklogLimits, BacklogWatch
from bridge_patch.services.ports import Clock, Telemetry


def backlog_watch(
    settings: Settings, depths: BusInbox, telemetry: Telemetry, clock: Clock
) -> BacklogWatch:
    """Return what raises the alarm where too much waits, or waits for too long."""
    return BacklogWatch(
        depths=depths,
        limits=BacklogLimits(
            entries_max=settings.backlog_alarm_entries,
            age_max_sec=settings.backlog_alarm_age_sec,
        ),
        telemetry=telemetry,
        wall=SystemClock(),
        clock=clock,
    )
