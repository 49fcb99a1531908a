"""Weights, order counts, warnings and bans."""

import msgspec

from bridge_patch.app.binance_server.limits import RateLimits
from tests.unit.app.binance_server.desk import Desk

WEIGHT = "X-MBX-USED-WEIGHT-1M"
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def test_weight_is_counted_by_the_minute_and_told() -> None:
    desk = Desk()
    desk.play("60000")
    first = desk.send("GET", "/fapi/v3/account").headers[WEIGHT]
    second = desk.send("GET", "/fapi/v1/openOrders").headers[WEIGHT]
    desk.play("60000")
    third = desk.send("GET", "/fapi/v1/openOrders", symbol="BTCUSDT").headers[WEIGHT]

    assert (first, second, third) == ("5", "45", "1")


def test_orders_weigh_nothing_and_are_counted_by_account() -> None:
    desk = Desk()
    desk.play("60000")
    headers = desk.send("POST", "/fapi/v1/order", **ORDER).headers
    rejected = desk.send("POST", "/fapi/v1/order", **{**ORDER, "quantity": "0"}).headers

    assert headers[WEIGHT] == "0"
    assert (headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
    assert rejected["X-MBX-ORDER-COUNT-10S"] == "2"


def test_too_many_orders_are_refused_with_their_own_code() -> None:
    desk = Desk()
    desk.play("60000")
    codes = [
        desk.send("POST", "/fapi/v1/order", **{**ORDER, "quantity": "0"}).status
        for _ in range(300)
    ]
    reply = desk.send("POST", "/fapi/v1/order", **ORDER)

    assert set(codes) == {400}
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (429, -1015)
    assert desk.position() == 0


def test_over_the_weight_is_warned_then_banned_for_longer_each_time() -> None:
    limits, desk = RateLimits(), Desk()
    desk.core.limits = limits
    desk.play("60000")
    limits.weight_max = 5
    statuses = [desk.send("GET", "/fapi/v3/account").status for _ in range(8)]
    body = msgspec.json.decode(desk.send("GET", "/fapi/v1/time").body)
    until = desk.core.now_ms + 120_000
    desk.core.advance(until - 1)
    still = desk.send("GET", "/fapi/v1/time").status
    desk.core.advance(until)

    assert statuses == [200, 429, 429, 429, 429, 429, 418, 418]
    assert body["code"] == -1003
    assert f"banned until {until}" in body["msg"]
    assert still == 418
    assert desk.send("GET", "/fapi/v1/time").status == 200
    assert limits.ban("127.0.0.1", until) == until + 240_000


def test_one_address_does_not_use_up_anothers_weight() -> None:
    limits = RateLimits()
    limits.weigh("127.0.0.1", 2_400, 0)

    assert limits.weigh("127.0.0.2", 1, 0) == {WEIGHT: "1"}
