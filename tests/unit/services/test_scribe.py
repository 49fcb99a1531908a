"""The outcome says what the venue made of an order, in the contract's words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.events import Book, Filled, IntentReceived, OrderRefused, Status
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import OrderEvent
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.answers import Sent
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.records import Identity
from bridge_patch.services.scribe import Scribe
from tests.simulation.rig import Silence, World
from tests.unit.adapters.lines_samples import ACCEPTED, AT, BTC, FILLED, ID, ORDER, SENDING

RECEIVED = IntentReceived(
    at_ms=AT, intent_id=ID, entry_id="1-0", source="ai", created_ms=AT, payload="{}"
)
LACKING = OrderRefused(
    book=Book.ACCOUNT,
    at_ms=AT,
    symbol=BTC,
    order_id=ORDER,
    code="-2019",
    message="Margin is insufficient.",
)


def scribe() -> Scribe:
    who = Identity(run_id="r", mode=Mode.LIVE, build="1", limits_hash="abc")
    recorder = Recorder(World().journal, AccountFold.of(Book.ACCOUNT), Silence())
    return Scribe(recorder=recorder, clock=ManualClock(AT), identity=who)


@pytest.mark.parametrize(
    ("event", "fills", "refusal", "status", "codes"),
    [
        (OrderEvent.FILLED, (FILLED,), None, Status.FILLED, ()),
        (OrderEvent.CANCELLED, (FILLED,), None, Status.FILLED, ()),
        (OrderEvent.CANCELLED, (), None, Status.VENUE_REFUSED, ()),
        (OrderEvent.ACCEPTED, (), None, Status.RESTING, ()),
        (OrderEvent.REJECTED, (), LACKING, Status.VENUE_REFUSED, ("-2019",)),
        (OrderEvent.FOUND_ABSENT, (), None, Status.VENUE_REFUSED, ("ORDER_ABSENT",)),
        (
            OrderEvent.REJECTED,
            (),
            replace(LACKING, code="TRADING_HALTED"),
            Status.REFUSED,
            ("TRADING_HALTED",),
        ),
    ],
)
def test_each_answer_has_its_word(
    event: OrderEvent,
    fills: tuple[Filled, ...],
    refusal: OrderRefused | None,
    status: Status,
    codes: tuple[str, ...],
) -> None:
    """What was filled in part before it ended is filled, for what was filled."""
    sent = Sent(order_id=ORDER, event=event, fills=fills, refusal=refusal)
    outcome = scribe().outcome(RECEIVED, ACCEPTED, sent)

    assert outcome is not None
    assert (outcome.status, outcome.codes) == (status, ("PASS", *codes))
    assert outcome.filled_quantity_base == (FILLED.quantity_base if fills else None)


def test_the_price_of_several_trades_is_their_average() -> None:
    """By hand: 1 at 100 and 3 at 104 are 4 at 103; the fees add up."""
    one = replace(FILLED, quantity_base=Decimal(1), price_usd=Decimal(100))
    three = replace(FILLED, quantity_base=Decimal(3), price_usd=Decimal(104))
    sent = Sent(order_id=ORDER, event=OrderEvent.FILLED, fills=(one, three))
    outcome = scribe().outcome(RECEIVED, ACCEPTED, sent)

    assert outcome is not None
    assert (outcome.filled_quantity_base, outcome.filled_price_usd) == (
        Decimal(4),
        Decimal(103),
    )
    assert outcome.fee_usd == FILLED.fee_usd * 2


def test_while_the_end_is_not_known_there_is_no_outcome() -> None:
    one = scribe()
    one.recorder.account.fold(SENDING)
    sent = Sent(order_id=ORDER, event=OrderEvent.TIMED_OUT)

    assert one.outcome(RECEIVED, ACCEPTED, sent) is None
