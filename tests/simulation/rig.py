"""A world for tests: what outlives a process, and processes to be started in it.

Everything is the real thing: streams, journal, paper venue, wiring. A process is a Session
that `start` puts together as `run` does; starting another one is what a restart is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Bus, Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import (
    ManualClock,
    MemoryBus,
    MemoryJournal,
    MemoryStreams,
)
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    POSITION_UPDATE,
    TRADE_INTENT,
)
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import Event, Settled
from bridge_patch.domain.intent import Mode, Symbol, UnixMs
from bridge_patch.domain.market import Bar, FundingTerms, Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.engine import Engine
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.messages import DeadLetter, Draft, PositionUpdate, Result
from bridge_patch.services.ports import Clock, Journal, Telemetry, Venue
from bridge_patch.services.session import Session
from tests.simulation.roomy import ROOMY as ROOMY  # noqa: PLC0414 - part of the rig
from tests.simulation.tap import Tap

D = Decimal
BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
MINUTE_MS = 60_000
DAY_MS = 24 * 3600 * 1000
#: Noon, so that a day's change comes when a test wants it.
NOON_MS = UnixMs(1_746_360_000_000)
#: More than the two hours that volatility needs.
CALM = 130
#: Close to close, so that annualised volatility is about 50 %.
WOBBLE = D("0.0007")
PRICES = {BTC: D(95_000), SOL: D(150)}

#: A policy that leaves a position alone for two hours.
PATIENT = {"mode": "swing", "trail_pct": 20, "max_time_sec": 7200}
_T = TypeVar("_T")
_E = TypeVar("_E")


class Silence:
    """Telemetry for nobody."""

    def tell(self, event: Event) -> None: ...

    def published(self, draft: Draft) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None: ...


def minute(n: int) -> UnixMs:
    """The close of the n-th bar."""
    return UnixMs(NOON_MS + n * MINUTE_MS)


def bar(
    symbol: Symbol,
    n: int,
    close: Decimal | int | str,
    *,
    open_: Decimal | int | str | None = None,
    high: Decimal | int | str | None = None,
    low: Decimal | int | str | None = None,
) -> Bar:
    """The n-th bar; what is not said follows from the close."""
    last = D(close)
    first = last if open_ is None else D(open_)
    return Bar(
        symbol=symbol,
        open_ms=minute(n - 1),
        close_ms=minute(n),
        open=first,
        high=max(first, last, last if high is None else D(high)),
        low=min(first, last, last if low is None else D(low)),
        close=last,
        volume=D(1_000),
    )


def tick(n: int, *bars: Bar) -> Tick:
    return Tick(at_ms=minute(n), bars=bars, terms=tuple(uncharged(b) for b in bars))


def uncharged(one: Bar) -> FundingTerms:
    """A venue that charges nothing for holding."""
    return FundingTerms(
        symbol=one.symbol, rate_fraction=D(0), interval_ms=0, at_ms=one.close_ms
    )


def at(n: int, prices: dict[Symbol, Any]) -> Tick:
    """A tick at which every symbol closes at its price."""
    return tick(n, *(bar(symbol, n, close) for symbol, close in prices.items()))


def calm(symbols: Sequence[Symbol] = (BTC,), minutes: int = CALM) -> Iterator[Tick]:
    """A market that wobbles around its price; it ends exactly there."""
    for n in range(1, minutes + 1):
        up = (minutes - n) % 2
        yield at(n, {s: PRICES[s] * (1 + up * WOBBLE) for s in symbols})


@dataclass
class World:
    """What survives the death of a process: the bus, the journal, nothing else."""

    mode: Mode = Mode.LIVE
    env: dict[str, str] = field(default_factory=dict)
    streams: MemoryStreams = field(default_factory=MemoryStreams)
    wall: Clock = field(default_factory=lambda: ManualClock(NOON_MS))
    journal: MemoryJournal = field(init=False)

    def __post_init__(self) -> None:
        self.journal = MemoryJournal(run_id="run-1", clock=self.wall)

    def venue(self) -> PaperVenue:
        return PaperVenue(wallet_usd=D(10_000), instruments=ListedInstruments())

    def start(
        self,
        mode: Mode | None = None,
        *,
        bus: Callable[[Bus], Bus] = lambda bus: bus,
        journal: Callable[[Journal], Journal] = lambda journal: journal,
        venue: Callable[[PaperVenue], Venue] = lambda venue: venue,
        telemetry: Telemetry | None = None,
        engine: Callable[[Session, Bus], Engine] | None = None,
    ) -> Session:
        """Start a process: everything is put together anew from journal and bus."""
        run = Run(
            settings=load_settings(self.env),
            mode=mode or self.mode,
            feed="scripted",
            telemetry=telemetry or Silence(),
        )
        connection = bus(MemoryBus(self.streams, self.wall))
        ports = Ports(
            bus=connection,
            journal=journal(self.journal),
            venue=venue(self.venue()),
            run_id="run-1",
        )
        session = assemble(run, ports)
        if engine is not None:
            session.engine = engine(session, connection)
        return session

    async def send(self, payload: str | dict[str, Any], **envelope: str) -> None:
        """Put a message on the bus as any proposer could."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        fields = {"event_type": "trade.intent", "timestamp": iso_of(NOON_MS)}
        fields |= {"source": "test", "payload": text} | envelope
        post = Post(TRADE_INTENT, Envelope(tuple(fields.items())))
        await MemoryBus(self.streams, self.wall).publish((post,))

    def events(self, kind: type[_E]) -> list[_E]:
        """Everything of one kind in the journal, oldest first."""
        return [s.event for s in self.journal.read() if isinstance(s.event, kind)]

    def results(self) -> list[Result]:
        return [codec.decode_result(e) for e in self._on(EXECUTION_RESULT)]

    def outcome(self, intent_id: str) -> Settled:
        """The one outcome of an intent."""
        (found,) = [
            r for r in self.results() if isinstance(r, Settled) and r.intent_id == intent_id
        ]
        return found

    def positions(self) -> list[PositionUpdate]:
        return [codec.decode_position(e) for e in self._on(POSITION_UPDATE)]

    def dead(self) -> list[DeadLetter]:
        return [one for e in self._on(DEAD_LETTER) for one in codec.decode_dead_letters(e)]

    async def unfinished(self) -> int:
        """How many intents have no outcome yet."""
        bus = MemoryBus(self.streams, self.wall)
        depth = await bus.depth(TRADE_INTENT, EXECUTION_GROUP)
        return depth.lag + depth.pending

    def _on(self, stream: str) -> list[Envelope]:
        return [self.streams.get(n).envelope for n in self.streams.numbers[stream]]


def intent(
    name: str,
    n: int,
    *,
    symbol: Symbol = BTC,
    action: str = "BUY",
    margin: Any = 400,
    leverage: Any = 10,
    **more: Any,
) -> dict[str, Any]:
    """An entry made at the n-th minute, as a proposer writes it."""
    return {
        "schema": "1.2",
        "intent_id": name,
        "symbol": symbol,
        "action": action,
        "confidence": 0.9,
        "timestamp": iso_of(minute(n)),
        "position_size_usd": margin,
        "leverage": leverage,
        "stop_loss_pct": 2,
        "harvest_policy": PATIENT,
    } | more


def close(name: str, n: int, *, symbol: Symbol = BTC, **more: Any) -> dict[str, Any]:
    """A wish to be out, made at the n-th minute."""
    return {
        "schema": "1.2",
        "intent_id": name,
        "symbol": symbol,
        "action": "CLOSE",
        "confidence": 1,
        "timestamp": iso_of(minute(n)),
    } | more


async def play(
    session: Session,
    ticks: Iterable[Tick],
    before: Callable[[Tick], Awaitable[None]] | None = None,
) -> None:
    """Play a market from its beginning, as `run` does."""
    for one in ticks:
        if one.at_ms < session.resumed_ms:
            await session.warm_up(one)
            continue
        if before is not None:
            await before(one)
        await session.on_tick(one)


async def ready(world: World, symbols: Sequence[Symbol] = (BTC,), **wraps: Any) -> Session:
    """Start a process and show it a calm market, so that entries are possible."""
    session = world.start(**wraps)
    await play(session, calm(symbols))
    return session


def reserved_usd(
    of: Session | Ledger, besides: ClientOrderId | None = None
) -> tuple[Decimal, Decimal]:
    """Notional and margin held for orders in doubt."""
    ledger = of.recorder.ledger if isinstance(of, Session) else of
    sums = ledger.budget.reserved(besides)
    return sums.long_usd + sums.short_usd, sums.margin_usd


def run(scenario: Awaitable[_T]) -> _T:
    async def main() -> _T:
        return await scenario

    return asyncio.run(main())


async def tapped(
    world: World, symbols: Sequence[Symbol] = (BTC,), **wraps: Any
) -> tuple[Session, Tap]:
    """A process that is ready, with an ear at its venue."""
    session = await ready(world, symbols, venue=Tap, **wraps)
    assert isinstance(session.keeper.venue, Tap)
    return session, session.keeper.venue


async def ask(world: World, session: Session, *messages: str | dict[str, Any]) -> None:
    """Put messages on the bus and let the process handle what is there."""
    for message in messages:
        await world.send(message)
    await session.execution.drain()
