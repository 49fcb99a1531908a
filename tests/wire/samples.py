"""Messages that are sound, to be put out of order one thing at a time."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from bridge_patch.adapters.codec import decode_delivery
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    IntentId,
    LiveIntent,
    Mode,
    Proposal,
    ReduceIntent,
    ShadowIntent,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
)
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.services.messages import Delivery, Draft, Poison

D = Decimal
#: 2025-05-04T12:00:00Z
NOON = UnixMs(1_746_360_000_000)
NOON_TEXT = "2025-05-04T12:00:00Z"


def sound(**changes: Any) -> dict[str, Any]:
    """A sound 1.1 payload; a change to `...` takes the field out."""
    payload: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "action": "BUY",
        "confidence": 0.85,
        "timestamp": NOON_TEXT,
        "position_size_usd": 500,
        "leverage": 10,
        "ai_size_usd": 452.25,
        "ai_leverage": 15.5,
        "ai_harvest_policy": {"mode": "trend_runner", "trail_pct": 2.5},
        "harvest_policy": "swing",
        "risk_budget_usd": 20,
        "source": "strategy",
        "entry_price": 60000,
        "stop_loss": 58800,
        "take_profit": 63000,
        "quantity": 0.5,
        "reason": "breakout",
        "intent_id": "i-1",
    }
    return {k: v for k, v in (payload | changes).items() if v is not ...}


def close(**changes: Any) -> dict[str, Any]:
    """A sound CLOSE."""
    payload = {
        "symbol": "BTCUSDT",
        "action": "CLOSE",
        "confidence": 1,
        "timestamp": NOON_TEXT,
        "intent_id": "i-2",
    }
    return {k: v for k, v in (payload | changes).items() if v is not ...}


def envelope(payload: dict[str, Any] | str) -> Envelope:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Envelope.of(
        event_type="trade.intent", payload=text, timestamp=NOON_TEXT, source="sender"
    )


def delivered(
    payload: dict[str, Any] | str | Envelope, *, mode: Mode = Mode.LIVE, now: int = NOON
) -> Delivery:
    sent = payload if isinstance(payload, Envelope) else envelope(payload)
    return decode_delivery(sent, entry_id="7-0", mode=mode, now_ms=UnixMs(now))


def faults(payload: dict[str, Any] | str | Envelope) -> tuple[str, ...]:
    """The faults of a message that is not understood; () for one that is."""
    content = delivered(payload).content
    return content.faults if isinstance(content, Poison) else ()


def fault_heads(payload: dict[str, Any] | str | Envelope) -> set[str]:
    """`CODE field` of every fault."""
    return {fault.split(":")[0] for fault in faults(payload)}


def entry(payload: dict[str, Any] | str | Envelope, *, mode: Mode = Mode.LIVE) -> Entry:
    content = delivered(payload, mode=mode).content
    assert isinstance(content, LiveIntent | ShadowIntent), content
    return content.entry


def reduction(payload: dict[str, Any] | str | Envelope) -> ReduceIntent:
    content = delivered(payload).content
    assert isinstance(content, ReduceIntent), content
    return content


def proposal(margin: str, leverage: str) -> Proposal:
    return Proposal(margin=Margin(D(margin)), leverage=Leverage(D(leverage)))


def draft(*, side: Side = Side.BUY, mode: Mode = Mode.LIVE, blunder: str = "") -> Draft:
    return Draft(
        id=IntentId("i-3"),
        symbol=Symbol("1000PEPEUSDT"),
        side=side,
        confidence=Confidence(D("0.85")),
        mode=mode,
        proposal=proposal("451.61", "15.5"),
        policy=POLICIES[HarvestMode.TREND_RUNNER],
        stop=StopDistance(D("0.02")),
        created_ms=NOON,
        source="example-ai",
        reason="seeded",
        blunder=blunder,
    )


def exit_at_market(**changes: Any) -> ReduceIntent:
    return ReduceIntent(
        **{
            "id": IntentId("i-4"),
            "symbol": Symbol("BTCUSDT"),
            "side": None,
            "quantity": None,
            "stop_at": None,
            "simulate": False,
            "reason": "time stop",
            "created_ms": NOON,
            "source": "exit-brain",
            **changes,
        }
    )
