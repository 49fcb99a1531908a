"""What the story is made of: questions at a time, verdicts, fills."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

from bridge_patch.adapters.codec import encode_draft
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    IntentReceived,
    Judged,
    Resolved,
    Sending,
)
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import (
    Entry,
    IntentId,
    Mode,
    ReduceIntent,
    Side,
    StopDistance,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.order import ClientOrderId, Leg, client_order_id
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.messages import Draft
from bridge_patch.services.records import Identity, judged_entry
from tests.questions import BTC, FINE, FUNDING, NOW, SHIPPED, Question

D = Decimal
MINUTE = 60_000
RUN_ID = "r-1"
ME = Identity(run_id=RUN_ID, mode=Mode.LIVE, build="0.1.0", limits_hash=SHIPPED.digest())


def at(minutes: int) -> UnixMs:
    return UnixMs(NOW + minutes * MINUTE)


def order_id(intent: IntentId, leg: Leg) -> ClientOrderId:
    return client_order_id(intent, leg)


def asking(intent: IntentId, minutes: int, **changes: object) -> Question:
    """FINE at another time, so that every reading is fresh."""
    now = at(minutes)
    read = {f.name: getattr(FINE.snapshot, f.name) for f in fields(FINE.snapshot)}
    fresh = {n: Known(v.value, now) for n, v in read.items() if isinstance(v, Known)}
    question = FINE.knowing(
        **fresh,
        taken_ms=now,
        filters_ms=now,
        exits_ms=now,
        funding=replace(FUNDING, at_ms=now),
    )
    question = question.asking(id=intent, created_ms=now, source="ai", **changes)
    return replace(question, now_ms=now)


def draft(entry: Entry) -> Draft:
    assert not isinstance(entry.proposal, Unknown)
    assert isinstance(entry.stop, StopDistance)
    return Draft(
        id=entry.id,
        symbol=entry.symbol,
        side=entry.side,
        confidence=entry.confidence,
        mode=Mode.LIVE,
        proposal=entry.proposal,
        policy=entry.policy or POLICIES[HarvestMode.SWING],
        stop=entry.stop,
        created_ms=entry.created_ms,
        source=entry.source,
        reason="breakout",
    )


def received(entry: Entry | ReduceIntent, payload: Envelope, now: UnixMs) -> IntentReceived:
    return IntentReceived(
        at_ms=now,
        intent_id=entry.id,
        entry_id="1-0",
        source=entry.source,
        created_ms=entry.created_ms,
        payload=payload.payload or "",
    )


def verdict(question: Question) -> tuple[IntentReceived, Judged]:
    """What the execution writes before it acts: the message, and the Governor's answer."""
    entry, now = question.entry, question.now_ms
    judged = judged_entry(
        entry, question.case(), question.verdict(), mode=Mode.LIVE, identity=ME, now_ms=now
    )
    return received(entry, encode_draft(draft(entry)), now), judged


def fill(
    intent: IntentId,
    leg: Leg,
    kind: FillKind,
    when: UnixMs,
    *,
    side: Side,
    quantity: str,
    price: str,
    realised: str = "0",
) -> Filled:
    traded = D(quantity) * D(price)
    return Filled(
        book=Book.ACCOUNT,
        at_ms=when,
        symbol=BTC,
        side=side,
        kind=kind,
        quantity_base=D(quantity),
        price_usd=D(price),
        fee_usd=traded * D("0.0005"),
        realised_usd=D(realised),
        margin_usd=traded / 15 if kind is FillKind.ENTRY else -traded / 15,
        order_id=order_id(intent, leg),
        trade_id=f"t-{when}",
        intent_id=intent,
    )


def answered(order: Sending, word: str) -> Resolved:
    return Resolved(
        at_ms=order.at_ms,
        intent_id=order.intent_id,
        order_id=order.order_id,
        leg=order.leg,
        event=word,
    )
