"""A cheap look at a trade.intent, for what is plainly an entry that comes too late.

A backlog is made of such entries, and reading them in full would cost ten times as much.
The look answers only where the full reading is certain to agree. Whatever is unusual about
a message, if only a name that is not known here, is left to the full reading; and so is
everything that might reduce a position.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Final, Literal, final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.instants import instant_of
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HOLD_MAX_SEC
from bridge_patch.domain.intent import IntentId, UnixMs, parse_symbol

_TRADE_INTENT: Final = "trade.intent"
_TEXT_MAX: Final = 64 * 1024

# An integer is compared exactly. A fraction is read as a float, so it must lie strictly
# inside: of no more than 16 digits, none is across a bound that its float is not on.
_TINY: Final = 1e-300
_HUGE: Final = 1e30
_MANY: Final = 10**15
_Share = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(gt=_TINY, lt=1)]
_Positive = (
    Annotated[int, Meta(ge=1, le=_MANY)] | Annotated[float, Meta(gt=_TINY, lt=_HUGE)]
)
_NotNegative = (
    Annotated[int, Meta(ge=0, le=_MANY)] | Annotated[float, Meta(gt=_TINY, lt=_HUGE)]
)
_Leverage = Annotated[int, Meta(ge=1, le=125)] | Annotated[float, Meta(gt=1, lt=125)]
_StopPct = Annotated[int, Meta(ge=1, le=99)] | Annotated[float, Meta(gt=_TINY, lt=100)]
_Trail = Annotated[int, Meta(ge=1, le=20)] | Annotated[float, Meta(gt=0.1, lt=20)]
_Trigger = Annotated[int, Meta(ge=0, le=1000)] | Annotated[float, Meta(gt=_TINY, lt=1000)]
_Sigmas = Annotated[int, Meta(ge=0, le=10)] | Annotated[float, Meta(gt=_TINY, lt=10)]
_Mode = Literal["scalper", "swing", "trend_runner"]


@final
class _Policy(Struct, frozen=True, forbid_unknown_fields=True):
    mode: _Mode
    trail_pct: _Trail | UnsetType = UNSET
    max_time_sec: Annotated[int, Meta(ge=1, le=HOLD_MAX_SEC)] | UnsetType = UNSET
    partial_close_pct: _Share | UnsetType = UNSET
    partial_trigger_pct: _Trigger | UnsetType = UNSET
    partial_close_fraction: _Share | UnsetType = UNSET
    trail_after_partial: bool | UnsetType = UNSET
    break_even_trigger_pct: _Trigger | UnsetType = UNSET
    trail_sigmas: _Sigmas | UnsetType = UNSET

    def is_plain(self) -> bool:
        """Tell whether what it says about a part to be closed certainly fits together."""
        old, new = self.partial_close_pct, self.partial_close_fraction
        trigger = self.partial_trigger_pct
        if trigger is UNSET:
            closes_none = old is UNSET or old == 0 or self.mode != "swing"
            return new is UNSET and closes_none
        if old is UNSET or new is UNSET:
            return False
        return old == new and (trigger > 0 or new == 0)


@final
class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    action: Literal["BUY", "SELL"]
    symbol: str
    confidence: _Share
    timestamp: str
    intent_id: Annotated[str, Meta(min_length=1, max_length=128)]
    schema: Literal["1.1", "1.2"] | UnsetType = UNSET
    mode: Literal["shadow", "live"] | UnsetType = UNSET
    source: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    limits_hash: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    build: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    position_size_usd: _Positive | UnsetType = UNSET
    leverage: _Leverage | UnsetType = UNSET
    ai_size_usd: _Positive | UnsetType = UNSET
    ai_leverage: _Leverage | UnsetType = UNSET
    harvest_policy: _Policy | _Mode | UnsetType = UNSET
    ai_harvest_policy: _Policy | _Mode | UnsetType = UNSET
    stop_loss_pct: _StopPct | UnsetType = UNSET
    take_profit_pct: _Positive | UnsetType = UNSET
    risk_budget_usd: _NotNegative | UnsetType = UNSET
    entry_price: _Positive | UnsetType = UNSET
    stop_loss: _Positive | UnsetType = UNSET
    take_profit: _Positive | UnsetType = UNSET
    quantity: _Positive | UnsetType = UNSET
    valid_until: str | UnsetType = UNSET


@final
class _Made(Struct, frozen=True):
    timestamp: str = ""


_MADE: Final = msgspec.json.Decoder(_Made)
_DECODER: Final = msgspec.json.Decoder(_Entry)
_ENCODER: Final = msgspec.json.Encoder()
#: Digits and points as zeros; so many in a row may be a number that a float cannot hold.
_DIGITS: Final = bytes.maketrans(b"123456789.", b"0000000000")
_LONG: Final = b"0" * 17
#: Well inside what two statements of one stop may differ by, and how far a stop may be.
_AGREED: Final = 0.09
_NEAREST: Final = 1e-6
_QUOTE: Final = ord('"')


def late_entries(
    envelopes: Sequence[Envelope], *, now_ms: UnixMs, age_max_ms: int
) -> list[tuple[IntentId, str] | None]:
    """Return id and text of each that is plainly an entry and too old, None for the others.

    The payload's own times decide, as in the full reading: the envelope's says when it was
    put on the bus, and a message that waited elsewhere is not young because of that.
    """
    payloads = [_only_payload(envelope) for envelope in envelopes]
    plain = [payload for payload in payloads if payload is not None]
    if len(plain) == len(payloads) and (entries := _read_together(plain)):
        pairs = zip(entries, plain, strict=True)
        return [
            (IntentId(entry.intent_id), payload)
            if _is_late(entry, now_ms, age_max_ms) and _is_plain(entry)
            else None
            for entry, payload in pairs
        ]
    return [
        None if payload is None else _look(payload, now_ms, age_max_ms)
        for payload in payloads
    ]


def made_at(envelope: Envelope) -> UnixMs | None:
    """Return when a message says it was made, or else put on the bus; to be shown only."""
    try:
        stated = _MADE.decode(envelope.payload or "").timestamp
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        stated = ""
    return instant_of(stated) or instant_of(envelope.timestamp or "")


def _look(payload: str, now_ms: UnixMs, age_max_ms: int) -> tuple[IntentId, str] | None:
    entries = _read_together([payload])
    if not entries or not _is_late(entries[0], now_ms, age_max_ms):
        return None
    return (IntentId(entries[0].intent_id), payload) if _is_plain(entries[0]) else None


def _read_together(payloads: Sequence[str]) -> list[_Entry] | None:
    """Return what all of them say, one object each; None where that is not plain.

    Each stands on a line of its own, begins and ends as an object does and holds no line
    break: so none can take in a part of the next one, and their number shows that none
    holds two.
    """
    if not all(text[:1] == "{" and text[-1:] == "}" for text in payloads):
        return None
    text = "\n".join(payloads)
    if "\\" in text or not _is_clean(text) or text.count("\n") != len(payloads) - 1:
        return None
    try:
        raw = text.encode()
        entries = _DECODER.decode_lines(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if len(entries) != len(payloads) or _LONG in raw.translate(_DIGITS):
        return None
    # No quote stands inside a text here, so each name and each text has two: a name that
    # was stated twice shows, for it was read once.
    if _ENCODER.encode(entries).count(_QUOTE) != raw.count(_QUOTE):
        return None
    return None if max(map(len, payloads)) > _TEXT_MAX else entries


def _is_clean(text: str) -> bool:
    """Tell whether all that stands in texts is printable; JSON allows no control there."""
    if text.isascii():
        return "\x7f" not in text
    return text.replace("\n", "").isprintable()


def _only_payload(envelope: Envelope) -> str | None:
    found, is_intent = None, False
    for name, text in envelope.fields:
        if name == "payload":
            if found is not None:
                return None
            found = text
        elif name == "event_type":
            if is_intent or text != _TRADE_INTENT:
                return None
            is_intent = True
    return found if is_intent else None


def _is_late(entry: _Entry, now_ms: UnixMs, age_max_ms: int) -> bool:
    made_ms = instant_of(entry.timestamp)
    return made_ms is not None and now_ms - made_ms > age_max_ms


def _is_plain(entry: _Entry) -> bool:
    if " " in entry.intent_id or not _is_symbol(entry.symbol):
        return False
    if entry.valid_until is not UNSET and instant_of(entry.valid_until) is None:
        return False
    if not ((entry.stop_loss is UNSET and entry.take_profit is UNSET) or _stops_fit(entry)):
        return False
    for policy in (entry.harvest_policy, entry.ai_harvest_policy):
        if isinstance(policy, _Policy) and not policy.is_plain():
            return False
    return True


def _stops_fit(entry: _Entry) -> bool:
    """Tell whether stop and target certainly stand where their prices belong."""
    at, stop, target = entry.entry_price, entry.stop_loss, entry.take_profit
    sign = 1 if entry.action == "BUY" else -1
    if at is UNSET:
        return stop is UNSET or target is UNSET or sign * (target - stop) > 0
    if target is not UNSET and sign * (target - at) <= 0:
        return False
    if stop is UNSET:
        return True
    fraction, pct = sign * (at - stop) / at, entry.stop_loss_pct
    if pct is not UNSET and abs(fraction - pct / 100) > _AGREED * fraction:
        return False
    return _NEAREST < fraction < 1 - _NEAREST


@lru_cache(maxsize=4096)
def _is_symbol(text: str) -> bool:
    try:
        parse_symbol(text)
    except InvalidValueError:
        return False
    return True
