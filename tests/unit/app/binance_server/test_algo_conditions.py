"""Conditional orders when it hurts: unseen, refused at the trigger, raced."""

from decimal import Decimal

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
