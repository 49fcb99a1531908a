"""One socket to the exchange's public streams, opened again for as long as it is wanted.

A socket that is open proves nothing: one on which nothing comes for a while is closed and
opened anew, and so is one that is about to reach the age at which the exchange ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, final

from bridge_patch.adapters.feeds.live_rest import web
from bridge_patch.services.ports import Clock, Telemetry

#: Marks come each second: nothing for so long, and nobody is there any more.
SILENCE_MAX_SEC: Final = 10.0
#: The exchange ends a socket after 24 h, in the middle of whatever is going on.
LIFE_MAX_MS: Final = 23 * 3_600_000
PAUSE_FIRST_SEC: Final = 0.5
PAUSE_MAX_SEC: Final = 30.0
_CONNECT_SEC: Final = 10.0
_FRAME_BYTES_MAX: Final = 65_536


@final
@dataclass(slots=True, kw_only=True)
class PublicSocket:
    """Hands every text frame to `heard`; what it missed meanwhile is not its business.

    `session` is an aiohttp.ClientSession. `openings` counts the sockets that were opened.
    """

    session: Any
    url: str
    heard: Callable[[str], None]
    clock: Clock
    telemetry: Telemetry
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    silence_max_sec: float = SILENCE_MAX_SEC
    life_max_ms: int = LIFE_MAX_MS
    openings: int = 0
    _pause_sec: float = PAUSE_FIRST_SEC
    _told: str = ""

    async def follow(self) -> None:
        """Follow the streams until cancelled."""
        while True:
            why = await self._once()
            if why:
                self._lost(why)
                await self.sleep(self._pause_sec)
                self._pause_sec = min(2 * self._pause_sec, PAUSE_MAX_SEC)

    async def _once(self) -> str:
        """Follow one socket to its end; return why it ended, "" where it was only old."""
        http = web()
        timeout = http.ClientWSTimeout(ws_receive=self.silence_max_sec, ws_close=1.0)
        try:
            async with asyncio.timeout(_CONNECT_SEC):
                socket = await self.session.ws_connect(
                    self.url, timeout=timeout, max_msg_size=_FRAME_BYTES_MAX
                )
        except (http.ClientError, TimeoutError, OSError) as e:
            return f"cannot be opened: {type(e).__name__}"
        self.openings += 1
        try:
            return await self._read(socket, self.clock.now_ms() + self.life_max_ms)
        finally:
            await socket.close()

    async def _read(self, socket: Any, old_ms: int) -> str:
        http = web()
        while self.clock.now_ms() < old_ms:
            try:
                frame = await socket.receive()
            except TimeoutError:
                return f"silent for {self.silence_max_sec:.0f} s"
            except (http.ClientError, OSError) as e:
                return f"broken: {type(e).__name__}"
            if frame.type is not http.WSMsgType.TEXT:
                return f"ended: {frame.type.name.lower()}"
            self.heard(frame.data)
            self._well()
        return ""

    def _well(self) -> None:
        self._pause_sec = PAUSE_FIRST_SEC
        if self._told:
            self._told = ""
            self.telemetry.note("MARKET", "the exchange is heard again")

    def _lost(self, why: str) -> None:
        """Say it once, until it is heard again."""
        if self._told != why:
            self._told = why
            self.telemetry.note("MARKET", "the exchange is not heard", why=why)
