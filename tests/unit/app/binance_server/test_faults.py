"""Faults on request: what the client gets, and what was carried out all the same."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.app.binance_server.wire import Ending, Reply
from tests.unit.app.binance_server.desk import Desk

D = Decimal
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
PATH = "/fapi/v1/order"


def order(desk: Desk, **more: Any) -> Reply:
    return desk.send("POST", PATH, **{**ORDER, **more})


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "ending"),
    [
        ("lost", 200, Ending.SILENT),
        ("reset", 200, Ending.RESET),
        ("cut", 200, Ending.CUT),
        ("empty", 200, Ending.WHOLE),
        ("html", 200, Ending.WHOLE),
        ("broken_json", 200, Ending.WHOLE),
        ("unknown_503", 503, Ending.WHOLE),
        ("unknown_503_no_code", 503, Ending.WHOLE),
    ],
)
def test_an_unknown_outcome_may_be_either(
    kind: str, status: int, ending: Ending, accepted: bool
) -> None:
    """The client cannot tell from the reply whether the order was carried out."""
    desk = Desk()
    desk.plan(kind, accepted=accepted)
    reply = order(desk)

    assert (reply.status, reply.ending) == (status, ending)
    assert desk.position() == (D("0.1") if accepted else 0)
    assert bool(desk.told()) is accepted


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("unavailable_503", 0, "Service Unavailable."),
        ("internal_503", -1001, "Internal error; unable to process your request."),
        ("overload_1008", -1008, "system-level protection"),
    ],
)
def test_a_documented_failure_never_carries_anything_out(
    kind: str, code: int, words: str
) -> None:
    desk = Desk()
    desk.plan(kind, accepted=True)
    reply = order(desk)
    body = msgspec.json.decode(reply.body)

    assert (reply.status, body["code"]) == (503, code)
    assert words in body["msg"]
    assert desk.position() == 0


def test_the_503_of_unknown_outcome_may_lack_a_code() -> None:
    desk = Desk()
    desk.plan("unknown_503_no_code")
    body = msgspec.json.decode(order(desk).body)

    assert "code" not in body
    assert body["path"] == PATH


@pytest.mark.parametrize("code", [-1000, -1001, -1006, -1007, -1021, -4999])
def test_any_code_can_be_had_before_or_after_acceptance(code: int) -> None:
    desk = Desk()
    desk.plan("code", code=code, accepted=True)
    said = msgspec.json.decode(order(desk).body)["code"]

    assert (said, desk.position()) == (code, D("0.1"))


def test_protection_against_overload_lets_reductions_and_cancels_pass() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.plan("overload_1008", count=None)
    entry = order(desk).status
    exit_ = order(desk, side="SELL", reduceOnly="true").status

    assert (entry, exit_, desk.position()) == (503, 200, D(0))


def test_a_late_reply_says_how_late_in_the_clients_own_time() -> None:
    desk = Desk()
    desk.plan("latency", delay_ms=900)
    reply = order(desk)

    assert (reply.status, reply.delay_ms, desk.position()) == (200, 900, D("0.1"))


def test_a_fault_strikes_where_when_and_as_often_as_it_says() -> None:
    desk = Desk()
    desk.core.plan(
        (
            Fault(kind=FaultKind.STATUS, status=502, method="POST", path=PATH, after=1),
            Fault(kind=FaultKind.STATUS, status=504, symbol="ETHUSDT"),
        )
    )
    statuses = [order(desk).status for _ in range(3)]

    assert statuses == [200, 502, 200]
    assert desk.core.faults.struck == 1


def test_chance_comes_from_the_seed_and_repeats() -> None:
    def struck(seed: int) -> list[int]:
        desk = Desk()
        desk.core.plan(
            (Fault(kind=FaultKind.STATUS, status=500, count=None, probability=0.5),),
            seed=seed,
        )
        return [desk.send("GET", "/fapi/v1/time").status for _ in range(20)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert set(struck(1)) == {200, 500}


def test_429_and_a_ban_by_request() -> None:
    desk = Desk()
    desk.plan("limit_429")
    limited = order(desk).status
    desk.plan("ban_418")
    banned = [order(desk).status for _ in range(2)]
    desk.core.advance(desk.core.now_ms + 120_000)

    assert (limited, banned, order(desk).status) == (429, [418, 418], 200)


def test_a_cut_reply_is_whole_where_it_was_made() -> None:
    desk = Desk()
    desk.plan("cut", accepted=True)

    assert msgspec.json.decode(order(desk).body)["symbol"] == "BTCUSDT"


def test_queries_may_lag_behind_what_is_live() -> None:
    desk = Desk()
    desk.dispose(rest_lag_ms=1_500)
    desk.limit("BUY", "0.1", "59000", newClientOrderId="late")
    ask = {"symbol": "BTCUSDT", "origClientOrderId": "late"}
    hidden = desk.no("GET", PATH, **ask)
    listed = desk.ok("GET", "/fapi/v1/openOrders")
    desk.core.advance(desk.core.now_ms + 1_500)

    assert (hidden, listed) == (-2013, [])
    assert desk.ok("GET", PATH, **ask)["status"] == "NEW"


def test_a_fill_may_come_in_parts_that_add_up() -> None:
    whole, parted = Desk(), Desk()
    parted.dispose(fill_parts=3)
    whole.market("BUY", "0.1")
    parted.market("BUY", "0.1")
    trades = parted.ok("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    states = [e["o"]["X"] for e in parted.told("ORDER_TRADE_UPDATE")]

    assert [t["qty"] for t in trades] == ["0.033", "0.033", "0.034"]
    assert states == ["NEW", "PARTIALLY_FILLED", "PARTIALLY_FILLED", "FILLED"]
    assert parted.core.venue.exchange.wallet_usd == whole.core.venue.exchange.wallet_usd
    assert parted.core.venue.exchange.ledger.margin_usd == (
        whole.core.venue.exchange.ledger.margin_usd
    )


def test_thin_volume_can_be_ordered() -> None:
    desk = Desk()
    desk.dispose(volume_base=D("0.5"))

    assert desk.market("BUY", "0.1")["executedQty"] == "0.050"


def test_a_request_may_arrive_twice() -> None:
    """Some libraries send a cancel again when a reused connection drops."""
    desk = Desk()
    desk.limit("BUY", "0.1", "59000", newClientOrderId="once")
    desk.plan("twice")
    code = desk.no("DELETE", PATH, symbol="BTCUSDT", origClientOrderId="once")

    assert code == -2011
    assert desk.ok("GET", "/fapi/v1/openOrders") == []
