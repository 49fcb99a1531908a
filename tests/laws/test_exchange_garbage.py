"""Whatever is sent, the served exchange answers, and a refusal changes nothing."""

from typing import Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.app.binance_server.routes import ROUTES
from tests.unit.app.binance_server.desk import BTC, Desk

NAMES: Final = (
    *("symbol", "side", "type", "quantity", "price", "timeInForce", "reduceOnly"),
    *("closePosition", "newClientOrderId", "positionSide", "triggerPrice", "algoType"),
    *("callbackRate", "activatePrice", "orderId", "origClientOrderId", "algoId"),
    *("clientAlgoId", "leverage", "marginType", "dualSidePosition", "limit", "interval"),
    *("countdownTime", "batchOrders", "orderIdList", "recvWindow", "timestamp"),
    *("goodTillDate", "workingType", "multiAssetsMargin", "startTime", "newOrderRespType"),
)
VALUES: Final = (
    *("", "0", "1", "-1", "0.001", "0.1", "7", "59000", "61000", "1e9", "1E999999"),
    *("NaN", "Infinity", "-0", "9" * 400, "0." + "1" * 400, "٣", "true", "FALSE", "GTC"),
    *("BUY", "SELL", "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TRAILING_STOP_MARKET"),
    *("CONDITIONAL", "IOC", "FOK", "GTX", "GTD", "GTE_GTC", "BTCUSDT", "ETHUSDT", "XUSDT"),
    *("BOTH", "LONG", "ISOLATED", "CROSSED", "1m", "[]", "[{}]", "[1]", "{", "RESULT"),
    '[{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":0.01}]',
)
calls = st.lists(
    st.tuples(
        st.sampled_from(sorted(ROUTES)),
        st.dictionaries(
            st.sampled_from(NAMES),
            st.sampled_from(VALUES) | st.text(max_size=4),
            max_size=12,
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(asked=calls)
def test_every_call_is_answered_in_json_with_a_code_where_it_is_refused(
    asked: list[tuple[tuple[str, str], dict[str, str]]],
) -> None:
    desk = Desk()
    for (method, path), params in asked:
        before = desk.core.venue.exchange.wallet_usd, desk.position()
        reply = desk.send(method, path, **{"symbol": BTC, **params})
        body = msgspec.json.decode(reply.body)

        if reply.status != 200:
            assert isinstance(body["code"], int)
            assert body["msg"]
            after = desk.core.venue.exchange.wallet_usd, desk.position()
            assert after == before


def test_some_of_these_calls_trade() -> None:
    """Guards the law: the same values, put together sanely, are taken."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    desk = Desk()
    desk.ok("POST", "/fapi/v1/order", **order)

    assert desk.position() != 0
