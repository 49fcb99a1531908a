"""A few cells over real sockets: what the core decides is what goes over the wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bridge_patch.adapters.loopback import HOST
from bridge_patch.app.binance_server.control import Control
from bridge_patch.app.binance_server.core import CREDENTIALS
from bridge_patch.app.binance_server.pace import keep_pace
from bridge_patch.app.binance_server.serve import Server, serving
from bridge_patch.app.binance_server.signing import signature_of
from bridge_patch.app.stopping import Stop
from tests.unit.app.binance_server.desk import MINUTE, START, Desk
from tests.unit.app.binance_server.test_control import ticks

KEY = {"X-MBX-APIKEY": CREDENTIALS.api_key}
ORDER = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&newOrderRespType=RESULT"
Cell = Callable[[Desk, aiohttp.ClientSession, Server], Awaitable[None]]


def over_http(cell: Cell, *prices: str) -> None:
    async def run() -> None:
        desk = Desk()
        control = Control(desk.core, iter(ticks(*prices)) if prices else None)
        async with serving(control) as (server, port):
            base = f"http://{HOST}:{port}"
            async with aiohttp.ClientSession(base) as session:
                await cell(desk, session, server)

    asyncio.run(run())


def signed(desk: Desk, text: str) -> str:
    text = f"{text}&timestamp={desk.core.now_ms}"
    return f"{text}&signature={signature_of(text, CREDENTIALS.secret)}"


def place(desk: Desk, session: aiohttp.ClientSession) -> Any:
    return session.post(
        "/fapi/v1/order",
        data=signed(desk, ORDER),
        headers={
            **KEY,
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


def test_a_signed_order_is_filled_with_its_headers() -> None:
    async def cell(desk: Desk, session: aiohttp.ClientSession, _: Server) -> None:
        async with place(desk, session) as reply:
            body = await reply.json()

        assert body["status"] == "FILLED"
        assert reply.headers["X-MBX-ORDER-COUNT-10S"] == "1"

    over_http(cell)


def test_events_are_on_the_socket_before_an_advance_is_answered() -> None:
    """In stepped time a driver that has its answer has everything."""

    async def cell(desk: Desk, session: aiohttp.ClientSession, _: Server) -> None:
        key = desk.core.venue.modes.listen_key
        async with session.ws_connect(f"/private/ws/{key}") as socket:
            async with place(desk, session):
                pass
            for _told in range(4):
                await socket.receive_json(timeout=5)
            async with session.post(
                "/sim/advance", json={"to_ms": START + 3 * MINUTE}, headers=KEY
            ) as reply:
                answer = await reply.json()
            told = [
                await socket.receive_json(timeout=5) for _told in range(answer["events"])
            ]

        assert answer["now_ms"] == START + 3 * MINUTE
        assert [e["a"]["m"] for e in told] == ["FUNDING_FEE", "FUNDING_FEE"]

    over_http(cell, "60100", "60200")


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", aiohttp.ServerDisconnectedError),
        ("cut", aiohttp.ClientPayloadError),
        ("lost", TimeoutError),
    ],
)
def test_a_reply_can_be_reset_cut_or_lost(
    kind: str, error: type[Exception], accepted: bool
) -> None:
    async def cell(desk: Desk, session: aiohttp.ClientSession, _: Server) -> None:
        desk.plan(kind, accepted=accepted)

        async def attempt() -> None:
            async with asyncio.timeout(0.5), place(desk, session) as reply:
                await reply.read()

        with pytest.raises(error):
            await attempt()
        assert bool(desk.position()) is accepted

    over_http(cell)


def test_a_late_reply_is_late_and_true_and_does_not_hold_up_others() -> None:
    async def cell(desk: Desk, session: aiohttp.ClientSession, _: Server) -> None:
        desk.plan("latency", delay_ms=1_000, path="/fapi/v1/order")
        late = asyncio.create_task(_body(place(desk, session)))
        await asyncio.sleep(0.05)
        async with session.get("/fapi/v1/time"):
            waiting = not late.done()

        assert waiting
        assert (await late)["status"] == "FILLED"

    over_http(cell)


async def _body(asked: Any) -> Any:
    async with asked as reply:
        return await reply.json()


def test_a_stream_is_subscribed_to_over_its_socket() -> None:
    async def cell(desk: Desk, session: aiohttp.ClientSession, server: Server) -> None:
        async with session.ws_connect("/market/stream") as socket:
            names = ["btcusdt@kline_1m"]
            await socket.send_json({"method": "SUBSCRIBE", "params": names, "id": 1})
            answer = await socket.receive_json(timeout=5)
            desk.play("60100")
            await server.hand_out()
            frame = await socket.receive_json(timeout=5)

        assert (answer["id"], frame["stream"]) == (1, "btcusdt@kline_1m")

    over_http(cell)


def test_sockets_drop_without_a_word_and_strange_paths_are_not_found() -> None:
    async def cell(desk: Desk, session: aiohttp.ClientSession, _: Server) -> None:
        key = desk.core.venue.modes.listen_key
        drop = {"account": {"drop_sockets": True}}
        async with (
            session.ws_connect(f"/private/ws?listenKey={key}") as socket,
            session.post("/sim/faults", json=drop, headers=KEY),
        ):
            message = await socket.receive(timeout=5)
        async with session.get("/nowhere") as lost:
            pass
        async with session.get("/elsewhere", headers={"Upgrade": "websocket"}) as none:
            pass

        assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        assert (lost.status, none.status) == (404, 404)

    over_http(cell)


@pytest.mark.parametrize(
    "sent",
    [
        {"Host": "evil.example:8797"},
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/sim/state", "/fapi/v1/time", "/market/ws/btcusdt"])
def test_no_web_page_is_answered_whatever_it_asks(sent: dict[str, str], path: str) -> None:
    """A browser says by which name it came and whose page sent it; no key helps."""

    async def cell(_: Desk, session: aiohttp.ClientSession, server: Server) -> None:
        upgrade = {"Upgrade": "websocket"} if "/ws/" in path else {}
        async with session.get(path, headers={**KEY, **sent, **upgrade}) as refused:
            body = await refused.text()
        async with session.get("/sim/state", headers=KEY) as reply:
            pass

        assert refused.status == 403
        assert "only programs of this machine" in body
        assert reply.status == 200
        assert len(server.core.venue.hub.connections) == 1  # the desk's own

    over_http(cell)


def test_a_client_that_names_this_server_as_its_origin_is_answered() -> None:
    """Some websocket libraries do, though they are no page."""

    async def cell(desk: Desk, session: aiohttp.ClientSession, _: Server) -> None:
        async with session.get("/fapi/v1/time") as reply:
            base = str(reply.url.origin())
        async with session.ws_connect(
            "/market/ws/btcusdt@kline_1m", headers={"Origin": base}
        ):
            known = len(desk.core.venue.hub.connections)

        assert known == 2  # with the desk's own

    over_http(cell)


def test_the_pace_plays_the_data_to_its_end() -> None:
    async def cell(desk: Desk, session: aiohttp.ClientSession, server: Server) -> None:
        async with session.ws_connect("/market/ws/btcusdt@kline_1m") as socket:
            await keep_pace(server, 600_000, Stop())
            closes = [
                (await socket.receive_json(timeout=5))["k"]["c"] for _told in range(2)
            ]

        assert closes == ["60100", "60200"]
        assert server.control.next_ms is None

    over_http(cell, "60100", "60200")
