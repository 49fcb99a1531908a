"""What the order service refuses, each row with one thing wrong; the sane one is taken."""

from decimal import Decimal

import pytest

from tests.unit.app.binance_server.desk import Desk

D = Decimal
ORDER = "/fapi/v1/order"
ENTRY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
RESTING = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.1",
    "price": "59000",
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"symbol": "ETHUSDT"}, -1112),
        ({"side": "LONG"}, -1117),
        ({"type": "STOPLOSS"}, -1116),
        ({"type": "LIQUIDATION"}, -1116),
        ({"quantity": None}, -1102),
        ({"quantity": "abc"}, -1100),
        ({"quantity": "NaN"}, -1100),
        ({"quantity": "-1"}, -4003),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.1001"}, -1111),
        ({"quantity": "0.001"}, -4164),
        ({"quantity": "200"}, -4005),
        ({"quantity": "4"}, -2019),
        ({"timeInForce": "GTC"}, -1106),
        ({"price": "60000"}, -1106),
        ({"newClientOrderId": "no spaces"}, -4015),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"positionSide": "LONG"}, -4061),
        ({"reduceOnly": "true"}, -2022),
        ({"closePosition": "true"}, -4136),
        ({"type": "STOP_MARKET", "stopPrice": "59000"}, -4120),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "1"}, -4120),
    ],
)
def test_what_an_entry_is_refused_for(change: dict[str, str | None], code: int) -> None:
    desk = Desk()

    assert desk.no("POST", ORDER, **{**ENTRY, **change}) == code
    assert desk.told() == []
    assert desk.position() == 0


def test_leverage_beyond_the_bracket_of_what_would_be_open_is_refused() -> None:
    desk = Desk(wallet="1000000")
    desk.ok("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)

    assert desk.no("POST", ORDER, **{**ENTRY, "quantity": "10"}) == -2027


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"price": None}, -1102),
        ({"timeInForce": None}, -1102),
        ({"timeInForce": "GTE_GTC"}, -1115),
        ({"price": "59000.05"}, -4014),
        ({"price": "-1"}, -4001),
        ({"price": "2000000"}, -4002),
        ({"price": "63000.1"}, -4016),
        ({"side": "SELL", "price": "56999.9"}, -4024),
        ({"quantity": "0.001"}, -4164),
        ({"timeInForce": "GTX", "price": "60100"}, -5022),
        ({"timeInForce": "FOK"}, -5021),
        ({"timeInForce": "GTD", "goodTillDate": "1"}, -5040),
        ({"quantity": "4"}, -2019),
        ({"reduceOnly": "true"}, -2022),
    ],
)
def test_what_a_limit_order_is_refused_for(
    change: dict[str, str | None], code: int
) -> None:
    desk = Desk()

    assert desk.no("POST", ORDER, **{**RESTING, **change}) == code
    assert desk.ok("GET", "/fapi/v1/openOrders") == []


def test_the_sane_limit_order_rests_and_is_listed() -> None:
    desk = Desk()
    order = desk.ok("POST", ORDER, **RESTING)

    (listed,) = desk.ok("GET", "/fapi/v1/openOrders", symbol="BTCUSDT")
    assert (order["status"], listed["orderId"]) == ("NEW", order["orderId"])
