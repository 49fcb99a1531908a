"""The order service: fills, rests, parts, ids, cancels, amendments."""

from decimal import Decimal

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


def test_a_market_order_fills_at_once_and_its_reply_has_no_average_price() -> None:
    """The shape of July 2026: missing is not zero."""
    desk = Desk()
    reply = desk.market("BUY", "0.100", newClientOrderId="mine")
    found = desk.ok("GET", ORDER, symbol="BTCUSDT", origClientOrderId="mine")

    assert (reply["status"], reply["executedQty"], reply["cumQty"]) == (
        "FILLED",
        "0.100",
        "0.100",
    )
    assert "avgPrice" not in reply
    assert "cumQuote" not in reply
    assert D(found["avgPrice"]) > 60_000
    assert desk.position() == D("0.100")


def test_the_old_reply_shape_can_be_had() -> None:
    desk = Desk()
    desk.dispose(old_replies=True)
    reply = desk.market("BUY", "0.1")

    assert D(reply["cumQuote"]) == D(reply["avgPrice"]) * D("0.1")


def test_an_acknowledgement_shows_the_order_before_it_was_matched() -> None:
    desk = Desk()
    reply = desk.ok("POST", ORDER, **ENTRY)

    assert (reply["status"], reply["executedQty"]) == ("NEW", "0")
    assert desk.position() == D("0.1")


def test_a_fill_is_told_in_the_order_of_the_recordings() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    told = desk.told()
    trade, account = told[3]["o"], told[2]["a"]

    assert [e["e"] for e in told] == [
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE",
    ]
    assert (trade["x"], trade["X"], trade["z"]) == ("TRADE", "FILLED", "0.100")
    assert D(account["B"][0]["wb"]) == 10_000 - D(trade["n"])
    assert account["P"][0]["pa"] == "0.100"


def test_a_limit_order_fills_when_the_price_goes_through_it_and_not_when_it_touches() -> (
    None
):
    desk = Desk()
    desk.limit("BUY", "0.1", "59000")
    desk.play("59000", "60000")
    touched = desk.position()
    desk.play("58999.9", "59500")

    assert (touched, desk.position()) == (D(0), D("0.1"))
    (trade,) = desk.ok("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    assert (trade["price"], trade["maker"]) == ("59000", True)
    assert D(trade["commission"]) == D("5900") * D("0.0002")


def test_a_limit_order_that_crosses_takes_at_no_worse_than_its_price() -> None:
    desk = Desk()
    reply = desk.limit("BUY", "0.1", "60500")
    (trade,) = desk.ok("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")

    assert reply["status"] == "FILLED"
    assert (trade["maker"], D(trade["price"]) < 60_500) == (False, True)


def test_a_resting_order_fills_in_parts_by_the_bars_volume() -> None:
    """A tenth of each bar, as everywhere in the simulator."""
    desk = Desk()
    desk.limit("BUY", "0.1", "59000")
    desk.play("58000", "60000", volume="0.4")
    part = desk.ok("GET", "/fapi/v1/openOrders")[0]
    desk.play("58000", "60000", volume="10")

    assert (part["status"], part["executedQty"]) == ("PARTIALLY_FILLED", "0.040")
    assert desk.position() == D("0.1")


def test_a_market_order_beyond_the_volume_expires_with_its_part() -> None:
    desk = Desk()
    desk.play("60000", volume="0.5")
    desk.told()
    reply = desk.market("BUY", "0.1")
    ends = [e["o"] for e in desk.told("ORDER_TRADE_UPDATE")]

    assert (reply["status"], reply["executedQty"]) == ("EXPIRED", "0.050")
    assert [(e["x"], e["er"]) for e in ends] == [
        ("NEW", "0"),
        ("TRADE", "0"),
        ("EXPIRED", "9"),
    ]


def test_an_immediate_order_leaves_nothing_resting() -> None:
    desk = Desk()
    desk.play("60000", volume="0.5")
    reply = desk.limit("BUY", "0.1", "60100", timeInForce="IOC")

    assert (reply["status"], reply["executedQty"]) == ("EXPIRED", "0.050")
    assert desk.ok("GET", "/fapi/v1/openOrders") == []


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    """So it is no idempotency key: a filled order's id may fill again."""
    desk = Desk()
    desk.limit("BUY", "0.1", "59000", newClientOrderId="same")
    code = desk.no("POST", ORDER, **{**RESTING, "newClientOrderId": "same"})
    desk.ok("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="same")
    desk.market("BUY", "0.1", newClientOrderId="same")
    desk.market("BUY", "0.1", newClientOrderId="same")

    assert code == -4116
    assert desk.position() == D("0.2")


def test_an_open_order_is_queried_by_itself_until_it_is_over() -> None:
    desk = Desk()
    order = desk.limit("BUY", "0.1", "59000")
    ask = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
    works = desk.ok("GET", "/fapi/v1/openOrder", **ask)["status"]
    desk.ok("DELETE", ORDER, **ask)

    assert (works, desk.no("GET", "/fapi/v1/openOrder", **ask)) == ("NEW", -2013)


def test_a_cancel_that_came_too_late_is_an_unknown_order() -> None:
    desk = Desk()
    order = desk.market("BUY", "0.1")

    assert (
        desk.no("DELETE", ORDER, symbol="BTCUSDT", orderId=order["orderId"]),
        desk.no("GET", ORDER, symbol="BTCUSDT", orderId=1),
        desk.no("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="nobody"),
    ) == (-2011, -2013, -2011)


def test_reduce_only_never_flips_and_ends_with_the_position() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.limit("SELL", "0.1", "61000", reduceOnly="true")
    desk.told()
    desk.market("SELL", "5", reduceOnly="true")
    ends = [e["o"] for e in desk.told("ORDER_TRADE_UPDATE") if e["o"]["x"] == "EXPIRED"]

    assert desk.position() == 0
    assert {e["er"] for e in ends} == {"4"}
    assert desk.ok("GET", "/fapi/v1/openOrders") == []


def test_resting_entries_hold_margin_until_they_are_gone() -> None:
    desk = Desk()
    desk.limit("BUY", "3", "59000")
    held = D(desk.ok("GET", "/fapi/v3/account")["availableBalance"])
    code = desk.no("POST", ORDER, **{**ENTRY, "quantity": "1"})
    desk.ok("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")

    assert (held, code) == (10_000 - D(3 * 59_000) / 20, -2019)
    assert D(desk.ok("GET", "/fapi/v3/account")["availableBalance"]) == 10_000


def test_modify_moves_an_order_and_leaves_it_where_a_filter_objects() -> None:
    desk = Desk()
    order = desk.limit("BUY", "0.1", "59000")
    ask = {"symbol": "BTCUSDT", "side": "BUY", "orderId": order["orderId"]}
    same = desk.no("PUT", ORDER, **ask, quantity="0.1", price="59000")
    off = desk.no("PUT", ORDER, **ask, quantity="0.1", price="59000.01")
    moved = desk.ok("PUT", ORDER, **ask, quantity="0.2", price="58000")

    assert (same, off) == (-5027, -4014)
    assert (moved["price"], moved["origQty"], moved["status"]) == ("58000", "0.2", "NEW")
    assert [e["o"]["x"] for e in desk.told()] == ["NEW", "AMENDMENT"]


def test_modify_to_no_more_than_was_filled_cancels() -> None:
    desk = Desk()
    order = desk.limit("BUY", "0.1", "59000")
    desk.play("58000", "60000", volume="0.4")
    reply = desk.ok(
        "PUT",
        ORDER,
        symbol="BTCUSDT",
        side="BUY",
        orderId=order["orderId"],
        quantity="0.04",
        price="58500",
    )

    assert reply["status"] == "CANCELED"


def test_each_order_of_a_batch_succeeds_or_fails_alone() -> None:
    desk = Desk()
    batch = (
        '[{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC",'
        '"quantity":"0.1","price":"59000"},'
        '{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.001"}]'
    )
    rests, refused = desk.ok("POST", "/fapi/v1/batchOrders", batchOrders=batch)
    (gone,) = desk.ok(
        "DELETE",
        "/fapi/v1/batchOrders",
        symbol="BTCUSDT",
        orderIdList=f"[{rests['orderId']}]",
    )

    assert (rests["status"], refused["code"], gone["status"]) == ("NEW", -4164, "CANCELED")
    assert desk.no("POST", "/fapi/v1/batchOrders", batchOrders="[1") == -1100


def test_a_test_order_is_checked_and_not_placed() -> None:
    desk = Desk()
    desk.ok("POST", "/fapi/v1/order/test", **ENTRY)

    assert desk.no("POST", "/fapi/v1/order/test", **{**RESTING, "quantity": "4"}) == -2019
    assert desk.position() == 0
    assert desk.told() == []


def test_the_two_hundred_and_first_open_order_of_a_symbol_is_refused() -> None:
    desk = Desk(wallet="1000000")
    for _ in range(200):
        desk.limit("BUY", "0.01", "59000")

    assert desk.no("POST", ORDER, **RESTING) == -2025


def test_a_dated_order_expires_and_the_dead_man_switch_cancels_on_time() -> None:
    desk = Desk()
    till = desk.core.now_ms + 601_000
    desk.limit("BUY", "0.1", "59000", timeInForce="GTD", goodTillDate=till)
    desk.limit("BUY", "0.1", "58000")
    desk.ok("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime="602000")
    desk.core.advance(till - 1)
    both = len(desk.ok("GET", "/fapi/v1/openOrders"))
    desk.core.advance(till)
    one = len(desk.ok("GET", "/fapi/v1/openOrders"))
    desk.core.advance(till + 1_000)

    assert (both, one) == (2, 1)
    assert desk.ok("GET", "/fapi/v1/openOrders") == []


def test_an_order_that_ended_without_a_fill_is_forgotten_after_three_days() -> None:
    """So that absence long afterwards proves nothing."""
    desk = Desk()
    desk.limit("BUY", "0.1", "59000", newClientOrderId="gone")
    desk.ok("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="gone")
    desk.market("BUY", "0.1", newClientOrderId="kept")
    ask = {"symbol": "BTCUSDT", "origClientOrderId": "gone"}
    desk.core.advance(desk.core.now_ms + 3 * 86_400_000)
    known = desk.ok("GET", ORDER, **ask)["status"]
    desk.core.advance(desk.core.now_ms + 1)

    assert (known, desk.no("GET", ORDER, **ask)) == ("CANCELED", -2013)
    (left,) = desk.ok("GET", "/fapi/v1/allOrders", symbol="BTCUSDT")
    assert left["clientOrderId"] == "kept"
