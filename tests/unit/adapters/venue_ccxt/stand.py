"""The adapter against the simulated exchange in one process, on a clock that is moved.

`CoreWire` stands where ccxt and HTTP stand: it signs each call as ccxt does and hands it to
the exchange's core. Time passes where a test, a pause or a lost reply says so.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from hmac import new as hmac
from typing import TypeVar
from urllib.parse import urlencode

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.venue_ccxt.outcome import Answer, NoReply, NothingSent, Reply
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue
from bridge_patch.app.binance_server.conditions import AccountSetting, Conditions
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.core import CREDENTIALS, Core
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.app.binance_server.streams import Connection
from bridge_patch.app.binance_server.wire import Ending, Request
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import Filled, VenueEvent
from bridge_patch.services.messages import Draft
from bridge_patch.services.ports import Report
from tests.contracts.approvals import BTC, SOL, entry_approval, reduction_approval
from tests.questions import NOW

D = Decimal
T = TypeVar("T")
TIMEOUT_MS = 4_000

#: What ccxt makes of the names that the adapter calls, in ccxt 4.5.90.
PATHS = {
    "Order": "v1/order",
    "OpenOrders": "v1/openOrders",
    "AlgoOrder": "v1/algoOrder",
    "OpenAlgoOrders": "v1/openAlgoOrders",
    "AllAlgoOrders": "v1/allAlgoOrders",
    "UserTrades": "v1/userTrades",
    "Income": "v1/income",
    "Leverage": "v1/leverage",
    "LeverageBracket": "v1/leverageBracket",
    "SymbolConfig": "v1/symbolConfig",
    "PositionSideDual": "v1/positionSide/dual",
    "MultiAssetsMargin": "v1/multiAssetsMargin",
    "PositionRisk": "v3/positionRisk",
    "Account": "v3/account",
    "PremiumIndex": "v1/premiumIndex",
    "Time": "v1/time",
    "ExchangeInfo": "v1/exchangeInfo",
    "ListenKey": "v1/listenKey",
}


def route_of(name: str) -> tuple[str, str]:
    """The HTTP method and path of a call by ccxt's name."""
    rest = name.removeprefix("fapiPrivate").removeprefix("fapiPublic").removeprefix("V3")
    for verb in ("Get", "Post", "Put", "Delete"):
        if rest.startswith(verb):
            return verb.upper(), f"/fapi/{PATHS[rest.removeprefix(verb)]}"
    raise AssertionError(name)


@dataclass
class Sent:
    """A call that reached the exchange."""

    method: str
    path: str
    params: dict[str, str]


@dataclass
class CoreWire:
    """A wire without a network. `unreachable` refuses connections.

    `instead` may answer in the exchange's place; what it lets pass is None.
    """

    core: Core
    clock: ManualClock
    after: Callable[[], None] = lambda: None
    sent: list[Sent] = field(default_factory=list)
    unreachable: bool = False
    connection: Connection | None = None
    closed: bool = False
    instead: Callable[[Sent], Answer | None] = lambda _: None

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        await asyncio.sleep(0)
        if self.unreachable:
            return NothingSent("ClientConnectorError")
        verb, path = route_of(method)
        text = urlencode(params)
        if "timestamp" in params:
            signature = hmac(CREDENTIALS.secret.encode(), text.encode(), sha256)
            text = f"{text}&signature={signature.hexdigest()}"
        in_query = verb in {"GET", "DELETE"}
        self.core.advance(self.clock.now_ms())
        sent = Sent(verb, path, dict(params))
        self.sent.append(sent)
        answer = self.instead(sent)
        if answer is not None:
            return answer
        reply = self.core.handle(
            Request(
                method=verb,
                path=path,
                query=text if in_query else "",
                body="" if in_query else text,
                api_key=CREDENTIALS.api_key,
            )
        )
        self.after()
        if reply.ending is Ending.SILENT or reply.delay_ms > TIMEOUT_MS:
            self.pass_ms(TIMEOUT_MS)
            return NoReply("TimeoutError")
        if reply.ending is not Ending.WHOLE:
            return NoReply("ServerDisconnectedError")
        self.pass_ms(reply.delay_ms)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = reply.body.decode(errors="replace")
        return Reply(status=reply.status, body=body, headers=headers)

    async def frames(self, path: str) -> AsyncGenerator[str, None]:
        connection = self.core.connect(path)
        assert connection is not None
        self.connection = connection
        yield ""
        while connection.open:
            for frame in connection.take():
                yield frame
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.closed = True

    def pass_ms(self, time_ms: int) -> None:
        self.clock.set(UnixMs(self.clock.now_ms() + time_ms))
        self.core.advance(self.clock.now_ms())


class Notes:
    """A telemetry that keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def tell(self, event: Event) -> None:
        pass

    def published(self, draft: Draft) -> None:
        pass

    def note(self, area: str, message: str, **facts: object) -> None:
        self.notes.append(f"{area}: {message} {facts}")


class Stand:
    """One exchange, one adapter, one clock; `streaming` lets events arrive."""

    def __init__(
        self, *, wallet_usd: str = "10000", streaming: bool = True, at_ms: int = NOW
    ) -> None:
        self.clock = ManualClock(UnixMs(at_ms))
        symbols = (BTC, SOL, Symbol("ETHUSDT"))
        self.core = Core(symbols=symbols, wallet_usd=D(wallet_usd))
        self.streaming = streaming
        self.wire = CoreWire(self.core, self.clock, after=self._after)
        self.notes = Notes()
        self.stream: Connection | None = None
        self.core.tick(self.tick("95000"))
        kinds = dict.fromkeys(symbols, "ISOLATED")
        set_account(self.core, AccountSetting(margin_types=kinds))  # type: ignore[arg-type]
        self.venue = self.make()

    def make(self) -> CcxtVenue:
        """Another adapter of the same account, as after a restart."""
        return CcxtVenue(self.wire, self.clock, self.notes, pause=self.pause)

    async def begin(self) -> None:
        """Do by hand what the stream's task does: key, socket, catch-up."""
        parts = self.venue.parts
        await parts.transport.sync()
        await self.wire.send("fapiPrivatePostListenKey", {})
        key = self.core.venue.modes.listen_key
        self.stream = self.core.connect(f"/private/ws/{key}")
        assert await self.venue.stream.catch_up()
        parts.liveness.opened(self.clock.now_ms())

    async def pause(self, time_ms: int) -> None:
        self.wire.pass_ms(time_ms)
        self._after()
        await asyncio.sleep(0)

    def pump(self) -> None:
        """Hand over the frames that wait."""
        for frame in self.stream.take() if self.stream else ():
            self.venue.stream.hear(frame)

    def tick(self, price: str, low: str | None = None, high: str | None = None) -> Tick:
        """One bar of BTC of the last minute, closing now."""
        at_ms = self.clock.now_ms()
        bar = Bar(
            symbol=BTC,
            open_ms=UnixMs(at_ms - 60_000),
            close_ms=at_ms,
            open=D(price),
            high=D(high or price),
            low=D(low or price),
            close=D(price),
            volume=D(1_000_000),
        )
        return Tick(at_ms=at_ms, bars=(bar,))

    def move(self, price: str, minutes: int = 1, low: str | None = None) -> None:
        """Let the market go to a price."""
        self.wire.pass_ms(minutes * 60_000)
        self.core.tick(self.tick(price, low=low))
        self._after()

    def settle(self, rate: str) -> None:
        """Let funding settle now."""
        at_ms = UnixMs(self.clock.now_ms())
        funding = Funding(symbol=BTC, at_ms=at_ms, rate_fraction=D(rate))
        self.wire.pass_ms(60_000)
        tick = self.tick("95000")
        self.core.tick(Tick(at_ms=tick.at_ms, bars=tick.bars, fundings=(funding,)))
        self._after()

    def fault(self, kind: FaultKind, **rest: object) -> None:
        """Let this go wrong next."""
        self.core.plan([Fault(kind=kind, **rest)])  # type: ignore[arg-type]

    def dispose(self, **conditions: object) -> None:
        self.core.dispose(Conditions(**conditions))  # type: ignore[arg-type]

    async def open(self, name: str = "bp-entry", **asked: str) -> Report:
        approved = entry_approval(**asked)  # type: ignore[arg-type]
        return await self.venue.place(approved, ClientOrderId(name))

    async def stop(self, price: str, name: str = "bp-stop") -> Report:
        approved = reduction_approval(position=self.position(), stop_at=price)
        return await self.venue.reduce(approved, ClientOrderId(name))

    async def close(self, name: str = "bp-close", quantity: str | None = None) -> Report:
        approved = reduction_approval(position=self.position(), quantity=quantity)
        return await self.venue.reduce(approved, ClientOrderId(name))

    async def events(self) -> tuple[VenueEvent, ...]:
        return await self.venue.advance(Tick(at_ms=self.clock.now_ms(), bars=()))

    def position(self, symbol: Symbol = BTC) -> Position:
        return self.core.venue.exchange.positions[symbol]

    def held(self, symbol: Symbol = BTC) -> Decimal:
        """What the exchange holds, signed."""
        position = self.core.venue.exchange.positions.get(symbol)
        return position.signed_base if position else D(0)

    def calls(self, path: str, method: str = "") -> list[Sent]:
        return [
            s
            for s in self.wire.sent
            if s.path == f"/fapi/v1/{path}" and method in ("", s.method)
        ]

    def _after(self) -> None:
        if self.streaming:
            self.pump()


def on_stand(script: Callable[[Stand], Coroutine[object, object, T]], **how: object) -> T:
    """Run a script on a stand that has begun."""

    async def go() -> T:
        stand = Stand(**how)  # type: ignore[arg-type]
        await stand.begin()
        return await script(stand)

    return asyncio.run(go())


def traded(events: tuple[VenueEvent, ...]) -> Decimal:
    """What the trades among these add up to, signed."""
    return sum(
        (e.quantity_base * e.side.sign for e in events if isinstance(e, Filled)), D(0)
    )
