"""The wire: what leaves, where to, and what can be proved when no answer comes."""

import asyncio
import hashlib
import hmac
import logging
import socket
from collections.abc import Coroutine
from typing import TypeVar
from urllib.parse import urlencode

import pytest

from bridge_patch.adapters.venue_ccxt.environment import (
    ENVIRONMENTS,
    NOWHERE,
    addresses,
    environment_of,
)
from bridge_patch.adapters.venue_ccxt.outcome import Answer, NoReply, NothingSent, Reply
from bridge_patch.adapters.venue_ccxt.wire import open_wire
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret
from tests.unit.adapters.venue_ccxt.loopback import Loopback, ok, serving, wired

T = TypeVar("T")
PLACE = "fapiPrivatePostOrder"
CANCEL = "fapiPrivateDeleteOrder"
ORDER = {
    "symbol": "BTCUSDT",
    "quantity": "0.001",
    "newClientOrderId": "bp-1",
    "timestamp": "1",
    "recvWindow": "3000",
}


def run(call: Coroutine[object, object, T]) -> T:
    return asyncio.run(call)


def answered(
    *replies: bytes, method: str = PLACE, calls: int = 1
) -> tuple[Answer, Loopback]:
    """Make the call and return the last answer, with all that was heard."""

    async def go() -> tuple[Answer, Loopback]:
        async with serving(*replies) as loopback, wired(loopback.port) as wire:
            for _ in range(calls - 1):
                await wire.send(method, ORDER)
            return await wire.send(method, ORDER), loopback

    return run(go())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_what_leaves_is_what_was_given_and_its_signature() -> None:
    """No number is rewritten, none is added, and the stamp is ours."""
    answer, loopback = answered(ok('{"orderId":1}', extra="X-MBX-USED-WEIGHT-1M: 7\r\n"))
    (heard,) = loopback.heard
    signature = heard.params.pop("signature")
    sent = urlencode(heard.params).encode()

    assert isinstance(answer, Reply)
    assert (answer.status, answer.body) == (200, '{"orderId":1}')
    assert answer.headers["x-mbx-used-weight-1m"] == "7"
    assert (heard.method, heard.path) == ("POST", "/fapi/v1/order")
    assert heard.params == ORDER
    assert heard.headers["x-mbx-apikey"] == "the-key"
    assert signature == hmac.new(b"the-secret", sent, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "418 Teapot", "503 Away"])
@pytest.mark.parametrize("body", ["", "<html>", "{", '{"code":-2015,"msg":"no"}', "[]"])
def test_every_whole_reply_comes_out_as_it_came(status: str, body: str) -> None:
    """ccxt would call some of these a success, and some a class that lies."""
    answer, loopback = answered(ok(body, status))

    assert isinstance(answer, Reply)
    assert (str(answer.status), answer.body) == (status[:3], body)
    assert len(loopback.heard) == 1


def test_a_refused_connection_sent_nothing() -> None:
    async def go() -> Answer:
        async with wired(free_port()) as wire:
            return await wire.send(PLACE, ORDER)

    assert isinstance(run(go()), NothingSent)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{"orderId"',
        b"HTTP/9 nonsense\r\nConnection: close\r\n\r\n",
    ],
    ids=["hangs up", "cut short", "malformed"],
)
def test_a_reply_that_is_lost_or_cut_proves_nothing(reply: bytes) -> None:
    answer, loopback = answered(reply)

    assert isinstance(answer, NoReply)
    assert len(loopback.heard) == 1


def test_an_order_is_never_sent_twice_over_a_dropped_connection() -> None:
    """The second request goes over a kept connection that the server then drops."""
    answer, loopback = answered(ok("{}"), b"", method=PLACE, calls=2)

    assert isinstance(answer, NoReply)
    assert len(loopback.heard) == 2


def test_a_cancel_that_was_sent_twice_is_known_to_have_left() -> None:
    """aiohttp repeats DELETE on its own; the first may have arrived."""
    answer, loopback = answered(ok("{}"), b"", b"", method=CANCEL, calls=2)

    assert isinstance(answer, NoReply)
    assert len(loopback.heard) == 3


def test_a_wait_that_ends_proves_nothing() -> None:
    async def go() -> Answer:
        async with serving(ok("{}")) as loopback, wired(loopback.port, 100) as wire:
            loopback.delay_sec = 0.5
            return await wire.send(PLACE, ORDER)

    assert isinstance(run(go()), NoReply)


def test_a_redirect_is_not_followed() -> None:
    """A signed order goes to the host that was asserted and to no other."""
    moved = ok("", "307 Moved", "Location: http://127.0.0.2:9/fapi/v1/order\r\n")
    answer, loopback = answered(moved)

    assert isinstance(answer, NoReply)
    assert len(loopback.heard) == 1


def test_a_call_outside_the_table_of_addresses_never_leaves() -> None:
    """M-73: private calls of a testnet went to the live host."""

    async def go() -> Answer:
        async with serving(ok("{}")) as loopback, wired(loopback.port) as wire:
            answer = await wire.send("sapiGetCapitalConfigGetall", {})
            assert loopback.heard == []
            return answer

    assert run(go()) == NothingSent("ForeignHostError")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_address_of_the_client_is_the_environments_or_nobodys(name: str) -> None:
    """Left-overs of the client's own table would go to the live exchange."""
    environment = environment_of(name)
    wire = open_wire(environment, Secret("k"), Secret("s"), timeout_ms=1)
    client = wire._client  # type: ignore[attr-defined]
    urls = client.urls["api"]

    assert set(client.urls) == {"api"}
    assert len(urls) > 20
    ours = {k for k, url in urls.items() if url.startswith(environment.rest + "/")}
    assert ours == {k for k in urls if k.startswith("fapiP")}
    assert all(url.startswith(NOWHERE) for k, url in urls.items() if k not in ours)
    assert addresses(environment, urls) == urls


@pytest.mark.parametrize(
    ("venue", "url"),
    [
        ("paper", ""),
        ("binance", "http://127.0.0.1:1"),
        ("simulator", ""),
        ("simulator", "https://fapi.binance.com"),
        ("simulator", "http://127.0.0.1"),
        ("simulator", "http://127.0.0.1:1/path"),
        ("simulator", "http://user@127.0.0.1:1"),
        ("simulator", "http://fapi.binance.com:1"),
    ],
)
def test_an_environment_that_is_not_plainly_one_is_refused(venue: str, url: str) -> None:
    with pytest.raises(InvalidValueError):
        environment_of(venue, url)


def test_neither_key_nor_signature_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answered(ok("{}"))

    assert "the-key" not in caplog.text
    assert "the-secret" not in caplog.text
    assert "signature" not in caplog.text


def test_frames_come_from_the_environments_stream_only() -> None:
    async def go() -> str:
        away = serving(ok("{}", "404 Not Found"))
        async with away as loopback, wired(loopback.port) as wire:
            with pytest.raises(Exception, match="404"):
                await anext(aiter(wire.frames("/private/ws/x")))
            return loopback.heard[0].path

    assert run(go()) == "/private/ws/x"
