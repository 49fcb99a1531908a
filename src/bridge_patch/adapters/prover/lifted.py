"""What four names mean for symbols: Decimal, int, min and max."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any, Final

import z3

from bridge_patch.adapters.prover.conversions import install, stand_in
from bridge_patch.adapters.prover.explorer import current
from bridge_patch.adapters.prover.symbols import Sym, SymInt, is_number, like, term_of
from bridge_patch.adapters.prover.terms import (
    Term,
    applied,
    constant,
    floor_multiple,
    simple,
)


def _as_decimal(value: object) -> Sym | None:
    return Sym(value.term) if isinstance(value, Sym | SymInt) else None


def _as_whole(value: object) -> SymInt | None:
    if isinstance(value, SymInt):
        return value
    if not isinstance(value, Sym):
        return None
    if current().decide(value.term < 0):
        return SymInt(simple(-floor_multiple(simple(-value.term), constant(1))))
    return SymInt(floor_multiple(value.term, constant(1)))


#: What a smallest or largest was taken of: in any order it is the same term.
_EXTREMES: Final[dict[tuple[str, int], tuple[Term, list[Term]]]] = {}


def _extreme(known: Callable[..., Any], wins: str) -> Callable[..., Any]:
    """Return min or max that does not branch over symbols: the result is a term."""

    def pick(*given: Any, **how: Any) -> Any:
        values = list(given[0]) if len(given) == 1 else list(given)
        if how or not values or not all(is_number(value) for value in values):
            return known(values, **how)
        if not any(isinstance(value, Sym | SymInt) for value in values):
            return known(values)
        return reduce(_winner, values)

    def _winner(first: Any, second: Any) -> Any:
        parts = {part.get_id(): part for one in (first, second) for part in _parts(one)}
        least, *others = (part for _, part in sorted(parts.items()))
        for other in others:
            least = simple(z3.If(applied(wins, least, other), least, other))
        _EXTREMES[(wins, least.get_id())] = (least, [*parts.values()])
        return like(first, second, least)

    def _parts(one: Any) -> list[Term]:
        term = term_of(one)
        return _EXTREMES.get((wins, term.get_id()), (term, [term]))[1]

    return pick


install(
    {
        "Decimal": stand_in(Decimal, _as_decimal),
        "int": stand_in(int, _as_whole, SymInt),
        "min": _extreme(min, "__le__"),
        "max": _extreme(max, "__ge__"),
    }
)
