"""The trade.intent as JSON Schema, made of the same ranges that the codec checks.

What a schema cannot say (a stop on the wrong side, a time from the future, a misspelt
reduce flag) only the codec checks: what it accepts, the schema accepts, not the reverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from bridge_patch.adapters.wire.form import NOT_NEGATIVE, SHARE, Span
from bridge_patch.adapters.wire.policy import OPTIONAL, policy_fields
from bridge_patch.adapters.wire.schema import (
    FIELDS,
    FLAGS,
    INSTANTS,
    NAMES_MAX,
    NUMBERS,
    POLICIES,
    REQUIRED,
    REQUIRED_IN_1_0,
    SCHEMA_ABSENT,
    SCHEMA_OURS,
    TEXTS,
    WORDS,
)
from bridge_patch.domain.harvest import (
    HOLD_MAX_SEC,
    POLICY_FALLBACK,
    TRAIL_MAX_PCT,
    TRAIL_MIN_PCT,
    TRAIL_SIGMAS_MAX,
    TRIGGER_MAX_PCT,
    HarvestMode,
)

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
#: The names that came with 1.2; those of 1.1 and 1.0 stand in the contract's table.
SINCE_1_2: Final = (
    *("schema", "intent_id", "mode", "valid_until", "stop_move_to"),
    *("limits_hash", "build"),
)

_POLICY_SPANS: Final = MappingProxyType(
    {
        "trail_pct": Span("", TRAIL_MIN_PCT, TRAIL_MAX_PCT),
        "max_time_sec": Span("", Decimal(1), Decimal(HOLD_MAX_SEC)),
        "partial_close_pct": SHARE,
        "partial_trigger_pct": Span("", NOT_NEGATIVE.least, TRIGGER_MAX_PCT),
        "partial_close_fraction": SHARE,
        "break_even_trigger_pct": Span("", NOT_NEGATIVE.least, TRIGGER_MAX_PCT),
        "trail_sigmas": Span("", NOT_NEGATIVE.least, TRAIL_SIGMAS_MAX),
        "trail_floor_pct": Span("", NOT_NEGATIVE.least, TRAIL_MAX_PCT),
    }
)
#: What each field means, for whoever writes one.
NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "action": "BUY and SELL open or enlarge, unless reduce_only; CLOSE only reduces",
        "side": "the old name of action",
        "schema": f"absent means {SCHEMA_ABSENT}",
        "mode": "shadow lowers a live service for this message; live raises nothing",
        "symbol": "the venue's own spelling",
        "intent_id": (
            "printable, no space; an entry's is free of ACCEPT, REJECT, SHADOW, LIVE,"
            " intent= and brackets; one is derived from the content where absent"
        ),
        "source": "who asks",
        "reason": "why, for the record",
        "limits_hash": "the limits it was sized under; others than ours are refused",
        "build": "the program that made it, for the record",
        "confidence": "the model's belief in its own signal",
        "position_size_usd": "margin in USD: notional = position_size_usd x leverage",
        "leverage": "dollars of exposure per dollar of margin",
        "ai_size_usd": "the AI's margin in USD; judged first in shadow",
        "ai_leverage": "the AI's leverage; judged first in shadow",
        "risk_budget_usd": "most it may lose at its stop with costs; 0 allows nothing",
        "entry_price": "the asker's idea of the price; never used to value an order",
        "stop_loss": "hard stop as a price; below the entry for BUY, above for SELL",
        "take_profit": "target as a price; above the entry for BUY, below for SELL",
        "stop_loss_pct": "hard stop, % from the entry; the wider of two that agree holds",
        "take_profit_pct": "target, % from the entry",
        "quantity": "base quantity of a reduction; absent is all of it",
        "stop_move_to": "a reduction that rests as a stop for the whole position",
        "timestamp": "when it was made: ISO-8601 with a zone; never from the future",
        "valid_until": "void after this: ISO-8601 with a zone",
        "harvest_policy": "how the position is taken off",
        "ai_harvest_policy": "the AI's policy; judged first in shadow",
        "reduce_only": "only shrink a position; a misspelling on BUY or SELL is a fault",
    }
)


def intent_schema(version: str) -> dict[str, Any]:
    """Return the JSON Schema of a trade.intent of this version."""
    required = [*REQUIRED, *(["schema"] if version == SCHEMA_OURS else [])]
    rules = [
        {"anyOf": [{"required": ["action"]}, {"required": ["side"]}]},
        {
            "if": _REDUCES,
            "then": {"not": {"required": ["quantity", "stop_move_to"]}},
            "else": {"not": {"required": ["stop_move_to"]}},
        },
    ]
    if version == "1.0":
        entry = {"required": list(REQUIRED_IN_1_0)}
        rules.append({"if": {"not": _REDUCES}, "then": entry})
    forms = _forms(version)
    return {
        "$schema": DIALECT,
        "title": f"trade.intent {version}",
        "description": (
            "What is asked of the execution service. Unknown names are allowed and kept."
            " Numbers are JSON numbers, read exactly; a text is no number."
        ),
        "type": "object",
        "properties": {
            name: {"description": _note(name, version)} | forms[name] for name in FIELDS
        },
        "required": required,
        "allOf": rules,
        "maxProperties": NAMES_MAX,
    }


def policy_schema() -> dict[str, Any]:
    """Return what a message may say of a policy: a mode, or an object that names one."""
    modes = [mode.value for mode in HarvestMode]
    inner: dict[str, Any] = {"mode": {"enum": modes}}
    for name, value in policy_fields(POLICY_FALLBACK).items():
        if name in _POLICY_SPANS:
            inner[name] = number_schema(_POLICY_SPANS[name], whole=isinstance(value, int))
        elif name not in inner:
            inner[name] = {"type": "boolean"}
    for name in OPTIONAL:
        inner[name] = number_schema(_POLICY_SPANS[name])
    stated = {"type": "object", "properties": inner, "required": ["mode"]}
    return {"anyOf": [{"enum": modes}, stated]}


def number_schema(span: Span, *, whole: bool = False) -> dict[str, Any]:
    """Return a range as JSON Schema."""
    made: dict[str, Any] = {"type": "integer" if whole else "number"}
    made["exclusiveMinimum" if span.least_open else "minimum"] = plain(span.least)
    if span.most is not None:
        made["exclusiveMaximum" if span.most_open else "maximum"] = plain(span.most)
    return made


def plain(value: Decimal) -> int | float:
    """Return a bound as JSON writes it."""
    return int(value) if value == value.to_integral_value() else float(value)


def _note(name: str, version: str) -> str:
    return NOTES[name] + (" (1.2)" if name in SINCE_1_2 and version != SCHEMA_OURS else "")


def _forms(version: str) -> dict[str, dict[str, Any]]:
    """Return what each field's value must be like; later lines know better."""
    return {
        **{name: number_schema(span) for name, span in NUMBERS.items()},
        **{name: {"type": "string", "maxLength": most} for name, most in TEXTS.items()},
        **{name: {"enum": list(words)} for name, words in WORDS.items()},
        **{name: {"type": "string", "format": "date-time"} for name in INSTANTS},
        **{name: policy_schema() for name in POLICIES},
        **{name: {"type": "boolean"} for name in FLAGS},
        "schema": {"const": version},
        "symbol": {"type": "string", "pattern": f"^[A-Z0-9]{{2,{TEXTS['symbol']}}}$"},
        "intent_id": {
            "type": "string",
            "minLength": 1,
            "maxLength": TEXTS["intent_id"],
            "pattern": "^[^ ]+$",
        },
    }


def _says(name: str, value: object) -> dict[str, Any]:
    return {"properties": {name: {"const": value}}, "required": [name]}


_REDUCES: Final = {
    "anyOf": [
        _says("action", "CLOSE"),
        _says("side", "CLOSE"),
        _says("reduce_only", value=True),
    ]
}
