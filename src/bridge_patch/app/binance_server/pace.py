"""Plays the data by the wall clock: N times as fast, until it ends or is told to stop.

The exchange's clock goes on between bars too, so that its time is as smooth as a clock's
and not as coarse as a candle. Bars are known at their close.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bridge_patch.app.binance_server.control import Control
from bridge_patch.app.binance_server.serve import Server
from bridge_patch.app.stopping import Stop

_STEP_SEC: Final = 0.05


async def keep_pace(server: Server, control: Control, speed: float, stop: Stop) -> None:
    """Advance the data by `speed` times what passed on the wall clock, in small steps."""
    start_ms, begun = control.core.now_ms, time.monotonic()
    while not stop.asked and control.next_ms is not None:
        await asyncio.sleep(_STEP_SEC)
        passed_ms = (time.monotonic() - begun) * 1000 * speed
        await server.advance(start_ms + int(passed_ms))


async def wait_for_stop(stop: Stop) -> None:
    """Wait until told to stop; whoever drives the exchange does so through its surface."""
    while not stop.asked:  # noqa: ASYNC110 - a stop is looked at, as everywhere
        await asyncio.sleep(_STEP_SEC)
