"""A real liquidation, as the stream told it in 2022: our books end at its wallet."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.venue_ccxt.facts import VenueFacts
from bridge_patch.adapters.venue_ccxt.frames import read_frame
from bridge_patch.adapters.venue_ccxt.hearing import hear_event
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, read
from bridge_patch.adapters.venue_ccxt.replies import ExchangeInfo
from bridge_patch.adapters.venue_ccxt.rules import rules_of
from bridge_patch.domain.intent import IntentId, Side, Symbol
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.position import wallet_change
from bridge_patch.domain.venue_events import Filled, FillKind, InsuranceCleared

D = Decimal
RECORDED = Path(__file__).parents[5] / "shared/payloads/user_events_recorded_2022.jsonl"
FILE = "exemple-10-75_leverage.ts"
#: The last deposit before the position that was liquidated, and what was left of it.
DEPOSIT_MS, DEPOSIT, LEFT = 1646757066491, D(8), D("0.92650437")
BNB = Symbol("BNBUSDT")

pytestmark = pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded events are not here"
)


def frame(event: dict[str, Any]) -> str:
    """The exchange's own short names; the recorder spelled them out."""
    moment = {"E": event["eventTime"], "T": event["eventTime"]}
    if event["eventType"] == "ACCOUNT_UPDATE":
        data = event["updateData"]
        balances = [
            {"a": b["asset"], "bc": str(b["balanceChange"])}
            for b in data["updatedBalances"]
        ]
        positions = [
            {"s": p["symbol"], "pa": str(p["positionAmount"])}
            for p in data["updatedPositions"]
        ]
        body = {"m": data["updateEventType"], "B": balances, "P": positions}
        return json.dumps({"e": "ACCOUNT_UPDATE", **moment, "a": body})
    o = event["order"]
    fee = o["commissionAmount"]
    body = {
        "s": o["symbol"],
        "c": o["clientOrderId"],
        "S": o["orderSide"],
        "o": o["orderType"],
        "x": o["executionType"],
        "X": o["orderStatus"],
        "i": o["orderId"],
        "q": str(o["originalQuantity"]),
        "l": str(o["lastFilledQuantity"]),
        "z": str(o["orderFilledAccumulatedQuantity"]),
        "L": str(o["lastFilledPrice"]),
        "n": None if fee is None else str(fee),
        "N": o.get("commissionAsset"),
        "T": o["orderTradeTime"],
        "t": o["tradeId"],
        "rp": str(o["realisedProfit"]),
    }
    return json.dumps({"e": "ORDER_TRADE_UPDATE", **moment, "o": body})


def events() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    return [
        r["event"]
        for r in rows
        if r["file"] == FILE and r["event"]["eventTime"] > DEPOSIT_MS
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_the_recorded_liquidation_ends_at_the_recorded_wallet(times: int) -> None:
    facts = VenueFacts()
    for event in events():
        order = event.get("order", {})
        name = order.get("clientOrderId", "")
        if name.startswith("web_") and facts.find(name) is None:
            facts.fold.announce(entry(order))
        for _ in range(times):
            if event.get("updateData", {}).get("updateEventType") != "WITHDRAW":
                hear_event(facts, read_frame(frame(event)))
    told = facts.take()
    fills = [e for e in told if isinstance(e, Filled)]
    cleared = [e for e in told if isinstance(e, InsuranceCleared)]
    wallet = DEPOSIT + sum((wallet_change(f) for f in fills), D(0))
    wallet += sum((c.amount_usd for c in cleared), D(0))

    assert abs(wallet - LEFT) < D("0.000001")
    assert [f.kind for f in fills].count(FillKind.LIQUIDATION) == 5
    assert len(cleared) == 1
    assert cleared[0].order_id.startswith("autoclose-")
    assert facts.fold.positions == {}
    assert facts.foreign == {}


@pytest.mark.parametrize(
    ("name", "step", "notional"),
    [
        ("exchange_info_mainnet_2021-12-04.json", "0.001", "5"),
        ("exchange_info_testnet_2026-03-31.json", "0.0001", "100"),
    ],
)
def test_recorded_trading_rules_are_read(name: str, step: str, notional: str) -> None:
    """With filters of kinds that we do not know."""
    text = (RECORDED.parent / name).read_text()
    outcome = read(text, ExchangeInfo)
    assert isinstance(outcome, Accepted), outcome
    (btc,) = [s for s in outcome.value.symbols if s.symbol == "BTCUSDT"]
    rules = rules_of(btc)

    assert rules.trading
    assert {lot.step_size for lot in rules.lots} == {D(step)}
    assert rules.notional_min == D(notional)
    assert outcome.value.rate_limits


def entry(order: dict[str, Any]) -> OrderFacts:
    return OrderFacts(
        order_id=ClientOrderId(order["clientOrderId"]),
        intent_id=IntentId("i-1"),
        leg=Leg.ENTRY,
        symbol=BNB,
        side=Side(order["orderSide"]),
        quantity_base=D(str(order["originalQuantity"])),
        leverage=75,
    )
