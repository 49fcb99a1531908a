"""The pre-deploy gate for the trade.intent schema: a script, and an ordinary test file.

    python tests/test_trade_intent_schema.py

It uses the import path that deployments use. Exit code 0 means safe to deploy.
"""

from __future__ import annotations

import io
import json
import math
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

try:
    from ai_engine.services.eventbus_bridge import (
        HarvestPolicy,
        TradeIntent,
        validate_trade_intent,
    )
except ImportError as error:
    if __name__ != "__main__":
        raise
    print(f"❌ import FAILED: {error}")
    raise SystemExit(1) from error

GATES: list[Callable[[], None]] = []


def gate(check: Callable[[], None]) -> Callable[[], None]:
    """Add a check to the gate; it says so itself when it has passed."""

    @wraps(check)
    def said() -> None:
        check()
        print(f"✅ {check.__name__} PASSED")

    GATES.append(said)
    return said


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat().replace("+00:00", "Z")


def intent(**changes: Any) -> dict[str, Any]:
    """A sound intent, changed; `...` takes a field out."""
    sound = {
        "symbol": "BTCUSDT",
        "action": "BUY",
        "confidence": 0.95,
        "position_size_usd": 100.0,
        "leverage": 10,
        "timestamp": ago(seconds=1),
        "source": "strategy-router",
        "entry_price": 88000.0,
        "stop_loss": 86000.0,
        "take_profit": 90000.0,
    } | changes
    return {name: value for name, value in sound.items() if value is not ...}


def names_only(field: str, **changes: Any) -> None:
    """The change must give faults, and all of them about this field."""
    faults = validate_trade_intent(intent(**changes))
    assert faults, f"{changes} was accepted"
    assert all(field in fault for fault in faults), faults


@gate
def test_valid_trade_intent() -> None:
    for changes in (
        {},
        {"action": "SELL", "stop_loss": 90000, "take_profit": 80000},
        {"action": "CLOSE", "stop_loss": ..., "take_profit": ...},
        {"symbol": "1000PEPEUSDT"},
        {"symbol": "OPUSDT", "model": "ensemble", "votes": {"a": 1}},
        {"schema": "1.0"},
    ):
        assert validate_trade_intent(intent(**changes)) == [], changes


@gate
def test_required_fields() -> None:
    for name in ("symbol", "action", "confidence", "timestamp"):
        names_only(name, **{name: ...})
    names_only("leverage", schema="1.0", leverage=...)
    assert len(validate_trade_intent({})) == 4
    assert len(validate_trade_intent({"schema": "1.0", "action": "BUY"})) == 5


@gate
def test_optional_ai_fields() -> None:
    proposal = {"ai_size_usd": 452.0, "ai_leverage": 15.5, "ai_harvest_policy": "scalper"}
    bare = {"position_size_usd": ..., "leverage": ...}
    assert validate_trade_intent(intent(**proposal)) == []
    assert validate_trade_intent(intent(**proposal, **bare)) == []
    assert validate_trade_intent(intent(**bare, risk_budget_usd=0)) == []
    names_only("ai_size_usd", ai_size_usd=-5000)
    names_only("ai_leverage", ai_leverage=500)
    names_only("ai_leverage", ai_leverage="15")
    names_only("risk_budget_usd", risk_budget_usd=None)


@gate
def test_harvest_policy() -> None:
    policy = HarvestPolicy(
        mode="scalper", trail_pct=0.5, max_time_sec=1800, partial_close_pct=0.5
    )
    assert (policy.mode, policy.trail_pct, policy.max_time_sec) == ("scalper", 0.5, 1800)
    assert policy.partial_close_pct == 0.5
    for mode in ("scalper", "swing", "trend_runner"):
        for field in ("harvest_policy", "ai_harvest_policy"):
            assert validate_trade_intent(intent(**{field: {"mode": mode}})) == []
            assert validate_trade_intent(intent(**{field: mode})) == []
    names_only("ai_harvest_policy", ai_harvest_policy={"mode": "yolo"})
    names_only("harvest_policy", harvest_policy={"mode": "swing", "partial_close_pct": 50})


@gate
def test_numbers_and_ranges() -> None:
    names_only("confidence", confidence=1.5)
    names_only("confidence", confidence=True)
    names_only("leverage", leverage=150)
    names_only("position_size_usd", position_size_usd=0)
    names_only("position_size_usd", position_size_usd=math.nan)
    names_only("quantity", quantity=math.inf)
    names_only("stop_loss", stop_loss=89000)
    names_only("take_profit", take_profit=87000)


@gate
def test_words_and_times() -> None:
    names_only("action", action="BANANA")
    names_only("symbol", symbol="BTCUSDT\n")
    names_only("mode", mode="LIVE")
    names_only("timestamp", timestamp="2026-01-21 00:00")
    names_only("timestamp", timestamp="2099-01-01T00:00:00Z")


@gate
def test_reduce_flag() -> None:
    assert validate_trade_intent(intent(action="CLOSE", reduce_only=True)) == []
    assert validate_trade_intent(intent(action="SELL", reduce_only=True)) == []
    names_only("reduceOnly", reduceOnly=True)
    names_only("reduce_only", reduce_only="true")


@gate
def test_deprecated_side() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert validate_trade_intent(intent(action=..., side="BUY")) == []
        names_only("side", side="SELL")
    assert {warning.category for warning in caught} == {DeprecationWarning}


@gate
def test_normalized() -> None:
    stated = intent(ai_size_usd=452.0, ai_leverage=15.5, ai_harvest_policy="swing")
    shadow = TradeIntent(**stated, mode="shadow").normalized()
    live = TradeIntent(**stated, mode="live").normalized()
    assert (shadow["position_size_usd"], shadow["leverage"]) == (452.0, 15.5)
    assert (live["position_size_usd"], live["leverage"]) == (100.0, 10)
    assert shadow["harvest_policy"]["mode"] == "swing"
    assert validate_trade_intent(json.loads(json.dumps(shadow))) == []


@gate
def test_never_raises() -> None:
    for payload in (
        None,
        1,
        "text",
        b"{}",
        [],
        [{}],
        object(),
        {1: 2},
        {"symbol": object()},
    ):
        assert validate_trade_intent(payload), payload


def main() -> int:
    """Run every gate, say how each went, and return the exit code."""
    failed = 0
    for check in GATES:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - a gate that breaks has not passed
            print(f"❌ {check.__name__} FAILED: {type(error).__name__}: {error}")
            failed += 1
    if failed:
        print(f"❌ {failed} of {len(GATES)} schema tests FAILED - do not deploy")
        return 1
    print("✅ All schema validation tests PASSED - safe to deploy")
    return 0


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    raise SystemExit(main())
