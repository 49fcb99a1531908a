"""Wakes the tasks of this process that wait for something another task will write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, final

_T = TypeVar("_T")

#: A look costs some 5 microseconds, so an idle reader uses about half a percent of a core.
_PAUSE_FIRST_SEC = 0.0002
_PAUSE_BUSY_SEC = 0.0015
_PAUSE_IDLE_SEC = 0.005
_BUSY_FOR_SEC = 1.0


@final
class Bell:
    """Rung by who writes, heard by who waits. It belongs to one event loop at a time."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def heard(self, within_sec: float) -> None:
        """Return at the next ring, at the latest after `within_sec`."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.add(waiter)
        alarm = loop.call_later(within_sec, _finish, waiter)
        try:
            await waiter
        finally:
            alarm.cancel()
            self._waiting.discard(waiter)


async def until(
    look: Callable[[], tuple[_T, ...]],
    bell: Bell,
    *,
    wait_ms: int,
    version: Callable[[], int] | None = None,
) -> tuple[_T, ...]:
    """Look until there is something, or `wait_ms` have passed.

    Without `version` only the bell is waited for. With it the world outside this process is
    watched too: often for a second, so that an answer is seen within 2 ms, then gently.
    """
    await asyncio.sleep(0)
    seen = version() if version else 0
    found = look()
    loop = asyncio.get_running_loop()
    started = loop.time()
    pause = _PAUSE_FIRST_SEC
    while not found and (left := started + wait_ms / 1000 - loop.time()) > 0:
        await bell.heard(min(pause, left) if version else left)
        now = version() if version else seen + 1
        if now != seen:
            seen, found = now, look()
        settled = loop.time() - started > _BUSY_FOR_SEC
        pause = min(pause * 1.5, _PAUSE_IDLE_SEC if settled else _PAUSE_BUSY_SEC)
    return found


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
