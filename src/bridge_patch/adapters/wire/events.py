"""Journal events as bytes: a kind and compact JSON, figures kept digit for digit."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Final, get_args

import msgspec

from bridge_patch.adapters.wire.figures import require_finite
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Event

EVENT_KINDS: Final = MappingProxyType({kind.__name__: kind for kind in get_args(Event)})

_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")


def encode_event(event: Event) -> tuple[str, bytes]:
    """Return an event's kind and its body: fields in declared order, decimals as texts.

    Decimals keep the digits they were written with, so that a case read back is judged to
    the same words: the same event always gives the same bytes, and 1.0 is not 1.00.
    """
    require_finite(event)
    return type(event).__name__, _ENCODER.encode(event)


def decode_event(kind: str, body: bytes) -> Event:
    """Return the event that was encoded, or raise InvalidValueError."""
    if kind not in EVENT_KINDS:
        msg = (
            f"event kind {kind[:64]!r} is not known: the journal is newer than this program"
        )
        raise InvalidValueError(msg)
    try:
        event = _decoder(kind).decode(body)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeError) as e:
        msg = f"{kind} in the journal cannot be read: {str(e)[:200]!a}"
        raise InvalidValueError(msg) from e
    require_finite(event)
    return event


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(EVENT_KINDS[kind])
