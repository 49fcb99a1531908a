"""Writes `docs/schema/*.json` and `docs/asyncapi.json` from the code that reads the wire.

`python -m bridge_patch.app.schema_pages` in the project's root writes them again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from bridge_patch.adapters import streams
from bridge_patch.adapters.wire.delivery import TRADE_INTENT
from bridge_patch.adapters.wire.intent_schema import intent_schema
from bridge_patch.adapters.wire.messages import (
    BARRIER,
    CONTROL,
    DEAD_LETTER,
    EXECUTION_RESULT,
    EXIT_TURN,
    MARKET_TICK,
    POSITION_UPDATE,
)
from bridge_patch.adapters.wire.published_schema import published_schema
from bridge_patch.adapters.wire.schema import SCHEMA_OURS, SCHEMAS

FOLDER: Final = Path("docs/schema")
ASYNCAPI: Final = Path("docs/asyncapi.json")

#: Stream, event type, and whether the execution service reads (or else writes) it.
_STREAMS: Final = (
    (streams.TRADE_INTENT, TRADE_INTENT, True, "What is asked: entries and reductions."),
    (streams.EXECUTION_RESULT, EXECUTION_RESULT, False, "The one outcome of each intent."),
    (streams.POSITION_UPDATE, POSITION_UPDATE, False, "Each position after a change."),
    (
        streams.DEAD_LETTER,
        DEAD_LETTER,
        False,
        "Messages that were not understood or too old, with the reason and their bytes.",
    ),
    (streams.MARKET_TICK, MARKET_TICK, True, "Bars that closed; moves a replay's clock."),
    (streams.REPLAY_BARRIER, BARRIER, False, "A tick is complete; the feed may go on."),
    (
        streams.EXIT_TURN,
        EXIT_TURN,
        False,
        "The exits of a tick are due; an exit brain of its own process answers done.",
    ),
    (
        streams.CONTROL,
        CONTROL,
        True,
        "What a person orders: halt, reduce, resume, or re-arm a symbol.",
    ),
)


def schema_files() -> dict[Path, dict[str, Any]]:
    """Return every schema under the path it is kept at."""
    files = {_path(TRADE_INTENT, version): intent_schema(version) for version in SCHEMAS}
    for _, event_type, _, _ in _STREAMS[1:]:
        files[_path(event_type)] = published_schema(event_type)
    return files


def asyncapi() -> dict[str, Any]:
    """Return the streams as an AsyncAPI 3 document."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for address, event_type, reads, summary in _STREAMS:
        names = _messages(event_type)
        messages |= names
        channels[event_type] = {
            "address": address,
            "description": summary,
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        }
        verb = "receive" if reads else "send"
        operations[f"{verb}.{event_type}"] = {
            "action": verb,
            "channel": {"$ref": f"#/channels/{event_type}"},
            "summary": summary,
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "BRIDGE-PATCH streams",
            "version": SCHEMA_OURS,
            "description": (
                "Actions are those of the execution service: it receives intents and sends"
                " outcomes. Every entry of a stream is an envelope of texts: event_type,"
                " payload (one JSON object), timestamp (UTC, ISO-8601 with Z) and source."
                " Here the payload is the message, the other fields are its headers."
            ),
        },
        "defaultContentType": "application/json",
        "servers": {
            "embedded": {
                "host": "localhost",
                "pathname": "/STATE_DIR/bridge.db",
                "protocol": "sqlite",
                "description": "The embedded bus: one file that the processes share.",
            },
            "server": {
                "host": "localhost:6379",
                "protocol": "redis",
                "description": "A Redis or Valkey server, where BUS_URL names one.",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def pages() -> dict[Path, str]:
    """Return every page that is made here, as it must read."""
    made = {path: _text(schema) for path, schema in schema_files().items()}
    return made | {ASYNCAPI: _text(asyncapi())}


def write(root: Path) -> None:
    """Write every page below `root`."""
    for path, text in pages().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _messages(event_type: str) -> dict[str, Any]:
    """Return the messages of a stream by name; an intent has one for each schema."""
    if event_type != TRADE_INTENT:
        return {event_type: _message(event_type, _path(event_type))}
    return {
        f"{event_type}.{version}": _message(event_type, _path(event_type, version))
        for version in SCHEMAS
    }


def _message(event_type: str, path: Path) -> dict[str, Any]:
    headers = ["timestamp", "source"] if event_type != DEAD_LETTER else ["source", "reason"]
    properties: dict[str, Any] = {"event_type": {"const": event_type}}
    properties |= {name: {"type": "string"} for name in headers}
    required = ["event_type"] if event_type == TRADE_INTENT else list(properties)
    schema = {"$ref": f"./{path.relative_to(ASYNCAPI.parent).as_posix()}"}
    return {
        "name": event_type,
        "contentType": "application/json",
        "headers": {"type": "object", "properties": properties, "required": required},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": schema,
        },
    }


def _path(event_type: str, version: str = "") -> Path:
    return FOLDER / f"{event_type}{'-' if version else ''}{version}.json"


def _text(page: dict[str, Any]) -> str:
    return json.dumps(page, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write(Path())
