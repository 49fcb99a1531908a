"""Just enough of JSON Schema to check ours; a keyword it does not know is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

Check = Callable[[Any, Any, dict[str, Any]], bool]

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, int | float | Decimal) and not isinstance(v, bool),
    "integer": lambda v: TYPES["number"](v) and v == int(v),
}


def number(value: Any) -> bool:
    return TYPES["number"](value)


def same(a: Any, b: Any) -> bool:
    return bool(a == b and isinstance(a, bool) == isinstance(b, bool))


def holds(value: Any, schema: dict[str, Any]) -> bool:
    return not list(breaches(value, schema))


def _then(
    value: Any, branch: dict[str, Any], schema: dict[str, Any], *, when: bool
) -> bool:
    return holds(value, schema["if"]) is not when or holds(value, branch)


KEYWORDS: dict[str, Check] = {
    "type": lambda v, want, _: TYPES[want](v),
    "enum": lambda v, want, _: any(same(v, each) for each in want),
    "const": lambda v, want, _: same(v, want),
    "minimum": lambda v, want, _: not number(v) or v >= want,
    "maximum": lambda v, want, _: not number(v) or v <= want,
    "exclusiveMinimum": lambda v, want, _: not number(v) or v > want,
    "exclusiveMaximum": lambda v, want, _: not number(v) or v < want,
    "minLength": lambda v, want, _: not isinstance(v, str) or len(v) >= want,
    "maxLength": lambda v, want, _: not isinstance(v, str) or len(v) <= want,
    "pattern": lambda v, want, _: not isinstance(v, str) or bool(re.search(want, v)),
    "required": lambda v, want, _: not isinstance(v, dict) or set(want) <= set(v),
    "maxProperties": lambda v, want, _: not isinstance(v, dict) or len(v) <= want,
    "allOf": lambda v, want, _: all(holds(v, each) for each in want),
    "anyOf": lambda v, want, _: any(holds(v, each) for each in want),
    "oneOf": lambda v, want, _: sum(holds(v, each) for each in want) == 1,
    "not": lambda v, want, _: not holds(v, want),
    "if": lambda _v, _want, _: True,
    "then": lambda v, want, whole: _then(v, want, whole, when=True),
    "else": lambda v, want, whole: _then(v, want, whole, when=False),
    "items": lambda v, want, _: not isinstance(v, list) or all(holds(i, want) for i in v),
    "properties": lambda v, want, _: (
        not isinstance(v, dict)
        or all(holds(v[name], form) for name, form in want.items() if name in v)
    ),
}
#: What only informs.
NOTES = {
    "$schema",
    "title",
    "description",
    "format",
    "default",
    "contentEncoding",
}


def breaches(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Yield every keyword that the value breaks, with the fields it breaks them in."""
    for keyword, want in schema.items():
        if keyword in NOTES:
            continue
        if keyword not in KEYWORDS:
            msg = f"the checker does not know {keyword!r}"
            raise NotImplementedError(msg)
        if not KEYWORDS[keyword](value, want, schema):
            yield f"{keyword}: {_broken(value, keyword, want)}"


def _broken(value: Any, keyword: str, want: Any) -> Any:
    if keyword == "properties":
        return [
            name for name in want if name in value and not holds(value[name], want[name])
        ]
    return want
