"""Sits out an outage of bus or journal: nothing is acted on, and nothing is forgotten.

What a process holds in memory may be ahead of what became durable. So it lets go of all of
it and begins again from journal and bus, as after a crash, until that succeeds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.errors import FencedError, OutageError

PAUSE_FIRST_SEC: Final = 1.0
PAUSE_MAX_SEC: Final = 15.0
_SLICE_SEC: Final = 0.25


def _unheard(_: str) -> None:
    return


@final
@dataclass(slots=True, kw_only=True)
class Outage:
    """Knows whether there is one; `say` keeps it where `status` finds it.

    It is `displaced` from the moment another process acts in its place: it waits then, and
    lacks nothing.
    """

    telemetry: LogTelemetry
    say: Callable[[str], None] = _unheard
    why: str = ""
    displaced: bool = False
    _begun: bool = False
    _pause_sec: float = PAUSE_FIRST_SEC

    def well(self) -> None:
        """Note that work was done, and so that an outage is over."""
        self._begun, self.displaced = True, False
        if self.why:
            self.why, self._pause_sec = "", PAUSE_FIRST_SEC
            self.telemetry.note("HEALTH", "the store works again: going on where it ended")
            self.say("")

    async def outlast(
        self,
        attempt: Callable[[], Awaitable[None]],
        stop: Stop,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Run `attempt` to its end, anew after every outage; at the start fail instead."""
        while stop.go_on():
            stop.watchdog.recovering()
            try:
                return await attempt()
            except FencedError as error:
                self.why, self.displaced = str(error), True
                self.telemetry.note("STANDBY", "no longer the one that acts", why=self.why)
                continue
            except asyncio.CancelledError:
                if not stop.overdue:
                    raise
                self.telemetry.note(
                    "HEALTH", "stopped within a piece of work, as by a crash"
                )
                return None
            except OutageError as error:
                if not self._begun:
                    raise
                self._met(error)
            await self._pause(stop, sleep)
        return None

    def _met(self, error: OutageError) -> None:
        """Say what is wrong, once for each reason."""
        self.displaced = False
        if str(error) == self.why:
            return
        self.why = str(error)
        self.telemetry.note(
            "HEALTH",
            "nothing can be recorded: no entries, reductions are tried again,"
            " stops at the venue hold",
            why=self.why,
        )
        self.say(self.why)

    async def _pause(self, stop: Stop, sleep: Callable[[float], Awaitable[None]]) -> None:
        left = self._pause_sec
        self._pause_sec = min(2 * self._pause_sec, PAUSE_MAX_SEC)
        while left > 0 and stop.go_on():
            await sleep(min(left, _SLICE_SEC))
            left -= _SLICE_SEC
