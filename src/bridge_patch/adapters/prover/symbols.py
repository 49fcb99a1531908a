"""Numbers that are not known yet, and behave like those that are.

A `Sym` is a Decimal to every `isinstance`. What has no meaning on a symbol raises and is
not guessed: the Decimal underneath is a signalling NaN.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal, DivisionByZero
from typing import Any, Self, TypeGuard

import z3

from bridge_patch.adapters.prover.explorer import NotExecutableError, current
from bridge_patch.adapters.prover.flags import SymBool, shown_term
from bridge_patch.adapters.prover.terms import (
    Term,
    applied,
    constant,
    floor_multiple,
    quotient,
    simple,
)


def is_number(value: object) -> TypeGuard[Decimal | int | Sym | SymInt]:
    """Tell whether a value can stand in arithmetic; a flag cannot."""
    return type(value) is int or isinstance(value, Decimal | SymInt)


def term_of(value: object) -> Term:
    """Return a number, known or not, as a term."""
    if isinstance(value, Sym | SymInt):
        return value.term
    if is_number(value):
        return constant(value)
    msg = f"{value!r} is no number"
    raise NotExecutableError(msg)


def _compared(name: str) -> Any:
    def compare(self: Any, other: object) -> Any:
        if not is_number(other):
            return NotImplemented
        answer = applied(name, self.term, term_of(other))
        if z3.is_true(answer) or z3.is_false(answer):
            return bool(z3.is_true(answer))
        return SymBool(answer)

    return compare


def _computed(name: str, *, reflected: bool = False) -> Any:
    def compute(self: Any, other: object) -> Any:
        if not is_number(other):
            return NotImplemented
        first, second = self.term, term_of(other)
        if reflected:
            first, second = second, first
        return like(self, other, applied(name, first, second))

    return compute


def like(first: object, second: object, term: Term) -> Any:
    """Return a number of the kind that arithmetic on these two gives."""
    if isinstance(first, Decimal) or isinstance(second, Decimal):
        return Sym(term)
    return SymInt(term)


def _divided(above: Term, below: Term) -> Term:
    if current().decide(below == 0):
        raise DivisionByZero
    return quotient(above, below)


class _Arithmetic:
    """What whole numbers and Decimals have in common."""

    term: Term

    __lt__, __le__ = _compared("__lt__"), _compared("__le__")
    __gt__, __ge__ = _compared("__gt__"), _compared("__ge__")
    __eq__, __ne__ = _compared("__eq__"), _compared("__ne__")
    __add__, __radd__ = _computed("__add__"), _computed("__add__", reflected=True)
    __sub__, __rsub__ = _computed("__sub__"), _computed("__sub__", reflected=True)
    __mul__, __rmul__ = _computed("__mul__"), _computed("__mul__", reflected=True)

    def __neg__(self) -> Any:
        return like(self, 0, simple(-self.term))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    def __bool__(self) -> bool:
        return current().decide(self.term != 0)

    def __hash__(self) -> int:
        return hash(self.term)

    def __repr__(self) -> str:
        return shown_term(self.term)

    __str__ = __repr__

    def __format__(self, spec: str, _: Any = None, /) -> str:
        return repr(self)


class SymInt(_Arithmetic):
    """A whole number that is not known yet; divided as Python divides, towards less.

    No subclass of int: Decimal would compute with what an int keeps underneath.
    """

    __slots__ = ("term",)

    def __init__(self, term: Term) -> None:
        self.term = term

    def __floordiv__(self, other: object) -> Any:
        if type(other) not in (int, SymInt):
            return NotImplemented
        return SymInt(floor_multiple(_divided(self.term, term_of(other)), constant(1)))

    def __rfloordiv__(self, other: object) -> Any:
        return SymInt(term_of(other)) // self if type(other) is int else NotImplemented

    def __index__(self) -> int:
        msg = "a whole number was needed where only a symbol is known"
        raise NotExecutableError(msg)

    __int__ = __index__


class Sym(_Arithmetic, Decimal):
    """A finite Decimal that is not known yet, and as exact as a real number."""

    term: Term
    #: Set on a quotient cut to a whole number: what was cut, and to multiples of what.
    cut: tuple[Term, Term] | None

    def __new__(cls, term: Term) -> Self:
        made = super().__new__(cls, "sNaN")
        made.term, made.cut = term, None
        return made

    def __init__(self, term: Term) -> None:
        pass

    def __mul__(self, other: object) -> Any:
        if not is_number(other):
            return NotImplemented
        by = term_of(other)
        if self.cut is not None and self.cut[1].eq(by):
            return Sym(floor_multiple(*self.cut))
        return Sym(applied("__mul__", self.term, by))

    def __truediv__(self, other: object) -> Any:
        return (
            Sym(_divided(self.term, term_of(other))) if is_number(other) else NotImplemented
        )

    def __rtruediv__(self, other: object) -> Any:
        return (
            Sym(_divided(term_of(other), self.term)) if is_number(other) else NotImplemented
        )

    def __floordiv__(self, other: object) -> Any:
        if not is_number(other):
            return NotImplemented
        return _whole_quotient(self.term, term_of(other))

    def __rfloordiv__(self, other: object) -> Any:
        return (
            _whole_quotient(term_of(other), self.term)
            if is_number(other)
            else NotImplemented
        )

    def __int__(self) -> int:
        msg = "a whole number was needed where only a symbol is known"
        raise NotExecutableError(msg)

    def __reduce__(self) -> Any:
        msg = "a symbol cannot be copied"
        raise NotExecutableError(msg)

    def is_finite(self) -> bool:
        return True

    def is_nan(self) -> bool:
        return False

    def adjusted(self) -> int:
        return 0  # only asked how wide a number is shown

    def quantize(self, exp: Any, rounding: Any = None, _: Any = None) -> Any:
        if rounding not in (ROUND_FLOOR, ROUND_DOWN):
            msg = "only rounding down is known"
            raise NotExecutableError(msg)
        if rounding == ROUND_DOWN and self < 0:
            return -((-self) // exp * exp)
        return Sym(floor_multiple(self.term, term_of(exp)))


def _whole_quotient(above: Term, below: Term) -> Sym:
    """Cut a quotient towards zero, as Decimal does."""
    share = _divided(above, below)
    if current().decide(share < 0):
        return Sym(simple(-floor_multiple(simple(-share), constant(1))))
    if not current().decide(below > 0):
        return Sym(floor_multiple(share, constant(1)))
    made = Sym(quotient(floor_multiple(above, below), below))
    made.cut = (above, below)
    return made
