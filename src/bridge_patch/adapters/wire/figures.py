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
    if value is None or isinstance(value, str | int):
        return  # most of what a message says is no figure
    kind: Any = type(value)
    figures = _figures_of(kind)
    if figures is not None:
        for name in figures:
            held = getattr(value, name)
            if held is not None and (type(held) is not Decimal or not held.is_finite()):
                require_finite(held)
    elif isinstance(value, Decimal | float):
        _require_finite_decimal(value)
    elif isinstance(value, tuple | list):
        for item in value:
            if not isinstance(item, str):
                require_finite(item)
    elif isinstance(value, Mapping):
        require_finite(tuple(value.values()))


def _require_finite_decimal(number: Decimal | float) -> None:
    if isinstance(number, float):
        msg = f"a number must be a Decimal, was the float {number}"
        raise InvalidValueError(msg)
    if not number.is_finite():
        msg = f"a number must be finite, was {number}"
        raise InvalidValueError(msg)


@cache
def _figures_of(kind: type[Any]) -> tuple[str, ...] | None:
    """As `_figures`; None for what is no dataclass."""
    return _figures(kind) if is_dataclass(kind) else None


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
