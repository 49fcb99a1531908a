"""TradeIntent and HarvestPolicy, as their users make and read them."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import pytest

from bridge_patch.adapters.wire.schema import FIELDS, Stated
from bridge_patch.app.contract.trade_intent import (
    HarvestPolicy,
    TradeIntent,
    validate_trade_intent,
)
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Mode
from tests.wire.samples import NOON, NOON_TEXT, close, delivered, entry, faults, sound


def checked(payload: object) -> list[str]:
    return validate_trade_intent(payload, now_ms=NOON)


def test_the_schema_the_reader_and_the_dataclass_name_the_same_fields() -> None:
    """A field that is missing from one of them would be lost on its way."""
    ours = {field.name for field in fields(TradeIntent)} - {"extra"}

    assert ours == set(FIELDS)
    assert set(Stated.__struct_fields__) == set(FIELDS) - {"side"}
    assert len(FIELDS) == len(set(FIELDS))


def test_side_and_action_are_one_attribute() -> None:
    assert TradeIntent(symbol="BTCUSDT", side="SELL").action == "SELL"
    assert TradeIntent(symbol="BTCUSDT", action="SELL").side == "SELL"


@pytest.mark.parametrize(
    ("mode", "margin", "leverage", "policy"),
    [
        ("live", 500, 10, "swing"),
        ("shadow", 452.25, 15.5, "trend_runner"),
        (None, 452.25, 15.5, "trend_runner"),
    ],
)
def test_normalized_resolves_the_proposal_as_the_service_would(
    mode: str | None, margin: float, leverage: float, policy: str
) -> None:
    intent = TradeIntent(**sound(), mode=mode)
    made = intent.normalized()

    assert (made["position_size_usd"], made["leverage"]) == (margin, leverage)
    assert made["harvest_policy"]["mode"] == policy
    assert {"ai_size_usd", "ai_leverage", "ai_harvest_policy", "side"}.isdisjoint(made)
    for service in Mode:  # one number: whoever reads it now, reads the same
        got = entry(json.dumps(made), mode=service)
        assert got.proposal == entry(sound(), mode=Mode(mode or "shadow")).proposal
        assert got.id == "i-1"


def test_normalized_keeps_everything_else() -> None:
    stated = sound(side="BUY", model="ensemble", risk_budget_usd=0, intent_id=...)
    made = TradeIntent.from_payload(stated).normalized()
    same = {"symbol", "confidence", "timestamp", "entry_price", "stop_loss", "take_profit"}

    assert {name: made[name] for name in same} == {name: stated[name] for name in same}
    assert (made["model"], made["risk_budget_usd"]) == ("ensemble", 0)
    assert (made["schema"], made["action"]) == ("1.2", "BUY")
    assert (
        made["intent_id"]
        == entry(json.dumps(TradeIntent.from_payload(stated).to_payload())).id
    )


def test_normalized_says_that_a_close_reduces() -> None:
    made = TradeIntent(**close()).normalized()

    assert made["reduce_only"] is True
    assert "position_size_usd" not in made


def test_normalized_refuses_what_is_not_valid() -> None:
    with pytest.raises(ValueError, match=r"OUT_OF_RANGE leverage.*BAD_TIME timestamp"):
        TradeIntent(**sound(leverage=500, timestamp="noon")).normalized()


def test_a_payload_has_only_what_was_stated() -> None:
    """A field that was left out is not sent as null."""
    intent = TradeIntent("BTCUSDT", "BUY", 0.9, NOON_TEXT, ai_harvest_policy="scalper")

    assert intent.to_payload().keys() == {
        "symbol",
        "action",
        "confidence",
        "timestamp",
        "ai_harvest_policy",
    }
    assert checked(intent) == checked(intent.to_payload()) == []
    assert None in asdict(intent).values()


def test_a_policy_dict_becomes_a_policy() -> None:
    made = TradeIntent(**sound()).ai_harvest_policy

    assert isinstance(made, HarvestPolicy)
    assert (made.mode, made.trail_pct) == ("trend_runner", 2.5)
    bad = TradeIntent(**sound(ai_harvest_policy={"mode": "yolo"}))
    assert bad.ai_harvest_policy == {"mode": "yolo"}
    assert len(checked(bad)) == 1


def test_a_policy_takes_what_it_lacks_from_its_mode() -> None:
    made = HarvestPolicy(mode=HarvestMode.SCALPER, trail_pct=0.7)

    assert asdict(made) == {
        "mode": "scalper",
        "trail_pct": 0.7,
        "max_time_sec": 1800,
        "partial_close_pct": 0.5,
        "partial_trigger_pct": 1.0,
        "partial_close_fraction": 0.5,
        "trail_after_partial": True,
        "break_even_trigger_pct": 0.0,
        "trail_sigmas": 0.0,
        "trail_floor_pct": 0.0,
    }
    assert made == HarvestPolicy(**asdict(made))
    assert HarvestPolicy("scalper", 0.5, 900, 0.25).partial_close_fraction == 0.25


def test_a_swing_policy_that_names_a_part_stays_as_it_was_written() -> None:
    made = HarvestPolicy("swing", 1.0, 3600, 0.5)

    assert (made.partial_close_pct, made.partial_trigger_pct) == (0.5, None)
    assert checked(TradeIntent(**sound(harvest_policy=made))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "yolo"},
        {"mode": None},
        {"mode": "swing", "trail_pct": -1},
        {"mode": "swing", "trail_pct": float("nan")},
        {"mode": "swing", "partial_close_pct": 50},
        {"mode": "scalper", "partial_close_pct": 0.5, "partial_close_fraction": 0.1},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="policy"):
        HarvestPolicy(**wrong)


def test_the_service_accepts_what_the_dataclass_sends() -> None:
    intent = TradeIntent(**sound())

    assert not faults(json.dumps(intent.to_payload()))
    assert delivered(json.dumps(intent.to_payload())).content == delivered(sound()).content
