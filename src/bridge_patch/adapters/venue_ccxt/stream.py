"""The life of the user stream: a key, a socket, a catch-up, a heartbeat, and again.

Whatever ends it, it is rebuilt, with a pause that grows while it fails; entries wait
meanwhile. Frames come over a plain socket: ccxt's own stream drops the events that say
that the key has expired or that a mode was changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import KEY_DROP, KEY_KEEP, KEY_MAKE, Purpose
from bridge_patch.adapters.venue_ccxt.frames import (
    AccountUpdate,
    ConfigUpdate,
    KeyExpired,
    OrderUpdate,
    read_frame,
)
from bridge_patch.adapters.venue_ccxt.hearing import hear_event
from bridge_patch.adapters.venue_ccxt.liveness import BEAT_MS, KEY_KEEP_MS
from bridge_patch.adapters.venue_ccxt.orders import trade_id_of
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.parts import Parts
from bridge_patch.adapters.venue_ccxt.wire import Wire
from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.services.ports import Telemetry

#: The pause before the first rebuilding, and the longest.
BACKOFF_MS: Final = 500
BACKOFF_MAX_MS: Final = 30_000
#: A socket lives 24 hours; it is left half an hour before.
LIFE_MS: Final = 84_600_000
#: How often the stream is judged.
LOOK_MS: Final = 1_000


class StreamEndedError(BridgeError):
    """The user stream is over, and why; it is rebuilt."""


@final
@dataclass(slots=True)
class UserStream:
    """Keeps one user stream open. `beat` reads the account, `catch_up` what was missed.

    One that is `paced` is looked after by whoever moves the time, and not by itself.
    `heard_ms` is the newest event's time, by the venue's clock.
    """

    parts: Parts
    wire: Wire
    telemetry: Telemetry
    catch_up: Callable[[], Awaitable[bool]]
    beat: Callable[[], Awaitable[object]]
    paced: bool = False
    failures: int = 0
    heard_ms: int = 0
    _opened_ms: int = 0
    _kept_ms: int = 0
    _beaten_ms: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _why: str = ""
    _connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Live for ever; to be cancelled. Whatever raises ends one life, not this."""
        while True:
            (ended,) = await asyncio.gather(self._live(), return_exceptions=True)
            why = _why(ended) if isinstance(ended, Exception) else str(ended)
            self.parts.liveness.lost(why)
            self.telemetry.note("STREAM", "the user stream is rebuilt", why=why)
            pause_ms = min(BACKOFF_MS << min(self.failures, 10), BACKOFF_MAX_MS)
            self.failures += 1
            await self.parts.pause(pause_ms)

    def hear(self, text: str) -> None:
        """Take in one frame."""
        event = read_frame(text)
        self.heard_ms = max(self.heard_ms, event.event_ms)
        parts = self.parts
        if isinstance(event, OrderUpdate | AccountUpdate):
            parts.liveness.heard()
        if isinstance(event, OrderUpdate):
            body = event.order
            parts.liveness.streamed(trade_id_of(Symbol(body.symbol), body.trade_id))
        if isinstance(event, ConfigUpdate):
            parts.modes.forget()
        if isinstance(event, KeyExpired):
            msg = "the listen key has expired"
            raise StreamEndedError(msg)
        hear_event(parts.facts, event)

    async def _live(self) -> str:
        """Live once; return why it is over."""
        self._connected.clear()
        self._ended.clear()
        key = await self.parts.transport.call(KEY_MAKE, {}, purpose=Purpose.PROTECT)
        if not isinstance(key, Accepted):
            return "no listen key could be had"
        both = (
            asyncio.create_task(self._read(key.value.listen_key)),
            asyncio.create_task(self._tend()),
        )
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            ends = await asyncio.gather(*both, return_exceptions=True)
        return next((_why(e) for e in ends if isinstance(e, Exception)), "it ended")

    async def _read(self, key: str) -> None:
        async with aclosing(self.wire.frames(f"/private/ws/{key}")) as frames:
            async for text in frames:
                if text:
                    self.hear(text)
                else:
                    self._connected.set()
        msg = "the socket was closed"
        raise StreamEndedError(msg)

    async def _tend(self) -> None:
        """Catch up, then hold the stream against the venue's records while it lives."""
        await self._connected.wait()
        parts = self.parts
        if not await self.catch_up():
            msg = "what was missed could not be read"
            raise StreamEndedError(msg)
        self._opened_ms = self._kept_ms = self._beaten_ms = parts.transport.now_ms()
        parts.liveness.opened(self._opened_ms)
        await self.beat()  # what later readings are compared with
        self.failures = 0
        if self.paced:
            await self._ended.wait()
            raise StreamEndedError(self._why)
        while True:
            await parts.pause(LOOK_MS)
            await self._look()

    async def look(self) -> None:
        """Look after a paced stream: its time has moved."""
        if self.parts.liveness.since_ms is None:
            return
        try:
            await self._look()
        except StreamEndedError as ended:
            self._why = str(ended)
            self.parts.liveness.lost(self._why)
            self._ended.set()

    async def _look(self) -> None:
        """Do what is due by now; raise StreamEndedError where it does not live any more."""
        parts = self.parts
        now_ms = parts.transport.now_ms()
        if now_ms - self._opened_ms >= LIFE_MS:
            msg = "its day is over"
            raise StreamEndedError(msg)
        if now_ms - self._beaten_ms >= BEAT_MS:
            self._beaten_ms = now_ms
            await self.beat()
        if now_ms - self._kept_ms >= KEY_KEEP_MS:
            self._kept_ms = now_ms
            await self._keep_key()
        alive = parts.liveness.alive_since_ms(parts.transport.now_ms())
        if isinstance(alive, Unknown):
            raise StreamEndedError(alive.why)

    async def _keep_key(self) -> None:
        parts = self.parts
        kept = await parts.transport.call(KEY_KEEP, {}, purpose=Purpose.PROTECT)
        if not isinstance(kept, Accepted):
            msg = "the listen key could not be extended"
            raise StreamEndedError(msg)
        parts.liveness.key_ms = parts.transport.now_ms()

    async def drop_key(self) -> None:
        """Give the key back, at the end of the process."""
        await self.parts.transport.call(KEY_DROP, {}, purpose=Purpose.READ)


def _why(ended: Exception) -> str:
    """Return why the stream ended; what others raise may say too much, so it is named."""
    ours = isinstance(ended, BridgeError)
    return str(ended) if ours else type(ended).__name__
