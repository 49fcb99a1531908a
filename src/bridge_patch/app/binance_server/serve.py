"""The exchange on a loopback port: HTTP and websockets around the core, nothing else.

Every request is answered by the core at once; what it queued on the connections is handed
to the sockets before the reply goes out. aiohttp comes with the extra `exchange`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, final

from aiohttp import WSMsgType, web

from bridge_patch.adapters.loopback import HOST
from bridge_patch.app.binance_server.control import PREFIX, Control
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.door import check_caller
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.streams import Connection
from bridge_patch.app.binance_server.wire import Ending, Reply, Request, refused

#: A socket that does not take one frame in this time is dropped.
_FRAME_MAX_SEC: Final = 5.0
_SILENCE_MAX_SEC: Final = 120.0
_HEARTBEAT_SEC: Final = 180.0
_BODY_MAX: Final = 1 << 20


@final
@dataclass(slots=True)
class _Line:
    """A socket of ours: frames go out one after the other, and it can be cut."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)


@final
class Server:
    """Sockets around one core; the core never waits, so nothing overtakes anything."""

    def __init__(self, control: Control) -> None:
        self.core: Core = control.core
        self.control = control
        self._lines: dict[int, _Line] = {}
        self._closing = asyncio.Event()

    def app(self) -> web.Application:
        """Return the application; everything goes through one handler."""
        app = web.Application(client_max_size=_BODY_MAX)
        app.router.add_route("*", "/{tail:.*}", self._any)
        app.on_shutdown.append(self._shut)
        return app

    async def advance(self, to_ms: int) -> None:
        """Play the data up to a time, and hand out what it told."""
        self.control.advance(to_ms)
        await self.hand_out()

    async def hand_out(self) -> None:
        """Hand every waiting frame to its socket; one that does not take it is dropped."""
        known = self.core.venue.hub.connections
        await asyncio.gather(*(self._hand(c) for c in list(known.values()) if c.frames))
        for number in [n for n in self._lines if n not in known]:
            line = self._lines.pop(number)
            if line.transport is not None:
                line.transport.abort()

    async def _hand(self, connection: Connection) -> None:
        line = self._lines.get(connection.number)
        if line is None:
            return
        try:
            async with line.sending:
                for frame in connection.take():
                    async with asyncio.timeout(_FRAME_MAX_SEC):
                        await line.socket.send_str(frame)
        except (TimeoutError, ConnectionError):
            self.core.venue.hub.disconnect(connection)

    async def _any(self, http: web.Request) -> web.StreamResponse:
        try:
            check_caller(http.headers.get("Host", HOST), http.headers.get("Origin", ""))
        except Refusal as refusal:
            return await self._sent(http, refused(refusal))
        if http.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(http)
        request = Request(
            method=http.method,
            path=http.path,
            query=http.rel_url.raw_query_string,
            body=(await http.read()).decode("utf-8", "replace"),
            api_key=http.headers.get("X-MBX-APIKEY", ""),
            address=http.remote or HOST,
        )
        if request.path.startswith(PREFIX):
            reply = self.control.handle(request)
            await self.hand_out()
        else:
            reply = self.core.handle(request)
            await self.hand_out()
        return await self._sent(http, reply)

    async def _sent(self, http: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.delay_ms:
            await self._wait(reply.delay_ms / 1000)
        if reply.ending is Ending.SILENT:
            await self._wait(_SILENCE_MAX_SEC)
        if reply.ending in {Ending.SILENT, Ending.RESET}:
            _drop(http)
            return web.Response()
        headers = {**reply.headers, "Content-Type": reply.content_type}
        if reply.ending is Ending.WHOLE:
            return web.Response(status=reply.status, body=reply.body, headers=headers)
        headers["Content-Length"] = str(len(reply.body))
        cut = web.StreamResponse(status=reply.status, headers=headers)
        await cut.prepare(http)
        await cut.write(reply.body[: len(reply.body) // 2])
        _drop(http)
        return cut

    async def _wait(self, seconds: float) -> None:
        """Wait, or until the server closes."""
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _stream(self, http: web.Request) -> web.StreamResponse:
        connection = self.core.connect(http.path_qs)
        if connection is None:
            return web.Response(status=404)
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SEC)
        await socket.prepare(http)
        self._lines[connection.number] = _Line(socket, http.transport)
        await self._hand(connection)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.core.venue.hub.heed(connection, message.data)
                    await self._hand(connection)
        finally:
            self.core.venue.hub.disconnect(connection)
            self._lines.pop(connection.number, None)
        return socket

    async def _shut(self, _: web.Application) -> None:
        self._closing.set()
        for line in list(self._lines.values()):
            await line.socket.close()


def _drop(http: web.Request) -> None:
    if http.transport is not None:
        http.transport.abort()


@asynccontextmanager
async def serving(control: Control, *, port: int = 0) -> AsyncIterator[tuple[Server, int]]:
    """Serve on loopback while the block runs; yield the server and its port."""
    server = Server(control)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield server, int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
