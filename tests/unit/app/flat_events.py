"""What a journal holds of one long that is to be closed."""

from dataclasses import replace
from typing import Any

from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    LatchSet,
    OrderRefused,
    Sending,
    TradingState,
)
from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.order import Leg, OrderEvent, client_order_id
from tests.questions import BTC
from tests.unit.app.story_parts import D, answered, at, fill

IN, MINE = IntentId("in"), "o-1"
FIRST, SECOND = (client_order_id(IN, Leg.FLATTEN, attempt=n) for n in (1, 2))


def entered(quantity: str = "2") -> Filled:
    long = FillKind.ENTRY, at(0)
    return fill(IN, Leg.ENTRY, *long, side=Side.BUY, quantity=quantity, price="100")


def latched(command_id: str = MINE) -> LatchSet:
    return LatchSet(
        book=Book.ACCOUNT,
        at_ms=at(1),
        state=TradingState.HALTED,
        cause="FLATTEN",
        who="ann",
        why="enough",
        command_id=command_id,
        adds="FLATTEN",
    )


def sent(order_id: Any = FIRST) -> Sending:
    return Sending(
        at_ms=at(1),
        intent_id=IN,
        order_id=order_id,
        leg=Leg.FLATTEN,
        symbol=BTC,
        side=Side.SELL,
        quantity_base=D(2),
    )


def closed(quantity: str, price: str = "110", order_id: Any = FIRST) -> Event:
    made = fill(
        IN,
        Leg.FLATTEN,
        FillKind.REDUCE,
        at(1),
        side=Side.SELL,
        quantity=quantity,
        price=price,
    )
    return replace(made, order_id=order_id, trade_id=f"t-{price}")


def refused() -> tuple[Event, ...]:
    no = OrderRefused(
        book=Book.ACCOUNT,
        at_ms=at(1),
        symbol=BTC,
        order_id=FIRST,
        code="-2022",
        message="ReduceOnly Order is rejected.",
    )
    return sent(), no, answered(sent(), OrderEvent.REJECTED)
