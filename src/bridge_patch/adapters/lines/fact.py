"""A fact: an event name and fields, every text in them fit for a line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeAlias, final

import msgspec

from bridge_patch.adapters.lines.text import are_words, clean, word
from bridge_patch.domain.events import Verdict

Value: TypeAlias = str | Decimal | int | tuple[str, ...] | None

_WORDS: Final = frozenset({"symbol", "intent", "order", "entry", "run", "trade", "intents"})
_TEXTS_MAX: Final = 8
_TEXTS: Final = (str, tuple)


@final
class Fact(msgspec.Struct, frozen=True):
    """An event name and its fields; every text in them is already fit for a line."""

    name: str
    fields: Mapping[str, Value]


def fact(name: str, /, **fields: Value) -> Fact:
    """Clean every text; a field that does not exist (None) is left out."""
    return Fact(
        name,
        {
            key: _cleaned(key, value) if isinstance(value, _TEXTS) else value
            for key, value in fields.items()
            if value is not None
        },
    )


def _cleaned(key: str, value: str | tuple[str, ...]) -> Value:
    make = word if key in _WORDS else clean
    if isinstance(value, tuple):
        if key in _WORDS and are_words(value):
            return value
        kept = value if key in _WORDS else value[:_TEXTS_MAX]
        return tuple([make(text) for text in kept])
    if type(value) is Verdict:
        return str(value)  # our own word, and the one place where it belongs
    return make(value)
