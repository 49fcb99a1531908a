"""Numbers on their way out: every one finite, every digit kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
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
    return looked_through(fields_)


def looked_through(fields_: Mapping[str, object]) -> str:
    """As json_of, for what is known to hold finite decimals and no others."""
    return _NUMBERS.encode(fields_).decode()


def require_finite(value: object) -> None:
    """Refuse a value that holds, however deep, a number that is not a finite decimal.

    >>> require_finite((Decimal(1), (Decimal("NaN"),)))
    Traceback (most recent call last):
    ...
    bridge_patch.domain.errors.InvalidValueError: a number must be finite, was NaN
    """
    kind: Any = type(value)
    look = _look_at(kind)
    if look is not None:
        look(value)


@cache
def _look_at(kind: type[Any]) -> Callable[[Any], None] | None:
    """Return how to look through such a value; None for what holds no figure."""
    if issubclass(kind, Decimal | float):
        return _require_finite_decimal
    if issubclass(kind, tuple | list):
        return _require_each
    if issubclass(kind, Mapping):
        return lambda held: _require_each(held.values())
    if not is_dataclass(kind) or not (names := _figures(kind)):
        return None  # most of what a message says is no figure
    figures_of = attrgetter(*names)
    if len(names) == 1:
        return lambda held: _require_each((figures_of(held),))
    return lambda held: _require_each(figures_of(held))


def _require_each(values: Iterable[Any]) -> None:
    for value in values:
        kind: Any = type(value)
        if value is None or kind is str or (kind is Decimal and value.is_finite()):
            continue
        if (look := _look_at(kind)) is not None:
            look(value)


def _require_finite_decimal(number: Decimal | float) -> None:
    if isinstance(number, float):
        msg = f"a number must be a Decimal, was the float {number}"
        raise InvalidValueError(msg)
    if not number.is_finite():
        msg = f"a number must be finite, was {number}"
        raise InvalidValueError(msg)


@cache
def _figures(kind: type[Any]) -> tuple[str, ...]:
    """Return where in a dataclass a number with a fraction can be; dots lead inwards."""
    hints, found = get_type_hints(kind), list[str]()
    for name in (f.name for f in fields(kind)):
        if is_dataclass(hint := hints[name]) and isinstance(hint, type):
            found += (f"{name}.{inside}" for inside in _figures(hint))
        elif _can_hold(hint):
            found.append(name)
    return tuple(found)


def _can_hold(hint: Any) -> bool:
    hint = getattr(hint, "__supertype__", hint)
    if parts := get_args(hint):
        return any(_can_hold(part) for part in parts)
    if isinstance(hint, type) and is_dataclass(hint):
        return bool(_figures(hint))
    return hint is Decimal or hint is float or hint is object
