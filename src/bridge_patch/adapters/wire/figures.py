"""Numbers on their way out: every one finite, every digit kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final, get_args, get_type_hints

import msgspec

from bridge_patch.domain.errors import InvalidValueError

_NUMBERS: Final = msgspec.json.Encoder(decimal_format="number")


def json_of(fields_: Mapping[str, object]) -> str:
    """Write fields as one JSON object, decimals as JSON numbers, digit for digit.

    >>> json_of({"leverage": Decimal("15.50"), "reason": "é"})
    '{"leverage":15.50,"reason":"é"}'
    """
    require_finite(tuple(fields_.values()))
    return _NUMBERS.encode(fields_).decode()


def require_finite(value: object) -> None:
    """Refuse a value that holds, however deep, a number that is not a finite decimal.

    >>> require_finite((Decimal(1), (Decimal("NaN"),)))
    Traceback (most recent call last):
    ...
    bridge_patch.domain.errors.InvalidValueError: a number must be finite, was NaN
    """
    if isinstance(value, Decimal):
        if not value.is_finite():
            msg = f"a number must be finite, was {value}"
            raise InvalidValueError(msg)
    elif isinstance(value, float):
        msg = f"a number must be a Decimal, was the float {value}"
        raise InvalidValueError(msg)
    elif isinstance(value, tuple | list):
        for item in value:
            require_finite(item)
    elif isinstance(value, Mapping):
        require_finite(tuple(value.values()))
    elif is_dataclass(value):
        kind: Any = type(value)
        for name in _figures(kind):
            require_finite(getattr(value, name))


@cache
def _figures(kind: type[Any]) -> tuple[str, ...]:
    """Return the fields of a dataclass that can hold a number with a fraction."""
    hints = get_type_hints(kind)
    return tuple(f.name for f in fields(kind) if _can_hold(hints[f.name]))


def _can_hold(hint: Any) -> bool:
    hint = getattr(hint, "__supertype__", hint)
    if parts := get_args(hint):
        return any(_can_hold(part) for part in parts)
    if isinstance(hint, type) and is_dataclass(hint):
        return bool(_figures(hint))
    return hint is Decimal or hint is float or hint is object
