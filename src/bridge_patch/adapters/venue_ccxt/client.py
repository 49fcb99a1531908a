"""The wire itself: ccxt's implicit API over a session of ours. Nothing else imports ccxt.

Of ccxt it uses the signing and the names of the calls. Its reading of replies, its error
classes, its retries, its rate limiter and its markets are not used: every reply leaves
through one exception that carries status, headers and body, whatever they say.

How far a request came is told by the session: a request whose headers were never written
sent nothing. aiohttp sends GET, PUT and DELETE a second time where a kept connection
dropped; then the first may have arrived, and the stage says so.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, NoReturn, final

import aiohttp
from ccxt.async_support import binanceusdm

from bridge_patch.adapters.venue_ccxt.environment import (
    NOWHERE,
    Environment,
    addresses,
)
from bridge_patch.adapters.venue_ccxt.outcome import Answer, NoReply, NothingSent, Reply
from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.secret import Secret

#: The venue pings every 3 minutes; a socket that is silent for longer than this is dead.
_SOCKET_SILENCE_SEC: Final = 240.0
_FRAME_BYTES_MAX: Final = 1_000_000


class ForeignHostError(BridgeError):
    """A request was about to go to a host that is not the environment's; it did not."""


@final
class _RepliedError(Exception):
    """How every reply leaves ccxt, before ccxt reads it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"HTTP {reply.status}")
        self.reply = reply


@final
@dataclass(slots=True)
class _Stage:
    """How far one request has come."""

    written: bool = False


_STAGE: ContextVar[_Stage | None] = ContextVar("stage", default=None)


@final
class _Binance(binanceusdm):  # type: ignore[misc] # ccxt ships no types
    """ccxt's client that believes nothing it reads."""

    def parse_json(self, http_response: str) -> None:
        """Leave the body alone: it is read elsewhere, into what the call must return."""

    def handle_errors(  # noqa: PLR0917 - ccxt calls it like this
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        response: object,
        request_headers: object,
        request_body: object,
    ) -> NoReturn:
        """Hand out the reply as it came, good or bad."""
        del reason, url, method, response, request_headers, request_body
        lower = {name.lower(): value for name, value in headers.items()}
        raise _RepliedError(Reply(status=code, body=body, headers=lower))


@final
class CcxtWire:
    """A wire to one environment; see `wire.Wire`."""

    def __init__(
        self, environment: Environment, key: Secret, secret: Secret, *, timeout_ms: int
    ) -> None:
        self._environment = environment
        self._client = _client(environment, key, secret, timeout_ms)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        self._open()
        stage = _Stage()
        token = _STAGE.set(stage)
        try:
            await getattr(self._client, method)(dict(params))
        except _RepliedError as replied:
            return replied.reply
        except Exception as e:  # noqa: BLE001 - no class of error proves anything; the stage does
            why = type(e.__cause__ or e).__name__
            return NoReply(why) if stage.written else NothingSent(why)
        finally:
            _STAGE.reset(token)
        return NoReply("no reply was read")

    async def frames(self, path: str) -> AsyncGenerator[str, None]:
        session = self._open()
        async with session.ws_connect(
            f"{self._environment.stream}{path}",
            timeout=aiohttp.ClientWSTimeout(ws_receive=_SOCKET_SILENCE_SEC, ws_close=1.0),
            max_msg_size=_FRAME_BYTES_MAX,
        ) as socket:
            yield ""  # connected
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    yield frame.data

    async def close(self) -> None:
        session, self._session = self._session, None
        self._client.session = None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Make the session, in the loop that uses it."""
        if self._session is None:
            context = ssl.create_default_context(cafile=self._client.cafile)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_trace(self._environment)],
                trust_env=False,
            )
            self._client.session = self._session
        return self._session


def _client(
    environment: Environment, key: Secret, secret: Secret, timeout_ms: int
) -> _Binance:
    client = _Binance(
        {
            "apiKey": key.reveal(),
            "secret": secret.reveal(),
            "enableRateLimit": False,
            "timeout": timeout_ms,
            "session": None,
            "options": {
                "maxRetriesOnFailure": 0,
                "fetchCurrencies": False,
                "adjustForTimeDifference": False,
                "defaultType": "swap",
            },
        }
    )
    client.urls = {"api": addresses(environment, client.urls["api"])}
    for name, url in client.urls["api"].items():
        origins = (environment.rest, environment.rights or NOWHERE, NOWHERE)
        if not url.startswith(tuple(f"{origin}/" for origin in origins)):
            msg = f"the address of {name} is not {environment.name}'s"
            raise ForeignHostError(msg)
    # ccxt logs headers and queries, and with them the key and signatures
    client.logger = logging.getLogger("bridge_patch.venue_ccxt.mute")
    client.logger.disabled = True
    return client


def _trace(environment: Environment) -> aiohttp.TraceConfig:
    """Watch each request: where it goes before it does, and whether it left."""
    allowed = {environment.rest, environment.stream, environment.rights} - {""}

    async def start(
        _session: aiohttp.ClientSession,
        _context: object,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        if str(params.url.origin()) not in allowed:
            msg = f"a request to {params.url.host} is none to {environment.name}"
            raise ForeignHostError(msg)

    async def redirect(
        _session: aiohttp.ClientSession,
        _context: object,
        _params: aiohttp.TraceRequestRedirectParams,
    ) -> None:
        msg = f"{environment.name} redirected, and is not followed"
        raise ForeignHostError(msg)

    async def written(
        _session: aiohttp.ClientSession,
        _context: object,
        _params: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        stage = _STAGE.get()
        if stage is not None:
            stage.written = True

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(start)
    trace.on_request_redirect.append(redirect)
    trace.on_request_headers_sent.append(written)
    return trace
