"""Connections to one Redis or Valkey server, and the two ways to ask it something.

What is answered at once is asked on one connection and blocks the event loop, as a commit
to the embedded bus does: some 0.1 ms. What waits has a connection of its own, which the
event loop watches. Nothing is ever sent twice: whoever lost an answer begins again from
journal and bus.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, final

from redis import Connection, SSLConnection, UnixDomainSocketConnection
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from bridge_patch.adapters.bus_url import BusUrl, Scheme
from bridge_patch.adapters.redis_errors import explained, guarded
from bridge_patch.domain.errors import BrokenPromiseError, OutageError

#: One command: its name and what it is given.
Command: TypeAlias = Sequence[str | bytes | int]

_TIMEOUT_SEC: Final = 5.0
_KINDS: Final[Mapping[Scheme, type[Any]]] = MappingProxyType(
    {
        Scheme.REDIS: Connection,
        Scheme.REDISS: SSLConnection,
        Scheme.UNIX: UnixDomainSocketConnection,
    }
)
_VERSION_LEAST: Final = (7, 0)


@final
class RedisLink:
    """One process's way to the server; it belongs to no event loop."""

    def __init__(self, url: BusUrl, ca_file: Path | None = None) -> None:
        self.url, self._ca_file = url, ca_file
        if ca_file is not None and not ca_file.is_file():
            msg = f"BUS_CA_FILE must be a file, {ca_file} is none: correct the path"
            raise BrokenPromiseError(msg)
        self._idle: list[Any] = []
        self._main = self._greeted()

    def close(self) -> None:
        """Hang up."""
        for connection in (self._main, *self._idle):
            connection.disconnect()
        self._idle.clear()

    def call(self, *command: str | bytes | int) -> Any:
        """Ask one thing; what the server refuses is raised as ours."""
        (reply,) = self.calls([command])
        return reply

    def calls(self, commands: Sequence[Command]) -> list[Any]:
        """Ask several things at once; the first that is refused is raised, as ours."""
        replies = self.tries(commands)
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise explained(self.url, reply) from reply
        return replies

    def tries(self, commands: Sequence[Command]) -> list[Any]:
        """Ask several things at once; a refusal stands among the answers."""
        return self._asked(self._main, commands)

    def together(self, commands: Sequence[Command]) -> list[Any] | None:
        """Do all of `commands` or none; None where a watched key had changed."""
        *queued, done = self.tries([("MULTI",), *commands, ("EXEC",)])
        refused = [reply for reply in (*queued, done) if isinstance(reply, ResponseError)]
        if refused:
            raise explained(self.url, refused[0]) from refused[0]
        if done is None:
            return None
        for reply in done:
            if isinstance(reply, Exception):  # what the server could not foresee
                raise explained(self.url, reply) from reply
        return list(done)

    async def wait(self, command: Command, within_ms: int) -> Any:
        """Ask what may be answered late; a refusal is returned.

        The command must end by itself after `within_ms`. Whoever is cancelled meanwhile
        does not learn the answer.
        """
        connection = self._idle.pop() if self._idle else self._greeted()
        try:
            with guarded(self.url):
                connection.send_command(*command)
                await _readable(connection._sock, within_ms / 1000 + _TIMEOUT_SEC)  # noqa: SLF001 - the library shows no other way to its socket
                reply = self._answer(connection)
        except BaseException:
            connection.disconnect()
            raise
        self._idle.append(connection)
        return reply

    def _asked(self, connection: Any, commands: Sequence[Command]) -> list[Any]:
        with guarded(self.url):
            connection.send_packed_command(connection.pack_commands(commands))
            return [self._answer(connection) for _ in commands]

    def _answer(self, connection: Any) -> Any:
        try:
            return connection.read_response(disable_decoding=True)
        except ResponseError as error:
            return error

    def _new(self) -> Any:
        password = self.url.password
        how: dict[str, Any] = {
            "db": self.url.database,
            "username": self.url.user or None,
            "password": password.reveal() if password else None,
            "socket_timeout": _TIMEOUT_SEC,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            "driver_info": None,
        }
        if self.url.scheme is Scheme.UNIX:
            return _KINDS[Scheme.UNIX](path=self.url.path, **how)
        how |= {
            "host": self.url.host,
            "port": self.url.port,
            "socket_connect_timeout": _TIMEOUT_SEC,
            "socket_keepalive": True,
        }
        if self.url.scheme is Scheme.REDISS and self._ca_file:
            how["ssl_ca_certs"] = str(self._ca_file)
        return _KINDS[self.url.scheme](**how)

    def _greeted(self) -> Any:
        """Connect, and check that this is a server we can work with.

        One answer also takes what a TLS server says of itself after the handshake: from
        then on there is something to read only when a command was answered.
        """
        connection = self._new()
        try:
            (answer,) = self._asked(connection, [("HELLO",)])
            self._check(answer)
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _check(self, answer: Any) -> None:
        if isinstance(answer, ResponseError):
            raise explained(self.url, answer) from answer
        said = pairs(answer)
        version = said.get("version", b"?").decode()
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers < _VERSION_LEAST:
            msg = f"{self.url}: it is {version}: Redis 7.0 or Valkey 7.2 is the least"
            raise BrokenPromiseError(msg)
        if said.get("mode") == b"cluster":
            msg = (
                f"{self.url}: this is a node of a cluster, which splits the streams: name a"
                " server of its own in BUS_URL, beside the cluster (docs/bus.md)"
            )
            raise BrokenPromiseError(msg)
        if said.get("role") != b"master":
            msg = f"{self.url}: this is a replica: name the primary in BUS_URL"
            raise OutageError(msg)


def pairs(flat: Sequence[Any]) -> dict[str, Any]:
    """Return a flat list of names and values as what it means."""
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


async def _readable(sock: socket.socket, within_sec: float) -> None:
    """Return when there is something to read."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock, wake)
    try:
        await asyncio.wait_for(ready, within_sec)
    except TimeoutError:
        msg = "no answer in time"
        raise RedisTimeoutError(msg) from None
    finally:
        loop.remove_reader(sock)
