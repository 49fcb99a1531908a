"""An exchange's public side on loopback: answers and streams as a test scripts them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def price(symbol: str, open_ms: int) -> float:
    """A price that moves a little every minute, and is the same whenever it is asked."""
    begin = 95_000.0 if symbol == "BTCUSDT" else 150.0
    step = (open_ms // MINUTE_MS * 7919) % 21 - 10
    return round(begin * (1 + step / 20_000), 2)


def kline_row(symbol: str, open_ms: int) -> list[Any]:
    """One row of `klines`, as the exchange writes it."""
    first, last = price(symbol, open_ms - MINUTE_MS), price(symbol, open_ms)
    high, low = max(first, last) * 1.0001, min(first, last) * 0.9999
    figures = [f"{each:.2f}" for each in (first, high, low, last)]
    volume = f"{20_000_000 / last:.3f}"
    closed = open_ms + MINUTE_MS - 1
    return [open_ms, *figures, volume, closed, "1", 9, "1", "1", "0"]


def kline_frame(symbol: str, open_ms: int, *, closed: bool = True, **changed: Any) -> str:
    """A frame of `kline_1m`."""
    _, first, high, low, last, volume, until, *_ = kline_row(symbol, open_ms)
    candle = {
        "t": open_ms,
        "T": until,
        "s": symbol,
        "i": "1m",
        "f": 1,
        "L": 2,
        "o": first,
        "c": last,
        "h": high,
        "l": low,
        "v": volume,
        "n": 9,
        "x": closed,
        "q": "1",
        "V": "1",
        "Q": "1",
        "B": "0",
    }
    event = {"e": "kline", "E": until + 5, "s": symbol, "k": candle | changed}
    return json.dumps({"stream": f"{symbol.lower()}@kline_1m", "data": event})


def mark_frame(symbol: str, at_ms: int, usd: float, **changed: Any) -> str:
    """A frame of `markPrice@1s`."""
    event = {
        "e": "markPriceUpdate",
        "E": at_ms,
        "s": symbol,
        "p": f"{usd:.8f}",
        "i": f"{usd * 1.0002:.8f}",
        "P": f"{usd:.8f}",
        "r": "0.00010000",
        "T": at_ms // (8 * HOUR_MS) * 8 * HOUR_MS + 8 * HOUR_MS,
    }
    stream = f"{symbol.lower()}@markPrice@1s"
    return json.dumps({"stream": stream, "data": event | changed})


@dataclass
class PublicExchange:
    """Answers what it is asked and says what it is told to say.

    `lacking` are the opens of minutes that it has no bar of; `failing` the answers that
    come as HTTP 503. `ahead_ms` is how far its clock is ahead.
    """

    now_ms: Any
    ahead_ms: int = 0
    lacking: set[int] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    settled: list[tuple[str, int, str]] = field(default_factory=list)
    intervals: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    port: int = 0
    #: Answers every question with this status, where it is not 0.
    status: int = 0
    #: How far the bars that it answers with are from those asked for.
    shifted_ms: int = 0
    _sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def say(self, *frames: str) -> None:
        """Send frames to everyone who listens."""
        for socket in self._sockets:
            for frame in frames:
                with suppress(ConnectionError):
                    await socket.send_str(frame)

    async def hang_up(self) -> None:
        """End every socket, as the exchange does after a day."""
        for socket in tuple(self._sockets):
            await socket.close()

    @property
    def listeners(self) -> int:
        return len(self._sockets)

    async def answer(self, request: web.Request) -> web.Response:
        what, asked = request.match_info["what"], dict(request.query)
        self.asked.append((what, asked))
        if self.status:
            return web.Response(status=self.status, text="no")
        if what in self.failing:
            return web.Response(status=503, text="Service Unavailable")
        body: Any = None
        match what:
            case "time":
                body = {"serverTime": self.now_ms() + self.ahead_ms}
            case "klines":
                body = self._klines(asked)
            case "fundingRate":
                since, until = int(asked["startTime"]), int(asked["endTime"])
                body = [
                    {"symbol": s, "fundingTime": at, "fundingRate": rate, "markPrice": "1"}
                    for s, at, rate in self.settled
                    if s == asked["symbol"] and since <= at <= until
                ]
            case "fundingInfo":
                body = [
                    {"symbol": s, "fundingIntervalHours": hours, "disclaimer": False}
                    for s, hours in self.intervals.items()
                ]
            case _:
                return web.json_response({"code": -1, "msg": "no such thing"}, status=404)
        return web.json_response(body)

    def _klines(self, asked: dict[str, str]) -> list[list[Any]]:
        start, end = int(asked["startTime"]), int(asked["endTime"])
        opens = range(-(-start // MINUTE_MS) * MINUTE_MS, end + 1, MINUTE_MS)
        rows = [
            kline_row(asked["symbol"], at - self.shifted_ms)
            for at in opens
            if at <= self.now_ms() and at not in self.lacking
        ]
        return rows[: int(asked["limit"])]

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.streams = request.query["streams"].split("/")
        self._sockets.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._sockets.remove(socket)
        return socket


@asynccontextmanager
async def trading(exchange: PublicExchange) -> AsyncIterator[PublicExchange]:
    """Serve it on a loopback port of its own."""
    app = web.Application()
    app.router.add_get("/fapi/v1/{what}", exchange.answer)
    app.router.add_get("/market/stream", exchange.listen)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        exchange.port = runner.addresses[0][1]
        yield exchange
    finally:
        await exchange.hang_up()
        await runner.cleanup()


async def until(true: Any, *, most_sec: float = 5.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(most_sec):
        while not true():  # noqa: ASYNC110 - a test's condition rings no bell
            await asyncio.sleep(0.01)
