"""`Decimal(n)`, `int(x)`, `min` and `max` of symbols: what no class can answer by itself.

While a function runs on symbols, these four names mean the same as ever in the modules
whose functions are executed, and keep a symbol a symbol.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

#: Where the executed functions live; what else they call is Python's own.
ROOMS: Final = ("bridge_patch.domain.", "bridge_patch.governor.")
_ABSENT: Final = object()


class _Stands(type):
    """What is an instance of the real type is an instance of what stands for it."""

    real: type
    also: tuple[type, ...]
    lifted: Callable[[object], Any]

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, (cls.real, *cls.also))

    def __call__(cls, *given: Any) -> Any:
        made = cls.lifted(given[0]) if given else None
        return cls.real(*given) if made is None else made


def stand_in(real: type, lifted: Callable[[object], Any], *also: type) -> type:
    """Return a name for a type that lifts symbols and converts everything else.

    What is an instance of `also` is an instance of it too.
    """
    space = {"real": real, "also": also, "lifted": staticmethod(lifted)}
    return _Stands(real.__name__, (), space)


_NAMES: Final[dict[str, Any]] = {}


def install(names: Mapping[str, Any]) -> None:
    """Say what stands for which name; the module that defines the symbols does."""
    _NAMES.update(names)


def _modules() -> Iterator[ModuleType]:
    for name, module in sorted(sys.modules.items()):
        if name.startswith(ROOMS):
            yield module


@contextmanager
def conversions() -> Iterator[None]:
    """Let the names stand for symbols too in the block that follows."""
    before: list[tuple[dict[str, Any], str, object]] = []
    for module in _modules():
        space = vars(module)
        before.extend((space, name, space.get(name, _ABSENT)) for name in _NAMES)
        space.update(_NAMES)
    try:
        yield
    finally:
        for space, name, value in reversed(before):
            if value is _ABSENT:
                del space[name]
            else:
                space[name] = value
