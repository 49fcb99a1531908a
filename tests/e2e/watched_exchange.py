"""A served exchange at which every request is looked at, and some are met by a blow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.loopback import HOST
from bridge_patch.app.binance_server.conditions import Conditions
from bridge_patch.app.binance_server.control import Control, TickGiven
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.records import AlgoRecord, OrderType
from bridge_patch.app.binance_server.serve import Server
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.position import Position
from bridge_patch.sim.bars import liquidation_level

#: What changes nothing about orders, positions or how they are held.
HARMLESS: Final = ("/fapi/v1/listenKey", "/sim/")
TICK: Final = "/sim/tick"
ORDER: Final = "/fapi/v1/order"
STOP: Final = "/fapi/v1/algoOrder"


@dataclass(frozen=True)
class Call:
    """One request, as it came; `tick_ms` is when it came, by the market's time."""

    method: str
    path: str
    params: dict[str, str]
    tick_ms: int

    @property
    def trades(self) -> bool:
        """Whether it may change what rests, what is held, or how."""
        return self.method != "GET" and not self.path.startswith(HARMLESS)

    @property
    def reduces(self) -> bool:
        """Whether it can do nothing but shrink a position, protect it, or let a stop go."""
        only = {self.params.get("reduceOnly"), self.params.get("closePosition")}
        return "true" in only or self.method == "DELETE"

    @property
    def client_id(self) -> str:
        """The name that we gave the order."""
        names = ("newClientOrderId", "clientAlgoId", "origClientOrderId")
        return next((self.params[n] for n in names if n in self.params), "")


def covers(stop: AlgoRecord, position: Position, instrument: Instrument) -> bool:
    """Tell whether a stop closes the whole position before the venue does."""
    sign, ruin_usd = position.side.sign, liquidation_level(position, instrument)
    whole = stop.close_all or (
        stop.reduce_only and (stop.quantity_base or 0) >= position.quantity_base
    )
    nearer = sign * (stop.trigger_usd - ruin_usd) > 0
    stops = stop.kind is OrderType.STOP_MARKET and stop.side is not position.side
    return stops and whole and nearer


@dataclass
class WatchedExchange:
    """One account, isolated, and what was seen of it after each request.

    `on_call` is asked before each request is carried out; False drops it.
    """

    core: Core
    on_call: Callable[[Call], Awaitable[bool]] | None = None
    calls: list[Call] = field(default_factory=list)
    looks: int = 0
    #: Where a position had no stop over all of it that it ought to have had.
    faults: list[str] = field(default_factory=list)
    #: Requests between an entry's fill and its first stop.
    unprotected: int = 0
    url: str = ""
    _covered: set[Symbol] = field(default_factory=set)

    @property
    def held(self) -> dict[Symbol, Decimal]:
        """What is open, signed."""
        positions = self.core.venue.exchange.positions
        return {symbol: one.signed_base for symbol, one in positions.items()}

    def stops(self, symbol: Symbol) -> list[AlgoRecord]:
        """The stops that rest and cover the whole position."""
        position = self.core.venue.position(symbol)
        instrument = self.core.venue.instrument(symbol)
        resting = self.core.venue.records.open_algos(symbol)
        return [s for s in resting if position and covers(s, position, instrument)]

    def look(self, call: Call) -> None:
        """Hold every position against the stops that rest, by the exchange's records."""
        self.looks += 1
        self._covered &= self.held.keys()
        for symbol in self.held:
            if self.stops(symbol):
                self._covered.add(symbol)
            elif symbol in self._covered or call.path == TICK:
                where = f"after {call.method} {call.path} at {call.tick_ms}"
                self.faults.append(f"{symbol} had no stop {where}: {call.params}")
            else:
                self.unprotected += 1

    @web.middleware
    async def seen(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Let a request through, and look before and after."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await handler(request)
        call = await self._call(request)
        self.calls.append(call)
        if self.on_call is not None and not await self.on_call(call):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        reply = await handler(request)
        self.look(call)
        return reply

    async def _call(self, http: web.Request) -> Call:
        body = await http.text()
        if http.path == TICK:
            at_ms = msgspec.json.decode(body, type=TickGiven).at_ms
            return Call(http.method, http.path, {}, at_ms)
        params = dict(parse_qsl(body)) | dict(parse_qsl(http.rel_url.raw_query_string))
        params.pop("signature", None)
        return Call(http.method, http.path, params, self.core.now_ms)

    def trading(self, since: int = 0) -> Iterator[Call]:
        """Yield the requests that were about orders, from that one on."""
        return (call for call in self.calls[since:] if call.trades)


@asynccontextmanager
async def watched_exchange(symbols: tuple[Symbol, ...]) -> AsyncIterator[WatchedExchange]:
    """Serve, over HTTP and websockets, what `bridge-patch exchange` serves.

    As at the real one, a second close-all stop of a side is refused.
    """
    core = Core(symbols=symbols, listing=ListedInstruments())
    core.venue.modes.crossed_default = False
    core.dispose(Conditions(one_close_all=True))
    watched = WatchedExchange(core)
    app = Server(Control(core)).app()
    app.middlewares.append(watched.seen)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        watched.url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield watched
    finally:
        await runner.cleanup()
