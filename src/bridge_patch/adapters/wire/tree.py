"""JSON text as a tree of exact values. Nothing here raises, whatever the text.

A number is a `Decimal` made from its digits. What cannot be carried (NaN, 1e400, an object)
becomes an `Odd`, so that whoever reads the field can name it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from itertools import islice
from typing import Final, TypeAlias, final

from bridge_patch.adapters.wire.faults import FAULTS_MAX, FaultCode, fault, named, quoted

PAYLOAD_BYTES_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 32
#: Digits a number may be written with, and the power of ten its first digit may stand at.
#: Small enough for exact arithmetic, large enough for every double below 1e31.
DIGITS_MAX: Final = 40
POWER_MIN: Final = -330
POWER_MAX: Final = 30

#: Values a Python object may hold before we stop looking.
NODES_MAX: Final = 100_000
_ZERO: Final = Decimal(0)


@final
@dataclass(frozen=True, slots=True)
class Odd:
    """A value that cannot be carried, in words, and which fault it is."""

    found: str
    code: FaultCode


class Repeated(dict[str, "Tree"]):
    """A JSON object in which a name was stated more than once."""

    __slots__ = ("names",)
    names: tuple[str, ...]


Tree: TypeAlias = "bool | str | Decimal | Odd | list[Tree] | dict[str, Tree] | None"

TOO_DEEP: Final = Odd(f"more than {DEPTH_MAX} levels", FaultCode.TOO_LARGE)


def parse(text: str) -> tuple[Tree, tuple[str, ...]]:
    """Read JSON text; return the tree, and what is wrong with it as JSON."""
    if len(text) > PAYLOAD_BYTES_MAX or _bytes_of(text) > PAYLOAD_BYTES_MAX:
        expected = f"must be at most {PAYLOAD_BYTES_MAX} bytes"
        return None, (
            fault(FaultCode.TOO_LARGE, "payload", expected, f"{_bytes_of(text)} bytes"),
        )
    if not _is_clean(text):
        found = "bytes that are none"
        return None, (fault(FaultCode.NOT_JSON, "payload", "must be UTF-8", found),)
    try:
        tree: Tree = _DECODER.decode(text)
    except RecursionError:
        return None, (_deep("payload"),)
    except json.JSONDecodeError as e:
        expected, found = "must be a JSON object", f"{quoted(text)}: {e.msg} at {e.pos}"
        return None, (fault(FaultCode.NOT_JSON, "payload", expected, found),)
    return tree, tuple(islice(flaws(tree), FAULTS_MAX + 1))


def shown(tree: Tree) -> str:
    r"""Say what a value is, in a few safe words.

    >>> shown("a\n"), shown(None), shown([]), shown(Decimal("1.50"))
    ('the text "a\\n"', 'null', 'a list', '1.50')
    """
    if isinstance(tree, str):
        return f"the text {quoted(tree)}"
    if isinstance(tree, Odd):
        return tree.found
    if isinstance(tree, Decimal):
        return str(tree)
    if tree is None or isinstance(tree, bool):
        return json.dumps(tree)
    return "a list" if isinstance(tree, list) else "an object"


def canonical(tree: Tree) -> str:
    """Write a tree so that equal content gives equal text: names sorted, numbers plain.

    >>> canonical({"b": Decimal("1.50"), "a": [True, None]})
    '{"a":[true,null],"b":1.5}'
    """
    match tree:
        case dict():
            pairs = (f"{json.dumps(k)}:{canonical(tree[k])}" for k in sorted(tree))
            return "{" + ",".join(pairs) + "}"
        case list():
            return "[" + ",".join(canonical(item) for item in tree) + "]"
        case Decimal():
            return (
                f"{tree:f}".rstrip("0").rstrip(".") if "." in f"{tree:f}" else f"{tree:f}"
            )
        case Odd(found):
            return found
        case _:
            return json.dumps(tree)


def number(text: str) -> Decimal | Odd:
    """Read a number from its digits, exactly, or say why not."""
    if len(text) <= DIGITS_MAX + 8:
        try:
            value = Decimal(text)
        except DecimalException:
            value = Decimal("NaN")
        if value == 0:
            return _ZERO
        if value.is_finite() and POWER_MIN <= value.adjusted() <= POWER_MAX:
            return value
    found = f"{text[:16]}… ({len(text)} digits)" if len(text) > 24 else text  # noqa: PLR2004
    return Odd(found, FaultCode.OUT_OF_RANGE)


def _not_finite(text: str) -> Odd:
    return Odd(text, FaultCode.NOT_FINITE)


def _object(pairs: list[tuple[str, Tree]]) -> dict[str, Tree]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeated = Repeated(made)
    counts = Counter(name for name, _ in pairs)
    repeated.names = tuple(sorted(name for name, count in counts.items() if count > 1))
    return repeated


_DECODER: Final = json.JSONDecoder(
    parse_float=number,
    parse_int=number,
    parse_constant=_not_finite,
    object_pairs_hook=_object,
)


def _is_clean(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _deep(where: str) -> str:
    expected = f"must be nested at most {DEPTH_MAX} levels"
    return fault(FaultCode.TOO_LARGE, where, expected, "deeper")


def flaws(tree: Tree) -> Iterator[str]:
    """Name every NaN, repeated name and excess of depth, wherever it stands."""
    todo: list[tuple[str, Tree, int]] = [("", tree, 1)]
    while todo:
        where, here, depth = todo.pop()
        if depth > DEPTH_MAX:
            yield _deep(where)
            continue
        if isinstance(here, Repeated):
            for name in here.names:
                expected = "must be stated once"
                yield fault(FaultCode.STATED_TWICE, _inside(where, name), expected, "twice")
        for key, value in _children(where, here):
            if isinstance(value, Odd):
                yield from _odd_flaw(key, value)
            else:
                todo.append((key, value, depth + 1))


def _children(where: str, here: Tree) -> Iterator[tuple[str, Tree]]:
    if isinstance(here, dict):
        for name, value in here.items():
            if isinstance(value, dict | list | Odd):
                yield _inside(where, name), value
    elif isinstance(here, list):
        for index, value in enumerate(here):
            if isinstance(value, dict | list | Odd):
                yield f"{where}[{index}]", value


def _inside(where: str, name: str) -> str:
    return f"{where}.{named(name)}" if where else named(name)


def _odd_flaw(where: str, odd: Odd) -> Iterator[str]:
    if odd is TOO_DEEP:
        yield _deep(where)
    elif odd.code is not FaultCode.OUT_OF_RANGE:  # that one is its field's business
        expected = {
            FaultCode.NOT_FINITE: "a number must be finite",
            FaultCode.TOO_LARGE: f"must hold at most {NODES_MAX} values",
        }.get(odd.code, "must be a JSON value")
        yield fault(odd.code, where, expected, odd.found)
