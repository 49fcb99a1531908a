"""What the services publish, as JSON Schema made of the very dataclasses they write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bridge_patch.adapters.wire.intent_schema import DIALECT, policy_schema
from bridge_patch.adapters.wire.policy import policy_fields
from bridge_patch.adapters.wire.schema import SCHEMA_OURS
from bridge_patch.domain.events import BulkExpired, Settled
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.market import Tick
from bridge_patch.services.messages import (
    Barrier,
    Command,
    DeadLetter,
    LateLetter,
    PositionUpdate,
)
from bridge_patch.services.turns import ExitTurn

_REF: Final = "#/$defs/"
#: How msgspec names a decimal; on this wire it is a JSON number.
_DECIMAL: Final = {"type": "string", "format": "decimal"}


def published_schema(event_type: str) -> dict[str, Any]:
    """Return the JSON Schema of the payload of an event type of ours."""
    match event_type:
        case "execution.result":
            outcomes = (("settled", Settled), ("bulk_expired", BulkExpired))
            either = [_payload(kind, outcome=word) for word, kind in outcomes]
            body: dict[str, Any] = {"oneOf": either}
        case "position.update":
            body = _payload(PositionUpdate)
        case "market.tick":
            body = _payload(Tick)
        case "replay.barrier":
            body = _payload(Barrier)
        case "exit.turn":
            body = _payload(ExitTurn)
        case "control":
            body = _payload(Command)
            del body["properties"]["entry_id"]
        case _:
            body = _dead_letter()
    return {"$schema": DIALECT, "title": event_type} | body


def _payload(kind: type, **more: str) -> dict[str, Any]:
    """Return a message's own fields and the ones that every message of ours begins with."""
    made = schema_of(kind)
    begin = {"schema": {"const": SCHEMA_OURS}}
    begin |= {name: {"const": value} for name, value in more.items()}
    made["properties"] = begin | made["properties"]
    made["required"] = [*begin, *made["required"]]
    return made


def _dead_letter() -> dict[str, Any]:
    """Return a dead letter: of one message, or of many entries that came too late."""
    one = schema_of(DeadLetter)
    one["required"].remove("payload")
    one["properties"]["payload_base64"] = {
        "type": "string",
        "contentEncoding": "base64",
        "description": "the bytes as they came, where they are no text",
    }
    one["oneOf"] = [{"required": [name]} for name in ("payload", "payload_base64")]
    many = schema_of(LateLetter)
    many["properties"]["entries"]["items"]["properties"]["payload"] = {
        "type": "object",
        "description": "the payload as it came, byte for byte",
    }
    return {"oneOf": [one, many]}


def schema_of(kind: type) -> dict[str, Any]:
    """Return the JSON Schema of a dataclass as this wire writes it, nothing referred to."""
    (schema,), found = msgspec.json.schema_components((kind,), ref_template=_REF + "{name}")
    made = _inlined(schema, found)
    assert isinstance(made, dict)  # noqa: S101 - a dataclass is an object
    return made


def _inlined(node: object, found: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, found) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("$ref") == f"{_REF}HarvestPolicy":
        return _policy()
    if "$ref" in node:
        return _inlined(found[node["$ref"].removeprefix(_REF)], found)
    if node.items() >= _DECIMAL.items():
        return {"type": "number"}
    made = {name: _inlined(item, found) for name, item in node.items() if name != "title"}
    if isinstance(made.get("description"), str):
        made["description"] = " ".join(made["description"].split())
    for name, item in made.get("properties", {}).items():
        if name.endswith("_ms"):
            item["description"] = "Unix milliseconds"
    return made


def _policy() -> dict[str, Any]:
    """Return a policy as it is published: every name of every schema is stated."""
    stated: dict[str, Any] = policy_schema()["anyOf"][1]
    return stated | {"required": list(policy_fields(POLICY_FALLBACK))}
