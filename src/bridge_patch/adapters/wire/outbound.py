"""Our own proposals as trade.intents of schema 1.2: what we write, we can read."""

from __future__ import annotations

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.blunders import planted
from bridge_patch.adapters.wire.delivery import TRADE_INTENT
from bridge_patch.adapters.wire.figures import json_of, require_finite
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.adapters.wire.policy import policy_fields
from bridge_patch.adapters.wire.schema import SCHEMA_OURS
from bridge_patch.domain.intent import Mode, ReduceIntent
from bridge_patch.domain.money import ONE
from bridge_patch.services.messages import Draft


def encode_draft(draft: Draft) -> Envelope:
    """Write an entry; in live the proposal also stands in the fields that are judged there.

    A draft's blunder is planted last, in the text: the encoder itself writes nothing wrong.
    """
    require_finite(draft)
    policy = policy_fields(draft.policy)
    margin, leverage = draft.proposal.margin.usd, draft.proposal.leverage.times
    fields: dict[str, object] = {
        "schema": SCHEMA_OURS,
        "intent_id": draft.id,
        "symbol": draft.symbol,
        "action": draft.side.value,
        "confidence": draft.confidence.value,
        "timestamp": iso_of(draft.created_ms),
        "source": draft.source,
        "reason": draft.reason,
        "mode": draft.mode.value,
        "ai_size_usd": margin,
        "ai_leverage": leverage,
        "ai_harvest_policy": policy,
        "stop_loss_pct": draft.stop.fraction.scaleb(2),
    }
    if draft.limits_hash:
        fields["limits_hash"] = draft.limits_hash
    if draft.build:
        fields["build"] = draft.build
    if draft.risk_budget is not None:
        fields["risk_budget_usd"] = draft.risk_budget.usd
    if draft.mode is Mode.LIVE:
        fields |= {"position_size_usd": margin, "leverage": leverage}
        fields["harvest_policy"] = policy
    payload = planted(draft.blunder, fields) if draft.blunder else json_of(fields)
    return Envelope.of(
        event_type=TRADE_INTENT,
        payload=payload,
        timestamp=iso_of(draft.created_ms),
        source=draft.source,
    )


def encode_reduce(intent: ReduceIntent) -> Envelope:
    """Write a reduction: CLOSE, or the stated side with the flag."""
    require_finite(intent)
    fields: dict[str, object] = {
        "schema": SCHEMA_OURS,
        "intent_id": intent.id,
        "symbol": intent.symbol,
        "action": "CLOSE" if intent.side is None else intent.side.value,
        "reduce_only": True,
        "confidence": ONE,
        "timestamp": iso_of(intent.created_ms),
        "source": intent.source,
        "reason": intent.reason,
    }
    if intent.quantity is not None:
        fields["quantity"] = intent.quantity.base
    if intent.stop_at is not None:
        fields["stop_move_to"] = intent.stop_at.usd
    if intent.simulate:
        fields["mode"] = Mode.SHADOW.value
    return Envelope.of(
        event_type=TRADE_INTENT,
        payload=json_of(fields),
        timestamp=iso_of(intent.created_ms),
        source=intent.source,
    )
