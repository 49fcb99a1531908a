"""A server on loopback that answers as a test scripts it, down to the bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.adapters.venue_ccxt.wire import Wire, open_wire
from bridge_patch.domain.secret import Secret


@dataclass
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]


def ok(body: str, status: str = "200 OK", extra: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


@dataclass
class Loopback:
    """Answers each request with the next of `replies`; b"" hangs up without a word."""

    replies: list[bytes] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    delay_sec: float = 0.0
    port: int = 0

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = {
                    name.lower(): value
                    for name, value in (line.split(": ", 1) for line in lines[1:] if line)
                }
                length = int(headers.get("content-length", "0"))
                body = (await reader.readexactly(length)).decode()
                url = urlsplit(target)
                params = {k: v[0] for k, v in parse_qs(f"{url.query}&{body}").items()}
                self.heard.append(Heard(method, url.path, params, headers))
                reply = self.replies.pop(0) if self.replies else b""
                await asyncio.sleep(self.delay_sec)
                writer.write(reply)
                await writer.drain()
                if not reply or b"Connection: close" in reply:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*replies: bytes) -> AsyncIterator[Loopback]:
    loopback = Loopback(replies=list(replies))
    server = await asyncio.start_server(loopback.serve, "127.0.0.1", 0)
    loopback.port = server.sockets[0].getsockname()[1]
    try:
        yield loopback
    finally:
        server.close()


@asynccontextmanager
async def wired(port: int, timeout_ms: int = 4_000) -> AsyncIterator[Wire]:
    environment = environment_of("simulator", f"http://127.0.0.1:{port}")
    wire = open_wire(
        environment, Secret("the-key"), Secret("the-secret"), timeout_ms=timeout_ms
    )
    try:
        yield wire
    finally:
        await wire.close()
