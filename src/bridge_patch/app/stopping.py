"""A polite stop: the work in hand is finished, nothing new is begun.

Where that takes too long it is broken off at the next wait. A restart finds what a crash at
that place would have left, and goes on from it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Final, final

from bridge_patch.adapters.sd_notify import Watchdog
from bridge_patch.app.settings import told_by_systemd

#: Less than systemd waits before it kills.
STOP_MAX_SEC: Final = 20.0


@final
class Stop:
    """Asked for once, looked at between two pieces of work; `overdue` when broken off.

    Every loop looks here each time it comes round, so `looked` hears of its progress.
    """

    __slots__ = ("_asked", "looked", "overdue", "watchdog")

    def __init__(
        self,
        *,
        asked: bool = False,
        overdue: bool = False,
        watchdog: Watchdog | None = None,
    ) -> None:
        self._asked, self.overdue = asked, overdue
        self.looked: Callable[[], None] | None = None
        self.watchdog = watchdog or Watchdog()

    @property
    def asked(self) -> bool:
        """Tell whether to stop."""
        if self.looked is not None:
            self.looked()
        return self._asked

    @asked.setter
    def asked(self, value: bool) -> None:
        self._asked = value

    @classmethod
    def on_signals(cls, most_sec: float = STOP_MAX_SEC) -> Stop:
        """Return a stop that SIGINT and SIGTERM ask for; a second one ends at once."""
        stop = cls(watchdog=Watchdog(told_by_systemd()))
        loop, work = asyncio.get_running_loop(), asyncio.current_task()

        def break_off() -> None:
            if work is not None and not work.done():
                stop.overdue = True
                work.cancel()

        def ask(number: signal.Signals) -> None:
            stop.asked = True
            loop.remove_signal_handler(number)
            loop.call_later(most_sec, break_off)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ask, number)
        return stop

    def go_on(self) -> bool:
        """Tell whether there is more to do; to ask is the sign that a loop goes round."""
        self.watchdog.alive()
        return not self.asked
