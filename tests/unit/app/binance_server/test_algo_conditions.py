"""Conditional orders when it hurts: unseen, refused at the trigger, raced."""

from decimal import Decimal

import pytest

from tests.unit.app.binance_server.test_algo import ALGO, STOP, long

D = Decimal


def test_a_stop_may_be_live_and_invisible() -> None:
    desk = long()
    desk.dispose(algo_hidden_ms=60_000)
    desk.ok("POST", ALGO, **STOP, clientAlgoId="a")
    hidden = desk.no("GET", ALGO, clientAlgoId="a")
    listed = desk.ok("GET", "/fapi/v1/openAlgoOrders")
    desk.core.advance(desk.core.now_ms + 60_000)
    seen = desk.ok("GET", ALGO, clientAlgoId="a")["algoStatus"]

    assert (hidden, listed, seen) == (-2013, [], "NEW")


def test_an_invisible_stop_fires_all_the_same() -> None:
    desk = long()
    desk.dispose(algo_hidden_ms=600_000)
    desk.ok("POST", ALGO, **STOP)
    desk.play("58500", "60000")

    assert desk.position() == 0


def test_a_stop_may_be_rejected_when_it_fires() -> None:
    desk = long()
    desk.dispose(trigger_rejects="Reduce Only reject")
    desk.ok("POST", ALGO, **STOP)
    desk.play("58500", "60000")
    told = desk.told("ALGO_UPDATE")

    assert (told[-1]["o"]["X"], told[-1]["o"]["rm"]) == ("REJECTED", "Reduce Only reject")
    assert desk.position() == D("0.1")


def test_a_cancel_can_lose_the_race_against_the_trigger() -> None:
    desk = long()
    desk.dispose(trigger_takes_ms=2_000)
    desk.ok("POST", ALGO, **STOP, clientAlgoId="a")
    desk.play("58500", "60000")
    racing = desk.no("DELETE", ALGO, clientAlgoId="a")
    held = desk.position()
    desk.core.advance(desk.core.now_ms + 2_000)

    assert (racing, held, desk.position()) == (-4117, D("0.1"), D(0))


def test_the_order_that_it_becomes_may_have_a_name_of_its_own() -> None:
    desk = long()
    desk.dispose(trigger_renames=True)
    desk.ok("POST", ALGO, **STOP, clientAlgoId="a")
    desk.play("58500", "60000")
    algo = desk.ok("GET", ALGO, clientAlgoId="a")
    number = algo["actualOrderId"]
    order = desk.ok("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=number)

    assert order["clientOrderId"] == f"algo_{algo['algoId']}"
    assert (
        desk.no("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="a") == -2013
    )
    assert order["status"] == "FILLED"


def test_one_close_all_order_of_a_kind_may_be_a_rule() -> None:
    desk = long()
    desk.dispose(one_close_all=True)
    desk.ok("POST", ALGO, **STOP)

    assert desk.no("POST", ALGO, **STOP) == -4130


def test_two_hundred_conditional_orders_are_the_most() -> None:
    desk = long()
    for _ in range(200):
        desk.ok("POST", ALGO, **STOP)

    assert desk.no("POST", ALGO, **STOP) == -4045


def test_all_conditional_orders_are_listed_whatever_became_of_them() -> None:
    desk = long()
    first = desk.ok("POST", ALGO, **STOP)["algoId"]
    desk.ok("DELETE", ALGO, algoId=first)
    second = desk.ok("POST", ALGO, **STOP)["algoId"]
    every = desk.ok("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT")
    later = desk.ok("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT", algoId=second)
    gone = desk.no("DELETE", ALGO, algoId=first)

    assert [(a["algoId"], a["algoStatus"]) for a in every] == [
        (first, "CANCELED"),
        (second, "NEW"),
    ]
    assert [a["algoId"] for a in later] == [second]
    assert gone == -2011
    assert desk.no("GET", ALGO) == -1102


def test_a_stop_limit_that_was_triggering_rests_at_its_price_in_the_end() -> None:
    desk = long()
    desk.dispose(trigger_takes_ms=2_000)
    desk.algo("SELL", "STOP", triggerPrice="59000", price="59500", quantity="0.1")
    desk.play("58900", "59400", close="59000")
    before = desk.ok("GET", "/fapi/v1/openOrders")
    desk.core.advance(desk.core.now_ms + 2_000)

    assert before == []
    assert [o["price"] for o in desk.ok("GET", "/fapi/v1/openOrders")] == ["59500"]


@pytest.mark.parametrize("too", [False, True])
def test_whether_the_dead_man_switch_takes_stops_is_a_condition(too: bool) -> None:
    """The exchange does not say; both have to be lived with."""
    desk = long()
    desk.dispose(countdown_cancels_algos=too)
    desk.ok("POST", ALGO, **STOP)
    desk.ok("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=1_000)
    desk.core.advance(desk.core.now_ms + 1_000)

    assert bool(desk.ok("GET", "/fapi/v1/openAlgoOrders")) is not too


def test_a_stopped_dead_man_switch_cancels_nothing() -> None:
    desk = long()
    desk.limit("BUY", "0.1", "59000")
    for length_ms in (1_000, 0):
        desk.ok(
            "POST",
            "/fapi/v1/countdownCancelAll",
            symbol="BTCUSDT",
            countdownTime=length_ms,
        )
    desk.core.advance(desk.core.now_ms + 1_000)

    assert len(desk.ok("GET", "/fapi/v1/openOrders")) == 1
