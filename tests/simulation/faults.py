"""What else goes wrong with disk, line, clock and venue, and a witness at its door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bridge_patch.adapters.bus import Ack, Bus, Depth, Message, Post, Reader
from bridge_patch.adapters.streams import CONTROL, TRADE_INTENT
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.errors import OutageError
from bridge_patch.domain.events import Event, Resolved
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs, Unknown
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import (
    AccountReading,
    Journal,
    Report,
    Stored,
)
from bridge_patch.services.session import DataClock
from tests.simulation.chaos import Chaos
from tests.simulation.rig import MINUTE_MS, NOON_MS
from tests.simulation.tap import Call, refusal
from tests.simulation.through import Through

#: A clock that a slow disk pushed stays before the next minute.
LATEST_MS: Final = MINUTE_MS - 5_000


@dataclass
class JumpyClock:
    """The machine's clock: somebody sets it, forward and back."""

    at_ms: UnixMs = NOON_MS

    def now_ms(self) -> UnixMs:
        return self.at_ms

    def jump(self, chaos: Chaos) -> None:
        """Go on, and sometimes elsewhere."""
        by_ms = MINUTE_MS
        if chaos.strikes("clock jump"):
            by_ms = chaos.rng.choice((-1, 1)) * chaos.rng.randrange(3_600_000)
        self.at_ms = UnixMs(self.at_ms + by_ms)


@dataclass
class Disk:
    """A journal's disk: full for a while, slow, or cut off in the very commit."""

    chaos: Chaos
    inner: Journal
    full_for: int = 0
    clock: DataClock | None = None

    async def append(self, events: Sequence[Event]) -> None:
        if self.full_for or self.chaos.strikes("disk full"):
            self.full_for = self.full_for - 1 if self.full_for else 3
            msg = "no room on the disk"
            raise OutageError(msg)
        if self.clock and self.chaos.strikes("disk slow"):
            now_ms = self.clock.now_ms()
            until_ms = now_ms + self.chaos.rng.randrange(12_000)
            latest_ms = now_ms // MINUTE_MS * MINUTE_MS + LATEST_MS
            self.clock.set(UnixMs(max(now_ms, min(until_ms, latest_ms))))
        await self.inner.append(events)
        if self.chaos.strikes("commit unheard"):
            msg = "the store went away in a commit"
            raise OutageError(msg)

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        return await self.inner.history(intent_id)

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        return self.inner.read(after_seq)


@dataclass
class Line:
    """A connection to the bus: it breaks before or after a call, and hands as it likes."""

    chaos: Chaos
    connect: Callable[[], Bus]
    inner: Bus = field(init=False)

    def __post_init__(self) -> None:
        self.inner = self.connect()

    def again(self) -> None:
        """Have another connection in the same process: what was in hand comes back."""
        if self.chaos.strikes("connection replaced"):
            self.inner = self.connect()

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        self._broken("bus lost")
        ids = await self.inner.publish(posts)
        self._broken("bus reply lost")
        return ids

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        if CONTROL in streams and self.chaos.strikes("orders unreadable"):
            raise ConnectionResetError
        self._broken("bus lost")
        ours = TRADE_INTENT in streams
        if ours and self.chaos.strikes("short read"):
            count = self.chaos.rng.choice((1, 2))
        found = await self.inner.read(reader, streams, count=count, wait_ms=wait_ms)
        self._broken("bus reply lost")
        if ours and len(found) > 1 and self.chaos.strikes("reordered"):
            found = tuple(self.chaos.rng.sample(found, len(found)))
        return found

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        self._broken("bus lost")
        await self.inner.commit(group, acks, posts)
        self._broken("bus reply lost")

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        self._broken("bus lost")
        return await self.inner.follow(stream, after_id, count=count, wait_ms=wait_ms)

    async def peek(self, stream: str, after_id: str) -> Message | None:
        self._broken("bus lost")
        return await self.inner.peek(stream, after_id)

    async def depth(self, stream: str, group: str) -> Depth:
        return await self.inner.depth(stream, group)

    def _broken(self, how: str) -> None:
        if self.chaos.strikes(how):
            raise OutageError(how)


@dataclass
class Witness(Through):
    """Stands between us and the venue's troubles, and writes down what must never be.

    What it saw is kept in `wrongs`: an error here would be taken for the venue's.
    """

    paper: PaperVenue
    journal: Journal
    chaos: Chaos
    mode: Mode
    wrongs: list[str]

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        if self.mode is not Mode.LIVE:
            self.wrongs.append(f"shadow opens nothing: {order_id} was placed")
        await self._sent(approved.intent_id, approved.symbol, order_id)
        if self.chaos.strikes("refused"):
            return self._refused("place", approved.symbol, order_id)
        return await self.inner.place(approved, order_id)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        await self._sent(approved.intent_id, approved.symbol, order_id)
        if self.chaos.strikes("refused"):
            return self._refused("reduce", approved.symbol, order_id)
        return await self.inner.reduce(approved, order_id)

    async def read(self) -> AccountReading | Unknown:
        if self.chaos.strikes("venue silent"):
            return Unknown("the venue is silent")
        return await self.inner.read()

    async def _sent(
        self, intent_id: IntentId, symbol: Symbol, order_id: ClientOrderId
    ) -> None:
        """See that an order is sent once, and never once its fate was not known."""
        if self.paper._exchange.ledger.order_state(symbol, order_id) is not None:
            self.wrongs.append(f"sent once: the venue had {order_id} already")
        for event in await self.journal.history(intent_id):
            match event:
                case Resolved(order_id=known, event=OrderEvent.TIMED_OUT):
                    if known == order_id:
                        self.wrongs.append(f"never resent: {order_id} was unknown")
                case _:
                    pass

    def _refused(self, name: str, symbol: Symbol, order_id: ClientOrderId) -> Report:
        told = refusal(symbol, Call(name, order_id))
        return Report(event=OrderEvent.REJECTED, events=(told,))
