"""The algo service: conditional orders, what they become, and what they are refused for."""

from decimal import Decimal

import pytest

from tests.unit.app.binance_server.desk import Desk

D = Decimal
ALGO = "/fapi/v1/algoOrder"
STOP = {
    "algoType": "CONDITIONAL",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "STOP_MARKET",
    "triggerPrice": "59000",
    "closePosition": "true",
}


def long(quantity: str = "0.1") -> Desk:
    desk = Desk()
    desk.market("BUY", quantity)
    desk.told()
    return desk


def statuses(desk: Desk) -> list[str]:
    return [e["o"]["X"] for e in desk.told("ALGO_UPDATE")]


def test_a_stop_rests_in_an_id_space_of_its_own() -> None:
    """The order service does not know it, not to query and not to cancel."""
    desk = long()
    stop = desk.algo(
        "SELL",
        "STOP_MARKET",
        triggerPrice="59000",
        closePosition="true",
        clientAlgoId="stop-1",
    )
    found = desk.ok("GET", ALGO, clientAlgoId="stop-1")
    (listed,) = desk.ok("GET", "/fapi/v1/openAlgoOrders", symbol="BTCUSDT")
    elsewhere = {"symbol": "BTCUSDT", "origClientOrderId": "stop-1"}

    assert stop["algoId"] == found["algoId"] == listed["algoId"]
    assert (found["algoStatus"], found["actualOrderId"]) == ("NEW", "")
    assert desk.no("GET", "/fapi/v1/order", **elsewhere) == -2013
    assert desk.no("DELETE", "/fapi/v1/order", **elsewhere) == -2011
    assert desk.ok("GET", "/fapi/v1/openOrders") == []


def test_a_stop_that_fires_is_told_step_by_step_and_closes_all() -> None:
    desk = long()
    desk.algo(
        "SELL",
        "STOP_MARKET",
        triggerPrice="59000",
        closePosition="true",
        clientAlgoId="stop-1",
    )
    desk.play("58500", "59900")
    told = desk.told()
    algo = [e["o"] for e in told if e["e"] == "ALGO_UPDATE"]
    trade = next(e["o"] for e in told if e.get("o", {}).get("x") == "TRADE")

    assert [a["X"] for a in algo] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
    assert (algo[-1]["ai"], algo[-1]["aq"]) == (str(trade["i"]), "0.100")
    assert (trade["c"], trade["ot"], trade["o"]) == ("stop-1", "STOP_MARKET", "MARKET")
    assert D(trade["L"]) < 59_000
    assert desk.position() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"algoType": "VP"}, -1128),
        ({"type": "LIMIT", "closePosition": None, "quantity": "0.1"}, -4120),
        ({"triggerPrice": None}, -1102),
        ({"triggerPrice": "59000.05"}, -4014),
        ({"triggerPrice": "0"}, -4006),
        ({"triggerPrice": "60000"}, -2021),
        ({"quantity": "0.1"}, -4137),
        ({"reduceOnly": "true"}, -1106),
        ({"type": "STOP", "price": "58900"}, -4136),
        ({"closePosition": None}, -1102),
        ({"type": "TAKE_PROFIT_MARKET"}, -2021),
        ({"clientAlgoId": "é"}, -4015),
        ({"positionSide": "LONG"}, -4061),
        (
            {
                "type": "TRAILING_STOP_MARKET",
                "closePosition": None,
                "quantity": "0.1",
                "callbackRate": "20.1",
            },
            -2007,
        ),
        (
            {
                "type": "TRAILING_STOP_MARKET",
                "closePosition": None,
                "quantity": "0.1",
                "callbackRate": "1",
                "activatePrice": "59000",
            },
            -2021,
        ),
    ],
)
def test_what_a_stop_is_refused_for(change: dict[str, str | None], code: int) -> None:
    desk = long()

    assert desk.no("POST", ALGO, **{**STOP, **change}) == code
    assert desk.ok("GET", "/fapi/v1/openAlgoOrders") == []


def test_the_sane_stop_is_taken() -> None:
    assert long().ok("POST", ALGO, **STOP)["algoStatus"] == "NEW"


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "low", "high"),
    [
        ("SELL", "STOP_MARKET", "59000", "59000", "60000"),
        ("BUY", "STOP_MARKET", "61000", "60000", "61000"),
        ("SELL", "TAKE_PROFIT_MARKET", "61000", "60000", "61000"),
        ("BUY", "TAKE_PROFIT_MARKET", "59000", "59000", "60000"),
    ],
)
def test_each_kind_fires_on_its_own_side_of_the_price(
    side: str, kind: str, trigger: str, low: str, high: str
) -> None:
    """A touch is enough, and a tick before it is not."""
    desk = Desk()
    desk.algo(side, kind, triggerPrice=trigger, quantity="0.1")
    near = D("0.1")
    desk.play(
        str(max(D(low), D(trigger) + near) if D(low) == D(trigger) else low),
        str(min(D(high), D(trigger) - near) if D(high) == D(trigger) else high),
    )
    before = desk.position()
    desk.play(low, high)

    assert before == 0
    assert desk.position() == (D("0.1") if side == "BUY" else D("-0.1"))


def test_no_margin_is_asked_for_before_the_trigger_and_then_it_is() -> None:
    desk = Desk(wallet="100")
    desk.algo("BUY", "STOP_MARKET", triggerPrice="61000", quantity="1")
    taken = statuses(desk)
    desk.play("60000", "61500")
    told = desk.told("ALGO_UPDATE")

    assert taken == ["NEW"]
    assert [e["o"]["X"] for e in told] == ["TRIGGERING", "REJECTED"]
    assert told[-1]["o"]["rm"] == "Margin is insufficient."
    assert desk.position() == 0


def test_a_reduce_only_stop_with_nothing_to_reduce_is_rejected_when_it_fires() -> None:
    desk = Desk()
    desk.algo(
        "SELL", "STOP_MARKET", triggerPrice="59000", quantity="0.1", reduceOnly="true"
    )
    desk.play("58000", "60000")

    assert statuses(desk) == ["NEW", "TRIGGERING", "REJECTED"]
    assert desk.position() == 0


def test_a_reduce_only_stop_closes_no_more_than_is_open() -> None:
    desk = long("0.1")
    desk.algo("SELL", "STOP_MARKET", triggerPrice="59000", quantity="5", reduceOnly="true")
    desk.play("58000", "60000")

    assert desk.position() == 0


def test_an_orphan_stop_closes_the_next_position() -> None:
    """A close-all stop outlives what it protected, unless it is tied to it."""
    desk = long()
    desk.ok("POST", ALGO, **STOP, clientAlgoId="orphan")
    desk.ok("POST", ALGO, **STOP, clientAlgoId="tied", timeInForce="GTE_GTC")
    desk.market("SELL", "0.1", reduceOnly="true")
    tied = desk.ok("GET", ALGO, clientAlgoId="tied")["algoStatus"]
    desk.market("BUY", "0.2")
    desk.play("58500", "60000")

    assert tied == "EXPIRED"
    assert desk.ok("GET", ALGO, clientAlgoId="orphan")["algoStatus"] == "FINISHED"
    assert desk.position() == 0


def test_a_flip_through_zero_ends_what_was_tied_to_the_old_position() -> None:
    desk = long()
    desk.ok("POST", ALGO, **STOP, clientAlgoId="tied", timeInForce="GTE_GTC")
    desk.market("SELL", "0.3")

    assert desk.position() == D("-0.2")
    assert desk.ok("GET", ALGO, clientAlgoId="tied")["algoStatus"] == "EXPIRED"


def test_a_tied_stop_needs_a_position() -> None:
    assert Desk().no("POST", ALGO, **STOP, timeInForce="GTE_GTC") == -4509


def test_a_stop_limit_becomes_a_limit_order_and_is_finished_with_it() -> None:
    desk = long()
    desk.algo(
        "SELL",
        "STOP",
        triggerPrice="59000",
        price="59500",
        quantity="0.1",
        reduceOnly="true",
        clientAlgoId="sl",
    )
    desk.play("58900", "59400", open_="59300", close="59000")
    found = desk.ok("GET", ALGO, clientAlgoId="sl")
    (resting,) = desk.ok("GET", "/fapi/v1/openOrders")
    desk.play("59000", "59600")

    assert (found["algoStatus"], found["actualOrderId"]) == (
        "TRIGGERED",
        str(resting["orderId"]),
    )
    assert (resting["type"], resting["price"], resting["origType"]) == (
        "LIMIT",
        "59500",
        "STOP",
    )
    assert desk.ok("GET", ALGO, clientAlgoId="sl")["algoStatus"] == "FINISHED"
    assert desk.position() == 0


def test_cancelling_the_limit_order_of_a_fired_stop_finishes_the_stop() -> None:
    desk = long()
    desk.algo(
        "SELL",
        "STOP",
        triggerPrice="59000",
        price="59500",
        quantity="0.1",
        clientAlgoId="s",
    )
    desk.play("58900", "59400", close="59000")
    desk.ok("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="s")

    assert desk.ok("GET", ALGO, clientAlgoId="s")["algoStatus"] == "FINISHED"


def test_a_trailing_stop_tells_its_activation_and_fires_behind_the_best_price() -> None:
    desk = long()
    desk.algo(
        "SELL",
        "TRAILING_STOP_MARKET",
        callbackRate="1",
        activatePrice="61000",
        quantity="0.1",
        reduceOnly="true",
    )
    desk.play("61900", "62000", open_="61900", close="62000")
    active = [(e["o"]["X"], e["o"]["ia"]) for e in desk.told("ALGO_UPDATE")]
    desk.play("61300", "62000")
    (_, trade) = desk.ok("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")

    assert active == [("NEW", False), ("NEW", True)]
    assert D("61300") < D(trade["price"]) < D("62000") * D("0.99")
    assert desk.position() == 0


def test_client_ids_are_unique_among_open_stops_and_cancel_is_told() -> None:
    desk = long()
    desk.ok("POST", ALGO, **STOP, clientAlgoId="a")
    again = desk.no("POST", ALGO, **STOP, clientAlgoId="a")
    gone = desk.ok("DELETE", ALGO, clientAlgoId="a")
    desk.ok("POST", ALGO, **STOP, clientAlgoId="a")

    assert (again, gone["code"], gone["msg"]) == (-4116, "200", "success")
    assert statuses(desk) == ["NEW", "CANCELED", "NEW"]


def test_cancel_all_of_one_service_leaves_the_other_alone() -> None:
    desk = long()
    desk.ok("POST", ALGO, **STOP)
    desk.limit("SELL", "0.1", "61000", reduceOnly="true")
    desk.ok("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    stops = len(desk.ok("GET", "/fapi/v1/openAlgoOrders"))
    desk.limit("SELL", "0.1", "61000", reduceOnly="true")
    desk.ok("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")

    assert stops == 1
    assert desk.ok("GET", "/fapi/v1/openAlgoOrders") == []
    assert len(desk.ok("GET", "/fapi/v1/openOrders")) == 1
