"""Any Python object as the tree its JSON would be, asking none of its own methods."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Final, cast

from bridge_patch.adapters.wire.faults import FAULTS_MAX, FaultCode, named
from bridge_patch.adapters.wire.tree import (
    DEPTH_MAX,
    NODES_MAX,
    TOO_DEEP,
    Odd,
    Tree,
    flaws,
    number,
)

#: Beyond this many bits a whole number is out of every range, and slow to write down.
_BITS_MAX: Final = 128


def from_python(value: object) -> tuple[Tree, tuple[str, ...]]:
    """Read a Python object; return its tree, and what JSON could not carry of it.

    >>> from_python({"leverage": float("nan")})[1]
    ('NOT_FINITE leverage: a number must be finite, was nan',)
    """
    tree = _Reader().read(value, DEPTH_MAX)
    return tree, tuple(islice(flaws(tree), FAULTS_MAX + 1))


class _Reader:
    """Counts what it has read: an object that holds itself has no end."""

    def __init__(self) -> None:
        self._left = NODES_MAX

    def read(self, value: object, levels: int) -> Tree:
        self._left -= 1
        kind = type(value)
        if self._left < 0:
            return Odd("more", FaultCode.TOO_LARGE)
        if value is None or value is True or value is False:
            return value
        if issubclass(kind, str):
            return str.__str__(cast("str", value))
        if issubclass(kind, dict | list | tuple):
            return self._inside(value, levels) if levels else TOO_DEEP
        return _number(value)

    def _inside(self, value: object, levels: int) -> Tree:
        if issubclass(type(value), list):
            return self._list(list.__iter__(cast("list[object]", value)), levels)
        if issubclass(type(value), tuple):
            return self._list(tuple.__iter__(cast("tuple[object, ...]", value)), levels)
        made: dict[str, Tree] = {}
        for key, item in dict.items(cast("dict[object, object]", value)):
            if not issubclass(type(key), str):
                return Odd("an object with a name that is no text", FaultCode.WRONG_TYPE)
            made[str.__str__(cast("str", key))] = self.read(item, levels - 1)
            if self._left < 0:
                break
        return made

    def _list(self, items: Iterable[object], levels: int) -> Tree:
        made: list[Tree] = []
        for item in items:
            made.append(self.read(item, levels - 1))
            if self._left < 0:
                break
        return made


def _number(value: object) -> Tree:
    kind = type(value)
    if issubclass(kind, int):
        return _whole(int.__index__(cast("int", value)))
    if issubclass(kind, float):
        inexact = float.__float__(cast("float", value))
        text = float.__repr__(inexact)
        return number(text) if math.isfinite(inexact) else Odd(text, FaultCode.NOT_FINITE)
    if issubclass(kind, Decimal):
        exact = cast("Decimal", value)
        if Decimal.is_finite(exact):
            return number(Decimal.__str__(exact))
        return Odd("a Decimal that is not", FaultCode.NOT_FINITE)
    name = str(type.__dict__["__name__"].__get__(kind))
    return Odd(f"a Python {named(name)}", FaultCode.WRONG_TYPE)


def _whole(value: int) -> Tree:
    bits = value.bit_length()
    if bits > _BITS_MAX:
        return Odd(f"a whole number of {bits} bits", FaultCode.OUT_OF_RANGE)
    return number(str(value))
