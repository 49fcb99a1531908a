"""Wakes the tasks of this process that wait for something another task will write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar, final

_T = TypeVar("_T")

#: The world outside is looked at often for a second after the last news, so that an answer
#: is seen within 2 ms, and then gently: 200 looks a second are some 2 % of a core.
_PAUSE_FIRST_SEC: Final = 0.0002
_PAUSE_BUSY_SEC: Final = 0.0015
_PAUSE_IDLE_SEC: Final = 0.005
_BUSY_FOR_SEC: Final = 1.0


@final
class Bell:
    """Rung by who writes, heard by who waits. It belongs to one event loop at a time."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._stirred_sec = 0.0

    def stir(self) -> None:
        """Note that something happened: more may follow soon."""
        self._stirred_sec = monotonic()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        self.stir()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def idle(self) -> bool:
        """Return whether nothing has happened for a while."""
        return monotonic() - self._stirred_sec > _BUSY_FOR_SEC

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
    watched too; a number that has changed is worth a look.
    """
    await asyncio.sleep(0)
    seen = version() if version and wait_ms > 0 else 0
    found = look()
    ends = monotonic() + wait_ms / 1000
    pause = _PAUSE_FIRST_SEC
    while not found and (left := ends - monotonic()) > 0:
        await bell.heard(min(pause, left) if version else left)
        now = version() if version else seen + 1
        if now != seen:
            seen, found = now, look()
        pause = _PAUSE_IDLE_SEC if bell.idle() else min(pause * 1.5, _PAUSE_BUSY_SEC)
    if found:
        bell.stir()
    return found


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
