"""A real account's stream of 2022, retold in our events. The folder is not ours to copy.

Statements of the wallet come just before the fill that caused them, so each is paired with
the fill behind it. The ten sessions of the record are not joined: between some of them
the account did things that nobody recorded.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import Book, Filled, FillKind, InsuranceCleared

D = Decimal
EVENTS: Final = (
    Path(__file__).parents[4] / "shared" / "payloads" / "user_events_recorded_2022.jsonl"
)
needs_record = pytest.mark.skipif(
    not EVENTS.is_file(), reason="the recorded account events are not beside the project"
)
BNB: Final = Symbol("BNBUSDT")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What the exchange said the wallet held, why, and what is open with which entry."""

    row: int
    session: str
    reason: str
    change_usd: Decimal
    wallet_usd: Decimal
    position_base: Decimal | None
    entry_usd: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A recorded fill as our event, and whether the record states its commission."""

    row: int
    session: str
    fill: Filled
    commission_known: bool


Row = Statement | Trade


def rows() -> Iterator[Row]:
    """Every statement and fill, each fill before the statement that it caused."""
    waiting: Statement | None = None
    for number, line in enumerate(EVENTS.read_text().splitlines(), 1):
        read = json.loads(line, parse_float=D)
        one = _row(number, read["file"], read["event"])
        if isinstance(one, Trade):
            yield one
        if waiting is not None and one is not None:
            yield waiting
            waiting = None
        if isinstance(one, Statement):
            if one.reason == "ORDER":
                waiting = one
            else:
                yield one


def cleared(statement: Statement) -> InsuranceCleared:
    """The insurance fund's step, as our event."""
    return InsuranceCleared(
        book=Book.ACCOUNT,
        at_ms=UnixMs(0),
        symbol=BNB,
        amount_usd=statement.change_usd,
        order_id=ClientOrderId("autoclose"),
        intent_id=IntentId(""),
    )


def with_fee(trade: Trade, rate: str) -> Filled:
    """The fill with the commission that the record leaves out."""
    fill = trade.fill
    return replace(fill, fee_usd=fill.quantity_base * fill.price_usd * D(rate))


def _row(number: int, session: str, event: dict[str, Any]) -> Row | None:
    if event["eventType"] == "ACCOUNT_UPDATE":
        return _statement(number, session, event["updateData"])
    order = event["order"]
    return None if order["executionType"] != "TRADE" else _trade(number, session, event)


def _statement(number: int, session: str, data: dict[str, Any]) -> Statement:
    (balance,) = data["updatedBalances"]
    positions = data["updatedPositions"]
    assert [p["symbol"] for p in positions] in ([], [BNB])
    return Statement(
        row=number,
        session=session,
        reason=data["updateEventType"],
        change_usd=D(balance["balanceChange"]),
        wallet_usd=D(balance["walletBalance"]),
        position_base=D(positions[0]["positionAmount"]) if positions else None,
        entry_usd=D(positions[0]["entryPrice"]) if positions else None,
    )


def _trade(number: int, session: str, event: dict[str, Any]) -> Trade:
    """Margin is zero: the account was in cross margin, where none is set aside."""
    order = event["order"]
    commission = order.get("commissionAmount")
    forced = order["orderType"] == "LIQUIDATION"
    fill = Filled(
        book=Book.ACCOUNT,
        at_ms=UnixMs(event["transactionTime"]),
        symbol=Symbol(order["symbol"]),
        side=Side(order["orderSide"]),
        kind=FillKind.LIQUIDATION if forced else FillKind.REDUCE,
        quantity_base=D(order["lastFilledQuantity"]),
        price_usd=D(order["lastFilledPrice"]),
        fee_usd=D(commission or 0),
        realised_usd=D(order["realisedProfit"]),
        margin_usd=D(0),
        order_id=ClientOrderId(order["clientOrderId"]),
        trade_id=str(order["tradeId"]),
        intent_id=IntentId(""),
    )
    return Trade(
        row=number, session=session, fill=fill, commission_known=commission is not None
    )
