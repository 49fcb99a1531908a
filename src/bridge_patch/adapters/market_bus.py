"""The market between processes: ticks one way, the barrier the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Ack, Bus, Message, Post, Reader
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_GROUP,
    MARKET_TICK,
    REPLAY_BARRIER,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.services.messages import Barrier, DeadLetter

#: How long one look for a message waits before somebody may say that it takes long.
WAIT_MS: Final = 1000
#: A week of minutes: fourteen half-lives of the volatility, and the longest of its windows.
WARM_UP_TICKS: Final = 10_080
_BEGINNING: Final = UnixMs(0)
#: Why an entry of the market stream is set aside.
NO_TICK: Final = "market_tick_not_understood"


@final
class TickPublisher:
    """The feed's side: publishes a tick and waits until all it caused is complete."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._after = ""

    async def last_passed(self) -> Barrier | None:
        """Return the barrier of the newest tick, if any, and follow from there.

        A tick that was published again has a second barrier, which may know of more.
        """
        last: Barrier | None = None
        while found := await self._bus.follow(
            REPLAY_BARRIER, self._after, count=512, wait_ms=0
        ):
            self._after = found[-1].entry_id
            for barrier in (codec.decode_barrier(m.envelope) for m in found):
                if last is None or barrier.at_ms > last.at_ms:
                    last = barrier
        return last

    async def newest_ms(self) -> UnixMs:
        """Return the newest tick on the bus that has bars; 0 where there is none."""
        newest, place = UnixMs(0), ""
        while found := await self._bus.follow(MARKET_TICK, place, count=512, wait_ms=0):
            ticks = [tick for m in found if isinstance(tick := _tick_of(m), Tick)]
            newest = max([newest, *(tick.at_ms for tick in ticks if tick.bars)])
            place = found[-1].entry_id
        return newest

    async def publish(self, tick: Tick) -> None:
        """Put a tick on the bus; one that tells nothing says that the market is over."""
        await self._bus.publish((Post(MARKET_TICK, codec.encode_tick(tick)),))

    async def passed(self, at_ms: UnixMs) -> Barrier | None:
        """Return the barrier of that tick; None when it did not come within a second."""
        for message in await self._bus.follow(
            REPLAY_BARRIER, self._after, count=512, wait_ms=WAIT_MS
        ):
            self._after = message.entry_id
            barrier = codec.decode_barrier(message.envelope)
            if barrier.at_ms >= at_ms:
                return barrier
        return None


@final
class TickReader:
    """The execution's side: one tick at a time, acknowledged together with its barrier."""

    def __init__(self, bus: Bus, *, consumer: str) -> None:
        self._bus = bus
        self._reader = Reader(group=EXECUTION_GROUP, consumer=consumer)
        self._in_hand: Message | None = None

    async def next_tick(self, wait_ms: int) -> Tick | None:
        """Return the next tick, an unfinished one first; None when none came."""
        found = await self._bus.read(self._reader, (MARKET_TICK,), count=1, wait_ms=wait_ms)
        if not found:
            return None
        tick = _tick_of(found[0])
        if isinstance(tick, Unknown):
            await self._set_aside(found[0], tick.why)
            return None
        self._in_hand = found[0]
        return tick

    async def _set_aside(self, message: Message, fault: str) -> None:
        """End what is no tick with a dead letter: it must not stop the ones behind it."""
        refused = message.distrusted
        letter = DeadLetter(
            entry_id=message.entry_id,
            reason=refused.reason if refused else NO_TICK,
            faults=(fault,),
            payload=message.as_it_came.payload or "",
        )
        ack = Ack(MARKET_TICK, message.entry_id)
        post = Post(DEAD_LETTER, codec.encode_dead_letter(letter))
        await self._bus.commit(EXECUTION_GROUP, (ack,), (post,))

    async def before(
        self, since_ms: UnixMs = _BEGINNING, least: int = WARM_UP_TICKS
    ) -> AsyncIterator[Tick]:
        """Yield the ticks on the bus that are older than the one in hand, oldest first.

        At least the newest `least` of them, and all from `since_ms` on; what is older is
        not even read into ticks. With none in hand none is left to be handed out.
        """
        end = self._in_hand.entry_id if self._in_hand else None
        place = await self._start(end, since_ms, least)
        while found := await self._bus.follow(MARKET_TICK, place, count=512, wait_ms=0):
            for message in found:
                if end is not None and message.entry_id >= end:
                    return
                tick = _tick_of(message)
                if not isinstance(tick, Unknown):
                    yield tick
            place = found[-1].entry_id

    async def _start(self, end: str | None, since_ms: UnixMs, least: int) -> str:
        """Return the place behind which everything lies that is asked for."""
        pages: list[tuple[str, UnixMs]] = []
        place, at_ms = "", _BEGINNING
        while found := await self._bus.follow(MARKET_TICK, place, count=512, wait_ms=0):
            first = _tick_of(found[0])
            at_ms = at_ms if isinstance(first, Unknown) else first.at_ms
            pages.append((place, at_ms))
            place = found[-1].entry_id
            if end is not None and place >= end:
                break
        enough = len(pages) - least // 512 - 2
        start = ""
        for page, first_ms in pages[: max(enough, 0)]:
            if first_ms <= since_ms:
                start = page
        return start

    async def done(self, barrier: Barrier) -> None:
        """Acknowledge the tick in hand and let the feed go on, in one transaction."""
        if self._in_hand is None:
            return
        ack = Ack(MARKET_TICK, self._in_hand.entry_id)
        post = Post(REPLAY_BARRIER, codec.encode_barrier(barrier))
        await self._bus.commit(EXECUTION_GROUP, (ack,), (post,))
        self._in_hand = None


def _tick_of(message: Message) -> Tick | Unknown:
    if message.distrusted:
        return Unknown(f"nobody proved to have written it: {message.distrusted.reason}")
    try:
        return codec.decode_tick(message.envelope)
    except InvalidValueError as e:
        return Unknown(str(e))
