"""Plays the data by the wall clock: N times as fast, until it ends or is told to stop.

The exchange's clock goes on between bars too, so that its time is as smooth as a clock's
and not as coarse as a candle. Bars are known at their close. `shifted` moves the data to
today: clients that sign with the wall clock and never ask for the exchange's time are
outside of every recvWindow in last year's May.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from bridge_patch.app.binance_server.serve import Server
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Tick

_STEP_SEC: Final = 0.05
_MINUTE_MS: Final = 60_000


def shifted(ticks: Iterable[Tick], to_ms: int) -> Iterator[Tick]:
    """Yield the ticks as if the first came at the last whole minute before `to_ms`."""
    by: int | None = None
    for tick in ticks:
        if by is None:
            by = (to_ms - tick.at_ms) // _MINUTE_MS * _MINUTE_MS
        yield Tick(
            at_ms=_later(tick.at_ms, by),
            bars=tuple(
                replace(b, open_ms=_later(b.open_ms, by), close_ms=_later(b.close_ms, by))
                for b in tick.bars
            ),
            fundings=tuple(replace(f, at_ms=_later(f.at_ms, by)) for f in tick.fundings),
            terms=tuple(replace(t, at_ms=_later(t.at_ms, by)) for t in tick.terms),
        )


def _later(at_ms: UnixMs, by_ms: int) -> UnixMs:
    return UnixMs(at_ms + by_ms)


async def keep_pace(server: Server, speed: float, stop: Stop) -> None:
    """Advance the data by `speed` times what passed on the wall clock, in small steps."""
    start_ms, begun = server.core.now_ms, time.monotonic()
    while not stop.asked and server.control.next_ms is not None:
        await asyncio.sleep(_STEP_SEC)
        passed_ms = (time.monotonic() - begun) * 1000 * speed
        await server.advance(start_ms + int(passed_ms))


async def wait_for_stop(stop: Stop) -> None:
    """Wait until told to stop; whoever drives the exchange does so through its surface."""
    while not stop.asked:  # noqa: ASYNC110 - a stop is looked at, as everywhere
        await asyncio.sleep(_STEP_SEC)
