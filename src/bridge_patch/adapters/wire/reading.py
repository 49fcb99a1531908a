"""What a trade.intent must be: the one implementation of its rules.

The execution service, the schema gate and `validate_trade_intent` all come here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Final, final

from bridge_patch.adapters.lines.text import clean
from bridge_patch.adapters.wire import schema as names
from bridge_patch.adapters.wire.faults import FaultCode, bounded, fault, named
from bridge_patch.adapters.wire.form import Form
from bridge_patch.adapters.wire.policy import read_policy
from bridge_patch.adapters.wire.reduce_flag import is_misspelt_reduce_flag
from bridge_patch.adapters.wire.schema import Stated
from bridge_patch.adapters.wire.stops import check_stops
from bridge_patch.adapters.wire.tree import Tree, canonical, shown
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs, parse_symbol

SIDE_DEPRECATED: Final = "`side` is the old name of `action`"


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """A trade.intent that was understood, or every fault that kept it from being so.

    `notes` says what was accepted and should not be relied upon.
    """

    stated: Stated | None
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def read_intent(tree: Tree, flaws: tuple[str, ...], now_ms: UnixMs) -> Reading:
    """Check a payload that was read into a tree; `flaws` are what its reader found."""
    faults = list(flaws)
    if not isinstance(tree, dict):
        if tree is not None or not flaws:
            expected = "must be a JSON object"
            faults.append(fault(FaultCode.WRONG_TYPE, "payload", expected, shown(tree)))
        return Reading(None, bounded(faults), ())
    form = Form(tree, faults)
    stated = _stated(form, now_ms)
    notes = (SIDE_DEPRECATED,) if "side" in tree else ()
    if faults or stated is None:
        return Reading(None, bounded(faults), notes)
    return Reading(stated, (), notes)


def _stated(form: Form, now_ms: UnixMs) -> Stated | None:
    """Read every field, then what must hold between them."""
    for name in names.REQUIRED:
        form.require(name)
    schema = form.word("schema", names.SCHEMAS) or names.SCHEMA_ABSENT
    action, mode = _action(form), form.word("mode", names.MODES)
    numbers = {
        name: form.number(name, span) if name in form.fields else None
        for name, span in names.NUMBERS.items()
    }
    policies = {name: read_policy(form, name, schema=schema) for name in names.POLICIES}
    symbol, stated_id = _symbol(form), _stated_id(form)
    reduce_only = form.flag("reduce_only")
    reduces = action == "CLOSE" or reduce_only is True
    if stated_id is not None and symbol is not None and not reduces:
        _check_printed(form, stated_id, symbol)
    timestamp, valid_until = _timestamp(form, now_ms), form.instant("valid_until")
    source, reason = _text(form, "source"), _text(form, "reason")
    _check_names(form, action)
    if action is not None:
        _check_shape(form, numbers, schema, None if reduces else Side(action))
    confidence = numbers["confidence"]
    limits_hash, build = _text(form, "limits_hash"), _text(form, "build")
    if form.faults or not (symbol and action) or confidence is None or timestamp is None:
        return None
    return Stated(
        schema=schema,
        intent_id=IntentId(stated_id or derived_id(form.fields)),
        symbol=symbol,
        action=action,
        confidence=confidence,
        timestamp=timestamp,
        position_size_usd=numbers["position_size_usd"],
        leverage=numbers["leverage"],
        ai_size_usd=numbers["ai_size_usd"],
        ai_leverage=numbers["ai_leverage"],
        harvest_policy=policies["harvest_policy"],
        ai_harvest_policy=policies["ai_harvest_policy"],
        risk_budget_usd=numbers["risk_budget_usd"],
        entry_price=numbers["entry_price"],
        stop_loss=numbers["stop_loss"],
        take_profit=numbers["take_profit"],
        stop_loss_pct=numbers["stop_loss_pct"],
        take_profit_pct=numbers["take_profit_pct"],
        quantity=numbers["quantity"],
        stop_move_to=numbers["stop_move_to"],
        reduce_only=reduce_only,
        reason=reason,
        source=source,
        mode=None if mode is None else Mode(mode),
        valid_until=valid_until,
        limits_hash=limits_hash,
        build=build,
    )


def _action(form: Form) -> str | None:
    action = form.word("action", names.ACTIONS)
    side = form.word("side", names.ACTIONS)
    if "side" not in form.fields:
        form.require("action")
    if action is not None and side is not None and action != side:
        form.fault(FaultCode.CONTRADICTION, "side", f"must be as action, {action}", side)
    return side if "action" not in form.fields else action


def _symbol(form: Form) -> Symbol | None:
    text = form.text("symbol", names.TEXTS["symbol"])
    if text is None:
        return None
    try:
        return parse_symbol(text)
    except InvalidValueError:
        expected = "must be 2 to 24 of A-Z and 0-9"
        form.fault(FaultCode.BAD_TEXT, "symbol", expected, shown(text))
        return None


def _stated_id(form: Form) -> str | None:
    text = form.text("intent_id", names.TEXTS["intent_id"])
    if text is not None and (not text or " " in text):
        expected = "must be 1 to 128 characters without a space"
        form.fault(FaultCode.BAD_TEXT, "intent_id", expected, shown(text))
    return text


def _check_printed(form: Form, stated_id: str, symbol: Symbol) -> None:
    """Refuse an entry whose id a log line would have to print otherwise than it is.

    One grep for an id finds everything about it. A reduction is not refused for its name,
    nor is a symbol that holds one of the words: these are printed in lower case.
    """
    rest = stated_id.replace(symbol, "-")
    if clean(rest, most=len(rest)) != rest:
        expected = (
            "must be free of ACCEPT, REJECT, SHADOW, LIVE, intent= and brackets, which log"
            " lines promise: write the word in lower case"
        )
        form.fault(FaultCode.BAD_TEXT, "intent_id", expected, shown(stated_id))


def _text(form: Form, name: str) -> str | None:
    text = form.text(name, names.TEXTS[name], one_line=name != "reason")
    return None if text is None else one_line(text)


def one_line(text: str) -> str:
    r"""Return a text on one line, everything that is not printable made a space.

    >>> one_line("stop hit,\nclosed")
    'stop hit, closed'
    """
    if text.isprintable():
        return text
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _timestamp(form: Form, now_ms: UnixMs) -> UnixMs | None:
    at = form.instant("timestamp")
    if at is not None and at - now_ms > names.INTENT_FUTURE_TOLERANCE_MS:
        expected = f"must be at most {names.INTENT_FUTURE_TOLERANCE_MS} ms ahead"
        form.fault(FaultCode.IN_THE_FUTURE, "timestamp", expected, f"{at - now_ms} ms")
    return at


def _check_names(form: Form, action: str | None) -> None:
    if len(form.fields) > names.NAMES_MAX:
        expected = f"must have at most {names.NAMES_MAX} names"
        form.fault(FaultCode.TOO_LARGE, "payload", expected, str(len(form.fields)))
    elif action != "CLOSE":
        for name in form.fields:
            if is_misspelt_reduce_flag(name):
                expected = "must be spelt reduce_only"
                form.fault(FaultCode.REDUCE_FLAG, named(name), expected, "a misspelling")
    if "symbol" not in form.fields and isinstance(form.fields.get("data"), dict):
        expected = "the fields must stand at the top of the payload"
        form.fault(FaultCode.WRONG_PLACE, "data", expected, "an object")


def _check_shape(
    form: Form, numbers: Mapping[str, Decimal | None], schema: str, entry: Side | None
) -> None:
    """Check what an entry must have, and what only a reduction may have."""
    if entry is None:
        if numbers["stop_move_to"] is not None and numbers["quantity"] is not None:
            expected = (
                "must be absent where stop_move_to rests a stop for the whole position"
            )
            form.fault(FaultCode.CONTRADICTION, "quantity", expected, "stated")
        return
    if schema == "1.0":
        for name in names.REQUIRED_IN_1_0:
            form.require(name)
    if "stop_move_to" in form.fields:
        expected = "must be absent from what is no reduction"
        form.fault(FaultCode.REDUCE_FLAG, "stop_move_to", expected, "stated")
    check_stops(form, numbers, entry)


def derived_id(tree: Tree) -> str:
    """Name a message after its content: the same content has the same id.

    >>> derived_id({"a": Decimal("1.0")}) == derived_id({"a": Decimal(1)})
    True
    """
    content = canonical(tree).encode()
    return f"c-{blake2b(content, digest_size=16, person=b'bridge-content').hexdigest()}"
