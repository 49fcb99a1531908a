"""The promised wording of each fact; whoever greps or counts lines depends on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Final

from bridge_patch.adapters.lines.fact import Fact, Value
from bridge_patch.adapters.lines.text import exact

#: How a line begins, by texts and whole numbers alone; the fields that it does not use
#: follow as name=value.
_OPENINGS: Final = MappingProxyType(
    {
        "close.forced": "[NAKED] ❗ {symbol} is closed: {cause}",
        "difference.found": "[RECONCILE] ❗ the venue differs: {kind}",
        "difference.gone": "[RECONCILE] the venue agrees again: {kind}",
        "exec.intent": "[EXEC_INTENT] {symbol} {action}",
        "exits.blind": "[EXITS] ❗ ALARM: blind on what is open, no entries",
        "exits.see": "[EXITS] all that is open is seen again",
        "funding.paid": "[FUNDING] {symbol}",
        "governor.started": "[GOVERNOR] ✅ Risk Governor initialized: mode={mode}",
        "insurance.cleared": "[INSURANCE] {symbol}",
        "intent.duplicate": "[DUPLICATE] not acted upon",
        "intent.published": "[AI-ENGINE] PUBLISHED {symbol} {side}",
        "intent.received": "[INTENT] received",
        "intent.settled": "[OUTCOME] {symbol} {action} {status}",
        "intents.expired": "[EXPIRED] {count} entries older than {age_max_sec} s",
        "message.dead_lettered": "[DEAD-LETTER] {reason}",
        "mode.ordered": "[STATE] a person ordered a mode",
        "money.transferred": "[STATE] money moved",
        "note": "[{area}] {message}",
        "order.answered": "[ORDER] {leg} {answer}",
        "order.ended": "[ORDER] {symbol} ended",
        "order.filled": "[FILL] {symbol} {side} {kind}",
        "order.filled_late": "[ORDER] ❗ {symbol} traded after it had ended",
        "order.refused": "[ORDER] {symbol} refused by the venue",
        "order.sending": "[ORDER] {symbol} {side} sending {leg}",
        "order.vouched": "[ORDER] a person's word: {word}",
        "position.vouched": "[POSITION] {symbol}, a person's word: {word}",
        "run.started": "[RUN] started",
        "sizer.started": "[AI-SIZER] ✅ AI Sizer Policy initialized: mode={mode}",
        "start.note": "[START] {text}",
        "state.latched": "[STATE] {state}",
        "stop.armed": "[STOP] {symbol} {side} armed",
        "stop.trailing": "[STOP] {symbol} {side} trailing",
        "symbol.rearmed": "[STATE] {symbol} re-armed",
        "wallet.counted": "[RECONCILE] the venue's wallet is counted",
    }
)
#: Shown elsewhere on the line, or only in JSON.
_APART: Final = frozenset({"at_ms", "intent", "intents"})
_IN_VERDICT: Final = _APART.union(("symbol", "action", "verdict", "codes", "detail"))
_IN_PROPOSAL: Final = _APART.union(("mode", "symbol", "size_usd", "leverage"))


def line_of(fact: Fact) -> str:
    """Return the one line that shows a fact to people and to grep."""
    match fact.name:
        case "governor.verdict":
            said = _verdict(fact.fields)
        case "sizing.proposed":
            said = _proposed(fact.fields)
        case _:
            said = _plain(_OPENINGS[fact.name], fact.fields)
    return said + _intents(fact.fields)


def _plain(opening: str, fields: Mapping[str, Value]) -> str:
    begin = opening.format_map(fields)
    rest = _pairs(fields, leaving=_names_in(opening))
    return f"{begin}: {', '.join(rest)}" if rest else begin


@cache
def _names_in(opening: str) -> frozenset[str]:
    named = (name for _, name, _, _ in Formatter().parse(opening) if name)
    return _APART.union(named)


def _verdict(fields: Mapping[str, Value]) -> str:
    subject = f"{fields['symbol']} {fields['action']}"
    codes = fields["codes"] if isinstance(fields["codes"], tuple) else ()
    code, also = codes[0] if codes else "NO_CODE", codes[1:]
    rest = _pairs(fields, leaving=_IN_VERDICT)
    if fields["verdict"] == "REJECT":
        more = [f"also={'/'.join(also)}"] if also else []
        parts = [str(fields.get("detail", "no detail")), *more, *rest]
        return f"[GOVERNOR] ❌ REJECT {subject}: {code}: {', '.join(parts)}"
    return f"[GOVERNOR] ✅ ACCEPT {subject}: {', '.join(['/'.join(codes), *rest])}"


def _proposed(fields: Mapping[str, Value]) -> str:
    usd = fields["size_usd"]
    dollars = usd.quantize(Decimal(1), ROUND_HALF_UP) if isinstance(usd, Decimal) else usd
    rest = " ".join(_pairs(fields, leaving=_IN_PROPOSAL))
    leverage = shown("leverage", fields["leverage"])
    mode = str(fields["mode"]).upper()
    return f"[AI-SIZER] {mode}: {fields['symbol']} → ${dollars} @ {leverage} | {rest}"


def _pairs(fields: Mapping[str, Value], *, leaving: Collection[str]) -> list[str]:
    return [
        f"{key}={value}" if type(value) is str else f"{key}={shown(key, value)}"
        for key, value in fields.items()
        if key not in leaving
    ]


def _intents(fields: Mapping[str, Value]) -> str:
    ids = fields.get("intents") or (fields.get("intent"),)
    named = ids if isinstance(ids, tuple) else ()
    return "".join([f" intent={each}" for each in named if each is not None])


def shown(key: str, value: Value) -> str:
    """Return a field's value as a line shows it: exact, and leverage with its x."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return "/".join(value)
    text = exact(value) if isinstance(value, Decimal) else str(value)
    return f"{text}x" if key.endswith("leverage") else text
