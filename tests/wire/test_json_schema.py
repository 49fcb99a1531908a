"""The published schemas say what the codec does: what it takes, they take."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.wire.figures import json_of
from bridge_patch.adapters.wire.intent_schema import NOTES, SINCE_1_2, intent_schema
from bridge_patch.adapters.wire.policy import policy_fields
from bridge_patch.adapters.wire.published_schema import published_schema, schema_of
from bridge_patch.adapters.wire.schema import FIELDS, SCHEMA_ABSENT, SCHEMAS
from bridge_patch.domain.events import Settled
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from tests.wire.samples import close, faults, sound
from tests.wire.schema_check import breaches, holds

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def stored(path: Path) -> tuple[str, dict[str, Any]]:
    fields = json.loads(path.read_text())["fields"]
    return fields["event_type"], json.loads(fields["payload"], parse_float=Decimal)


def schema_for(event_type: str, payload: dict[str, Any]) -> dict[str, Any]:
    if event_type == "trade.intent":
        return intent_schema(payload.get("schema", SCHEMA_ABSENT))
    return published_schema(event_type)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_golden_message_fits_its_schema(path: Path) -> None:
    event_type, payload = stored(path)

    assert list(breaches(payload, schema_for(event_type, payload))) == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_message_without_one_of_its_required_fields_does_not_fit(path: Path) -> None:
    """So that a schema which allows anything would be noticed."""
    event_type, payload = stored(path)
    schema = schema_for(event_type, payload)
    parts = [schema, *schema.get("oneOf", [])]
    needed = {name for part in parts for name in part.get("required", [])} & set(payload)

    assert needed
    for name in needed:
        left = {key: value for key, value in payload.items() if key != name}
        assert not holds(left, schema), name


def test_every_field_of_the_wire_is_described_and_nothing_else() -> None:
    assert set(NOTES) == set(FIELDS)
    assert set(SINCE_1_2) <= set(FIELDS)
    for version in SCHEMAS:
        assert tuple(intent_schema(version)["properties"]) == FIELDS


@pytest.mark.parametrize(
    ("change", "keyword"),
    [
        ({"symbol": "btc usdt"}, "symbol"),
        ({"confidence": 1.5}, "confidence"),
        ({"confidence": "0.9"}, "confidence"),
        ({"leverage": 126}, "leverage"),
        ({"leverage": 0.5}, "leverage"),
        ({"position_size_usd": 0}, "position_size_usd"),
        ({"risk_budget_usd": -1}, "risk_budget_usd"),
        ({"stop_loss_pct": 100}, "stop_loss_pct"),
        ({"action": "buy"}, "action"),
        ({"reduce_only": "true"}, "reduce_only"),
        ({"intent_id": "a b"}, "intent_id"),
        ({"intent_id": ""}, "intent_id"),
        ({"harvest_policy": "hodl"}, "harvest_policy"),
        ({"harvest_policy": {"trail_pct": 1}}, "harvest_policy"),
        ({"harvest_policy": {"mode": "swing", "trail_pct": 21}}, "harvest_policy"),
        (
            {"ai_harvest_policy": {"mode": "swing", "max_time_sec": 1.5}},
            "ai_harvest_policy",
        ),
        ({"schema": "2.0"}, "schema"),
        ({"mode": "LIVE"}, "mode"),
        ({"timestamp": 5}, "timestamp"),
        ({"stop_move_to": 1}, "else"),
        ({"symbol": ...}, "required"),
        ({"action": ...}, "allOf"),
    ],
)
def test_one_fault_is_one_breach_and_a_fault_of_the_codec(
    change: dict[str, Any], keyword: str
) -> None:
    schema = intent_schema(SCHEMA_ABSENT)
    assert holds(sound(), schema)
    assert faults(sound()) == ()
    broken = sound(**change)

    (breach,) = breaches(broken, schema)
    assert keyword in breach or breach.startswith("allOf")
    assert faults(broken) != ()


def test_only_an_entry_of_1_0_must_state_its_size() -> None:
    bare = {"position_size_usd": ..., "leverage": ..., "schema": "1.0"}

    assert not holds(sound(**bare), intent_schema("1.0"))
    assert holds(close(schema="1.0"), intent_schema("1.0"))
    assert holds(sound(**bare, reduce_only=True), intent_schema("1.0"))
    assert holds(sound(**{**bare, "schema": "1.1"}), intent_schema("1.1"))


def test_a_message_is_of_1_2_only_if_it_says_so() -> None:
    assert not holds(sound(), intent_schema("1.2"))
    assert holds(sound(schema="1.2"), intent_schema("1.2"))
    assert holds(sound(), intent_schema("1.0"))


odd = st.none() | st.booleans() | st.integers(-2, 200) | st.floats(-2, 200) | st.text()
changes = st.dictionaries(st.sampled_from(FIELDS), odd, max_size=3)


@given(change=changes, base=st.sampled_from([sound, close]))
def test_what_the_codec_takes_the_schema_takes(change: dict[str, Any], base: Any) -> None:
    """A schema that refuses what we accept would send a sender away for nothing."""
    payload = base(**change)
    version = payload.get("schema", SCHEMA_ABSENT)
    if faults(payload) == ():
        assert list(breaches(payload, intent_schema(str(version)))) == []


def test_a_published_policy_states_every_name() -> None:
    policy = published_schema("position.update")["properties"]["policy"]

    for mode in HarvestMode:
        written = json.loads(json_of(policy_fields(POLICIES[mode])))
        assert holds(written, policy)
        for name in written:
            assert not holds({k: v for k, v in written.items() if k != name}, policy)


def test_decimals_are_numbers_and_times_say_their_unit() -> None:
    properties = schema_of(Settled)["properties"]

    assert properties["fee_usd"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
    assert properties["judged_ms"] == {
        "type": "integer",
        "description": "Unix milliseconds",
    }


def test_the_checker_refuses_what_it_does_not_know() -> None:
    with pytest.raises(NotImplementedError, match="dependencies"):
        holds({}, {"dependencies": {}})
