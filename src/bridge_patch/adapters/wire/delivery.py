"""From a stream entry to what is asked of us, or to every reason why it is unclear."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire import schema as names
from bridge_patch.adapters.wire.faults import FaultCode, bounded, fault, quoted
from bridge_patch.adapters.wire.reading import Reading, read_intent
from bridge_patch.adapters.wire.schema import Stated
from bridge_patch.adapters.wire.stops import stop_of
from bridge_patch.adapters.wire.tree import parse
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    Intent,
    LiveIntent,
    Mode,
    Proposal,
    ReduceIntent,
    RiskBudget,
    ShadowIntent,
    Side,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Leverage, Margin, Price, Quantity
from bridge_patch.services.messages import Delivery, Poison

TRADE_INTENT: Final = "trade.intent"


def decode_delivery(
    envelope: Envelope, *, entry_id: str, mode: Mode, now_ms: UnixMs
) -> Delivery:
    """Understand one message, whatever it is; `mode` is the service's own. Raises never.

    Where there is no payload to keep, the delivery keeps all fields as they came.
    """
    payload, sender = envelope.payload, envelope.source or ""
    source = sender if _is_plain(sender) else ""
    if misplaced := _envelope_faults(envelope):
        return Delivery(
            entry_id=entry_id,
            content=Poison(faults=misplaced),
            payload=json.dumps(envelope.fields) if payload is None else payload,
            source=source,
        )
    text = payload or ""
    tree, flaws = parse(text)
    reading = read_intent(tree, flaws, now_ms)
    stated = tree.get("source") if isinstance(tree, dict) else None
    if isinstance(stated, str) and stated and _is_plain(stated):
        source = stated
    return Delivery(
        entry_id=entry_id,
        content=_content(reading, mode, source),
        payload=text,
        notes=reading.notes,
        source=source,
    )


def _envelope_faults(envelope: Envelope) -> tuple[str, ...]:
    faults = []
    kind = envelope.event_type
    if kind != TRADE_INTENT:
        found = "absent" if kind is None else f"the text {quoted(kind)}"
        expected = f"must be {TRADE_INTENT}"
        faults.append(fault(FaultCode.NOT_A_CHOICE, "event_type", expected, found))
    stated = [name for name, _ in envelope.fields]
    if "payload" not in stated:
        found = "under `data`" if "data" in stated else "absent"
        expected = "the message must stand under `payload`"
        faults.append(fault(FaultCode.WRONG_PLACE, "payload", expected, found))
    elif stated.count("payload") > 1:
        expected = "must be stated once"
        faults.append(fault(FaultCode.STATED_TWICE, "payload", expected, "repeated"))
    return bounded(faults)


def _content(reading: Reading, mode: Mode, source: str) -> Intent | Poison:
    stated = reading.stated
    if stated is None:
        return Poison(faults=reading.faults)
    source = stated.source or source
    try:
        if stated.reduces:
            return _reduction(stated, source)
        return _entry(stated, mode, source)
    except InvalidValueError as e:
        expected = "must fit the domain"
        return Poison(faults=(fault(FaultCode.CONTRADICTION, "payload", expected, str(e)),))


def _reduction(stated: Stated, source: str) -> ReduceIntent:
    return ReduceIntent(
        id=stated.intent_id,
        symbol=stated.symbol,
        side=stated.side,
        quantity=None if stated.quantity is None else Quantity(stated.quantity),
        stop_at=None if stated.stop_move_to is None else Price(stated.stop_move_to),
        simulate=stated.mode is Mode.SHADOW,
        reason=stated.reason or "",
        created_ms=stated.timestamp,
        source=source,
    )


def _entry(stated: Stated, mode: Mode, source: str) -> LiveIntent | ShadowIntent:
    """Shadow wins: a message can lower the service's mode and never raise it."""
    live = mode is Mode.LIVE and stated.mode is not Mode.SHADOW
    judged = Mode.LIVE if live else Mode.SHADOW
    budget, price = stated.risk_budget_usd, stated.entry_price
    policies = (getattr(stated, name) for name in names.POLICY_FROM[judged])
    entry = Entry(
        id=stated.intent_id,
        symbol=stated.symbol,
        side=Side(stated.action),
        confidence=Confidence(stated.confidence),
        proposal=proposal_of(stated, judged),
        stop=stop_of(stated),
        risk_budget=None if budget is None else RiskBudget(budget),
        policy=next((policy for policy in policies if policy is not None), None),
        reference_price=None if price is None else Price(price),
        created_ms=stated.timestamp,
        valid_until_ms=stated.valid_until,
        source=source,
        limits_hash=stated.limits_hash or "",
    )
    return LiveIntent(entry) if live else ShadowIntent(entry)


def proposal_of(stated: Stated, mode: Mode) -> Proposal | Unknown:
    """Return what is judged in this mode, field by field; Unknown where one is missing."""
    margin = _first(stated, names.MARGIN_FROM[mode])
    leverage = _first(stated, names.LEVERAGE_FROM[mode])
    if margin is None or leverage is None:
        wanted = names.MARGIN_FROM[mode] if margin is None else names.LEVERAGE_FROM[mode]
        return Unknown(f"neither {wanted[0]} nor {wanted[1]} is stated")
    return Proposal(margin=Margin(margin), leverage=Leverage(leverage))


def _first(stated: Stated, wanted: tuple[str, str]) -> Decimal | None:
    values: list[Decimal | None] = [getattr(stated, name) for name in wanted]
    return next((value for value in values if value is not None), None)


def _is_plain(text: str) -> bool:
    return text.isprintable() and len(text) <= names.TEXTS["source"]
