"""Two clients that are not ours trade on the simulator: only their base URL is changed.

What they parse and sign is the exchange's surface as others read it, not as we do.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.binance_server.control import Control
from bridge_patch.app.binance_server.core import CREDENTIALS, Core
from bridge_patch.app.binance_server.serve import Server, serving
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick

D = Decimal
BTC = Symbol("BTCUSDT")
MINUTE = 60_000


def now_ms() -> int:
    return SystemClock().now_ms()


def tick(price: str, at_ms: int) -> Tick:
    bar = Bar(
        symbol=BTC,
        open_ms=UnixMs(at_ms - MINUTE),
        close_ms=UnixMs(at_ms),
        open=D(price),
        high=D(price),
        low=D(price),
        close=D(price),
        volume=D(100_000),
    )
    return Tick(at_ms=UnixMs(at_ms), bars=(bar,))


class Floor:
    """The exchange on a port, at the wall clock's time, and what one does there."""

    def __init__(self, server: Server, core: Core, port: int) -> None:
        self.server, self.core, self.port = server, core, port

    async def play(self, price: str) -> None:
        self.core.tick(tick(price, now_ms()))
        await self.server.hand_out()

    async def keep_time(self) -> None:
        """Let the exchange's clock follow the one that these clients sign with."""
        while True:
            self.core.advance(now_ms())
            await asyncio.sleep(0.02)


@asynccontextmanager
async def floor() -> AsyncIterator[Floor]:
    core = Core(symbols=(BTC,))
    async with serving(Control(core)) as (server, port):
        there = Floor(server, core, port)
        await there.play("60000")
        keeping = asyncio.create_task(there.keep_time())
        yield there
        keeping.cancel()


async def until(seen: list[Any], wanted: Callable[[Any], bool]) -> Any:
    """Return the first of what was seen that is wanted; wait for it a bounded time."""
    async with asyncio.timeout(10):
        while True:
            for one in seen:
                if wanted(one):
                    return one
            await asyncio.sleep(0.01)


@pytest.mark.e2e
@pytest.mark.slow
def test_the_official_sdk_places_queries_cancels_and_streams() -> None:
    asyncio.run(_official())


async def _official() -> None:
    from binance_common.configuration import (
        ConfigurationRestAPI,
        ConfigurationWebSocketStreams,
    )
    from binance_sdk_derivatives_trading_usds_futures import (
        derivatives_trading_usds_futures as sdk,
    )

    async with floor() as there:
        client: Any = sdk.DerivativesTradingUsdsFutures(
            config_rest_api=ConfigurationRestAPI(
                api_key=CREDENTIALS.api_key,
                api_secret=CREDENTIALS.secret,
                base_path=f"http://127.0.0.1:{there.port}",
                retries=0,
            ),
            config_ws_streams=ConfigurationWebSocketStreams(
                stream_url=f"ws://127.0.0.1:{there.port}", reconnect_attempts=1
            ),
        )
        rest = client.rest_api
        seen: list[Any] = []
        key = (await asyncio.to_thread(rest.start_user_data_stream)).data().listen_key
        streams = client.websocket_streams
        await streams.create_connection()
        user = await streams.user_data(key)
        user.on("message", seen.append)
        candles: list[Any] = []
        kline = await streams.kline_candlestick_streams(symbol="btcusdt", interval="1m")
        kline.on("message", candles.append)

        placed = await asyncio.to_thread(
            rest.new_order,
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            time_in_force="GTC",
            quantity=0.01,
            price=59000,
            new_client_order_id="sdk-1",
        )
        found = await asyncio.to_thread(
            rest.query_order, symbol="BTCUSDT", orig_client_order_id="sdk-1"
        )
        gone = await asyncio.to_thread(
            rest.cancel_order, symbol="BTCUSDT", orig_client_order_id="sdk-1"
        )
        bought = await asyncio.to_thread(
            rest.new_order,
            symbol="BTCUSDT",
            side="BUY",
            type="MARKET",
            quantity=0.01,
            new_order_resp_type="RESULT",
        )
        stop = await asyncio.to_thread(
            rest.new_algo_order,
            algo_type="CONDITIONAL",
            symbol="BTCUSDT",
            side="SELL",
            type="STOP_MARKET",
            trigger_price=59500,
            close_position="true",
            client_algo_id="sdk-stop",
        )
        waiting = await asyncio.to_thread(rest.query_algo_order, client_algo_id="sdk-stop")
        ended = await asyncio.to_thread(rest.cancel_algo_order, client_algo_id="sdk-stop")
        held = await asyncio.to_thread(rest.position_information_v3)
        await there.play("60100")
        told = await until(seen, _is_trade)
        candle = await until(candles, lambda _: True)
        await streams.close_connection(close_session=True)

        assert placed.data().status == "NEW"
        assert found.data().order_id == placed.data().order_id
        assert gone.data().status == "CANCELED"
        assert (bought.data().status, bought.data().executed_qty) == ("FILLED", "0.010")
        assert stop.data().algo_status == "NEW"
        assert waiting.data().algo_id == stop.data().algo_id
        assert ended.data().msg == "success"
        assert [p.position_amt for p in held.data()] == ["0.010"]
        assert told.actual_instance.o.z == "0.010"
        assert candle.k.c == "60100"


def _is_trade(event: Any) -> bool:
    order = getattr(event.actual_instance, "o", None)
    return getattr(order, "x", None) == "TRADE"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")  # its imports
def test_python_binance_places_queries_cancels_and_streams() -> None:
    asyncio.run(_community())


async def _community() -> None:
    from binance import (  # type: ignore[import-untyped]
        AsyncClient,
        BinanceSocketManager,
    )

    async with floor() as there:
        client = AsyncClient(CREDENTIALS.api_key, CREDENTIALS.secret)
        client.FUTURES_URL = f"http://127.0.0.1:{there.port}/fapi"
        sockets = BinanceSocketManager(client)
        sockets.FSTREAM_URL = f"ws://127.0.0.1:{there.port}/"
        try:
            async with sockets.futures_user_socket() as user:
                placed = await client.futures_create_order(
                    symbol="BTCUSDT",
                    side="BUY",
                    type="LIMIT",
                    timeInForce="GTC",
                    quantity="0.01",
                    price="59000",
                    newClientOrderId="pb-1",
                )
                found = await client.futures_get_order(
                    symbol="BTCUSDT", origClientOrderId="pb-1"
                )
                gone = await client.futures_cancel_order(
                    symbol="BTCUSDT", origClientOrderId="pb-1"
                )
                bought = await client.futures_create_order(
                    symbol="BTCUSDT",
                    side="BUY",
                    type="MARKET",
                    quantity="0.01",
                    newOrderRespType="RESULT",
                )
                stop = await client.futures_create_order(
                    symbol="BTCUSDT",
                    side="SELL",
                    type="STOP_MARKET",
                    triggerPrice="59500",
                    closePosition="true",
                    clientAlgoId="pb-stop",
                )
                waiting = await client.futures_get_order(clientAlgoId="pb-stop")
                ended = await client.futures_cancel_order(clientAlgoId="pb-stop")
                held = await client.futures_position_information()
                seen: list[Any] = []
                while not any(e.get("o", {}).get("x") == "TRADE" for e in seen):
                    seen.append(await asyncio.wait_for(user.recv(), 10))
        finally:
            await client.close_connection()

        assert placed["status"] == "NEW"
        assert found["orderId"] == placed["orderId"]
        assert gone["status"] == "CANCELED"
        assert (bought["status"], bought["executedQty"]) == ("FILLED", "0.010")
        assert stop["algoStatus"] == "NEW"
        assert waiting["algoId"] == stop["algoId"]
        assert ended["msg"] == "success"
        assert [p["positionAmt"] for p in held if D(p["positionAmt"])] == ["0.010"]
        assert seen[0]["e"] == "ORDER_TRADE_UPDATE"
