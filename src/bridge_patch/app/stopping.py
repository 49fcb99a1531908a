"""A polite stop: the work in hand is finished, nothing new is begun."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import final


@final
@dataclass(slots=True)
class Stop:
    """Asked for once, looked at between two pieces of work."""

    asked: bool = False

    @classmethod
    def on_signals(cls) -> Stop:
        """Return a stop that SIGINT and SIGTERM ask for; a second one ends at once."""
        stop = cls()
        loop = asyncio.get_running_loop()

        def ask(number: signal.Signals) -> None:
            stop.asked = True
            loop.remove_signal_handler(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ask, number)
        return stop
