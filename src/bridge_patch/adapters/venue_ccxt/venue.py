"""The venue of the ports: one account at Binance USDⓈ-M, one-way and isolated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.account import AccountView
from bridge_patch.adapters.venue_ccxt.catch_up import CatchUp
from bridge_patch.adapters.venue_ccxt.environment import Environment
from bridge_patch.adapters.venue_ccxt.facts import VenueFacts
from bridge_patch.adapters.venue_ccxt.fold import NOBODY
from bridge_patch.adapters.venue_ccxt.instruments import VenueInstruments
from bridge_patch.adapters.venue_ccxt.liveness import Liveness
from bridge_patch.adapters.venue_ccxt.lookup import Lookups
from bridge_patch.adapters.venue_ccxt.modes import Modes
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.pace import Pace
from bridge_patch.adapters.venue_ccxt.parts import TIMED_OUT, Parts
from bridge_patch.adapters.venue_ccxt.place import Placing
from bridge_patch.adapters.venue_ccxt.records import AccountRecords
from bridge_patch.adapters.venue_ccxt.reduce import Reducing
from bridge_patch.adapters.venue_ccxt.rules import Rules
from bridge_patch.adapters.venue_ccxt.stops import Stops
from bridge_patch.adapters.venue_ccxt.stream import UserStream
from bridge_patch.adapters.venue_ccxt.transport import TIMEOUT_MARGIN_MS, Transport
from bridge_patch.adapters.venue_ccxt.wire import Wire, open_wire
from bridge_patch.domain.intent import Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.secret import Secret
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import (
    AccountReading,
    Clock,
    Report,
    Telemetry,
    VenueMemory,
)
from bridge_patch.services.quiet import Quiet

#: The receive window of every signed request: how late an order can still be accepted.
RECV_WINDOW_MS: Final = 3_000
#: How old the venue's clock may be where the account is read: what is judged by it is
#: refused where it is older than the account may be, which is more by what a start checks.
CLOCK_AGE_MAX_MS: Final = 5_000
#: How often, and how many times, a paced stream is looked at for what it owes.
_WAIT_MS: Final = 1
_WAITS_MAX: Final = 5_000


async def _sleep(pause_ms: int) -> None:
    await asyncio.sleep(pause_ms / 1000)


@final
class CcxtVenue:
    """A real venue behind `services.ports.Venue`.

    `begin` opens the user stream and `close` ends it; between the two, what happened is
    handed on by `advance`, or with the report that it belongs to: each thing once.
    Unlike a simulated venue it does not move by ticks: of those it takes funding rates.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        telemetry: Telemetry,
        *,
        recv_window_ms: int = RECV_WINDOW_MS,
        pause: Callable[[int], Awaitable[None]] = _sleep,
        pace: Pace | None = None,
        symbols: Sequence[Symbol] = (),
    ) -> None:
        transport = Transport(wire, clock, recv_window_ms=recv_window_ms)
        self.parts = Parts(
            transport=transport,
            facts=VenueFacts(),
            liveness=Liveness(),
            rules=Rules(transport),
            modes=Modes(transport),
            pause=pause,
        )
        self.instruments = VenueInstruments(transport, self.parts.rules, symbols)
        telemetry = Quiet(telemetry)
        self._wire, self._telemetry = wire, telemetry
        self.lookups = Lookups(self.parts)
        self._placing = Placing(self.parts, self.lookups)
        self._reducing = Reducing(self._placing)
        stops = Stops(self.parts)
        self._account = AccountView(self.parts, stops)
        self._records = AccountRecords(transport)
        self.stream = UserStream(
            parts=self.parts,
            wire=wire,
            telemetry=telemetry,
            catch_up=CatchUp(self.parts, stops).run,
            beat=self._beat,
            paced=pace is not None,
        )
        self._pace = pace
        self._seen: Tick | None = None
        self._life: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Read the venue's clock and rules, and open the user stream.

        Entries wait until it lives.

        A simulator that we pace has no time yet: it begins with the first tick.
        """
        if self._pace is None:
            await self._begin()

    async def _begin(self) -> None:
        await self.parts.transport.sync()
        await self.instruments.keep()
        self._life = asyncio.create_task(self.stream.run(), name="user stream")

    async def close(self) -> None:
        """End the stream and let go of every connection. Resting stops stay."""
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            await asyncio.wait([life])
            await self.stream.drop_key()
        if self._pace is not None:
            await self._pace.close()
        await self._wire.close()

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        return await self._placing.prepare(approved, order_id)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        try:
            return await self._placing.place(approved, order_id)
        finally:
            self._account.forget()

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        try:
            return await self._reducing.reduce(approved, order_id)
        finally:
            self._account.forget()

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        order = self.parts.facts.find(order_id)
        if order is None:  # what is cancelled are stops; this one was never announced to us
            order = self.parts.facts.fold.announce(_stop(symbol, order_id))
        return await self._reducing.cancel(order)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        order = self.parts.facts.find(order_id)
        if order is None or order.symbol != symbol:
            return TIMED_OUT  # nothing says when it left, or whether
        return await self.lookups.find(order)

    async def read(self) -> AccountReading | Unknown:
        await self._catch_up()
        await self.parts.transport.keep_clock(CLOCK_AGE_MAX_MS)
        return await self._account.read()

    async def records(self) -> VenueRecords | Unknown:
        await self._catch_up()
        return await self._records.read()

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        self.see(tick)
        if self._pace is not None and tick.bars:
            await self._play(self._pace, tick)
        for order in self.lookups.reopened():
            self._telemetry.note(
                "VENUE",
                "an order that was closed as never seen is there after all",
                order_id=order.order_id,
                symbol=order.symbol,
            )
            await self.parts.fetch_trades(order)
        return self.parts.facts.take()

    async def _catch_up(self) -> None:
        """Begin a paced simulator with the last tick that was seen."""
        if self._life is None and self._pace is not None and self._seen is not None:
            await self._play(self._pace, self._seen)

    async def _play(self, pace: Pace, tick: Tick) -> None:
        """Let the simulator play a tick, and hear all that it told about it."""
        told = await pace.play(tick)
        if self._life is None:
            await self._begin()
        elif told:
            await self._until(lambda: self.stream.heard_ms > tick.at_ms)
        await self.stream.look()
        await self._until(lambda: not isinstance(self.alive_since_ms(), Unknown))

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Wait for something that comes over the user stream; not for long."""
        for _ in range(_WAITS_MAX):
            if reached():
                return
            await self.parts.pause(_WAIT_MS)

    def see(self, tick: Tick) -> None:
        self._seen = tick
        self.parts.facts.on_tick(tick)

    def restore(self, events: Sequence[VenueMemory]) -> None:
        self.parts.facts.restore(events)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        self.parts.facts.restore(events)

    def alive_since_ms(self) -> UnixMs | Unknown:
        """Return since when the user stream is proved live, or why it is not."""
        alive = self.parts.liveness.alive_since_ms(self.parts.transport.now_ms())
        return alive if isinstance(alive, Unknown) else UnixMs(alive)

    def clock_skew_ms(self) -> int | Unknown:
        """Return the venue's clock less ours, or that it was not read."""
        skew_ms = self.parts.transport.skew_ms
        return Unknown("the venue's clock was not read") if skew_ms is None else skew_ms

    def clock_read_ms(self) -> UnixMs:
        """Return when that was so, by our clock."""
        return self.parts.transport.skew_read_ms

    def foreign_orders(self) -> int:
        """Return how many orders were seen that are not ours."""
        return len(self.parts.facts.foreign)

    async def _beat(self) -> None:
        """Compare the account with what the stream told; keep clock and rules known."""
        self._account.forget()
        await self._account.read()
        if self.parts.agreement.is_due(self.parts.transport.now_ms()):
            await self.stream.catch_up()
        await self.instruments.keep()


def open_venue(
    environment: Environment,
    key: Secret,
    secret: Secret,
    *,
    clock: Clock,
    telemetry: Telemetry,
    pace: Pace | None = None,
    symbols: Sequence[Symbol] = (),
) -> CcxtVenue:
    """Return the venue of an environment, not begun yet. `pace` moves a simulator.

    `symbols` are those whose rules are read for the Governor.

    Raises MissingExtraError where the client library is not installed.
    """
    timeout_ms = RECV_WINDOW_MS + TIMEOUT_MARGIN_MS
    wire = open_wire(environment, key, secret, timeout_ms=timeout_ms)
    return CcxtVenue(wire, clock, telemetry, pace=pace, symbols=symbols)


def _stop(symbol: Symbol, order_id: ClientOrderId) -> OrderFacts:
    """Return a stop of which only the id is known."""
    return OrderFacts(
        order_id=order_id,
        intent_id=NOBODY,
        leg=Leg.STOP,
        symbol=symbol,
        side=Side.SELL,
        quantity_base=ZERO,
    )
