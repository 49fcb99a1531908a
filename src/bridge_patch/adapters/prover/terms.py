"""What a symbol stands for: real arithmetic, with quotients and roundings by definition.

A quotient or a rounding is a fresh variable and the law that defines it. The same quotient
is the same variable, whichever run asked for it. Whole numbers are read as reals: what
holds for every real holds for every whole number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, TypeAlias

import z3

#: z3 ships no types; these names say what is meant.
Term: TypeAlias = Any
Formula: TypeAlias = Any

_MADE: Final[dict[tuple[str, int, int], Term]] = {}
_SIMPLE: Final[dict[int, Term]] = {}
_APPLIED: Final[dict[tuple[str, int, int], Term]] = {}
_KEPT: Final[list[Term]] = []
_LAWS: Final[dict[str, Formula]] = {}
#: A rounding: what was rounded, to multiples of what, and the result.
_Floor: TypeAlias = tuple[Term, Term, Term]
_FLOORS: Final[dict[str, _Floor]] = {}
_PAIRS: Final[dict[tuple[str, str], list[Formula]]] = {}
_NAMES: Final[dict[int, frozenset[str]]] = {}


@lru_cache(maxsize=4096)
def constant(value: Decimal | int | Fraction) -> Term:
    """Return an exact number as a term."""
    number = Fraction(value)
    return z3.RatVal(number.numerator, number.denominator)


def is_constant(term: Term) -> bool:
    """Tell whether a term is a number already."""
    return bool(z3.is_rational_value(term))


def value_of(term: Term) -> Fraction:
    """Return the number a constant term is; a root is cut to twenty places."""
    if z3.is_algebraic_value(term):
        term = term.approx(20)
    return Fraction(term.numerator_as_long(), term.denominator_as_long())


def simple(term: Term) -> Term:
    """Return the term in z3's own normal form."""
    found = _SIMPLE.get(term.get_id())
    if found is None:
        found = z3.simplify(term)
        _KEPT.append(term)
        _SIMPLE[term.get_id()] = found
        _SIMPLE[found.get_id()] = found
    return found


def applied(operator: str, first: Term, second: Term) -> Term:
    """Return `first operator second`, simplified; the same ones are asked often."""
    key = (operator, first.get_id(), second.get_id())
    found = _APPLIED.get(key)
    if found is None:
        _KEPT.extend((first, second))
        found = _APPLIED[key] = simple(getattr(first, operator)(second))
    return found


def quotient(above: Term, below: Term) -> Term:
    """Return above / below, for a path on which below is not zero."""
    if is_constant(below):
        return applied("__truediv__", above, below)
    made, new = _defined("quotient", above, below)
    if new:
        _LAWS[str(made)] = z3.Or(below == 0, made * below == above)
    return made


def floor_multiple(value: Term, quantum: Term) -> Term:
    """Return the largest multiple of a positive quantum that is not above the value.

    It is no more than the value and less than a quantum below it; `_between` says how two
    roundings to the same quantum stand to each other. That these laws follow from whole
    multiples is itself a theorem (`rounding`).
    """
    if is_constant(value) and is_constant(quantum) and value_of(quantum) > 0:
        times = value_of(value) // value_of(quantum)
        return constant(times * value_of(quantum))
    made, new = _defined("floor", value, quantum)
    if new:
        within = z3.And(made <= value, value < made + quantum)
        _LAWS[str(made)] = z3.Or(quantum <= 0, within)
        _FLOORS[str(made)] = (value, quantum, made)
    return made


def _defined(kind: str, first: Term, second: Term) -> tuple[Term, bool]:
    key = (kind, first.get_id(), second.get_id())
    known = _MADE.get(key)
    if known is not None:
        return known, False
    _KEPT.extend((first, second))  # an id is reused once its term is gone
    _MADE[key] = z3.Real(f"{kind}!{len(_MADE)}")
    return _MADE[key], True


def names_in(term: Term) -> frozenset[str]:
    """Return the variables of a term."""
    found = _NAMES.get(term.get_id())
    if found is None:
        if term.num_args() == 0:
            named = term.decl().kind() == z3.Z3_OP_UNINTERPRETED
            found = frozenset([str(term)]) if named else frozenset()
        else:
            found = frozenset().union(*(names_in(child) for child in term.children()))
        _KEPT.append(term)
        _NAMES[term.get_id()] = found
    return found


def laws_for(formulas: Iterable[Formula]) -> tuple[list[Formula], frozenset[str]]:
    """Return the laws of every quotient and rounding, and all variables in play."""
    names: set[str] = set()
    waiting = {name for formula in formulas for name in names_in(formula)}
    laws: list[Formula] = []
    while waiting:
        name = waiting.pop()
        names.add(name)
        law = _LAWS.get(name)
        if law is not None:
            laws.append(law)
            waiting |= names_in(law) - names
    laws.extend(_between([name for name in sorted(names) if name in _FLOORS]))
    return laws, frozenset(names)


def _between(names: Iterable[str]) -> Iterator[Formula]:
    """Yield how multiples of one quantum stand to zero and to each other's values."""
    for name in names:
        for other in names:
            pair = (name, other)
            if pair not in _PAIRS:
                _PAIRS[pair] = list(_pair(_FLOORS[name], _FLOORS[other]))
            yield from _PAIRS[pair]


def _pair(one: _Floor, other: _Floor) -> Iterator[Formula]:
    value, quantum, floor = one
    if not other[1].eq(quantum):
        return
    if other[2].eq(floor):
        yield z3.Or(quantum <= 0, floor == 0, floor >= quantum, floor <= -quantum)
    else:
        yield from rounding_laws(value, quantum, floor, other[2])


def rounding_laws(
    value: Term, quantum: Term, floor: Term, multiple: Term
) -> Iterator[Formula]:
    """Yield: a multiple fits under a value if and only if it fits under its rounding."""
    yield z3.Or(quantum <= 0, multiple > value, multiple <= floor)
    yield z3.Or(quantum <= 0, multiple <= value, multiple >= floor + quantum)
