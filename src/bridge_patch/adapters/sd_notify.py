"""What systemd is told of a service: that its start is through, and that it gets on.

The protocol is sd_notify(3): lines in a datagram to the socket that systemd names. Progress
is told from where work is done, and from nowhere else: a process that is merely there is
killed after `WatchdogSec=` and started again, as after a crash.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final, final

#: What systemd tells a service about this, in its environment.
NAMES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
#: How long a recovery may take: as long as a start, `TimeoutStartSec=` of the units.
RECOVERY_SEC: Final = 900
_USEC: Final = 1_000_000
#: So often within its period the watchdog is told; once is enough, one may get lost.
_TIMES: Final = 4
#: For how long a start waits for room in the socket: it is told once, and must arrive.
_READY_SEC: Final = 5.0


@final
class Watchdog:
    """Whoever watches this process; nobody, where no socket was named.

    Nothing here raises, and progress waits for nobody: what cannot be told must not
    disturb the work.
    """

    def __init__(
        self,
        told: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        told = told or {}
        address = told.get("NOTIFY_SOCKET", "")
        mine = told.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period = told.get("WATCHDOG_USEC", "") if mine else ""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._period_usec = int(period) if period.isdecimal() else 0
        self._now = now
        self._due, self._ready = 0.0, False

    @property
    def watched(self) -> bool:
        """Tell whether somebody is to be told."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """Say that the start, or a recovery, is through; `status` is for `systemctl`."""
        self._ready = True
        lines = ["READY=1", f"STATUS={' '.join(status.split())}"]
        if self._period_usec:
            lines += [f"WATCHDOG_USEC={self._period_usec}", "WATCHDOG=1"]
        self._send(*lines, wait_sec=_READY_SEC)

    def recovering(self) -> None:
        """Ask for as much time as a start may take: everything is read anew."""
        if self._ready and self._period_usec:
            self._send(f"WATCHDOG_USEC={RECOVERY_SEC * _USEC}", "WATCHDOG=1")

    def alive(self) -> None:
        """Say that a loop went round or a piece of work was done; seldom enough."""
        if self._ready and self._period_usec and self._now() >= self._due:
            self._due = self._now() + self._period_usec / _USEC / _TIMES
            self._send("WATCHDOG=1")

    def _send(self, *lines: str, wait_sec: float = 0.0) -> None:
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        try:
            with socket.socket(socket.AF_UNIX, kind) as wire:
                wire.settimeout(wait_sec)
                wire.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return
