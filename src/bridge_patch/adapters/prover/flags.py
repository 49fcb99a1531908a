"""A yes or no that depends on symbols: asking it is a branch."""

from __future__ import annotations

from typing import Any, Final

import z3

from bridge_patch.adapters.prover.explorer import NotExecutableError, current
from bridge_patch.adapters.prover.terms import Formula, Term

_SHOWN_MAX: Final = 60


class SymBool:
    """A yes or no that depends on symbols."""

    __slots__ = ("term",)

    def __init__(self, term: Formula) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return current().decide(self.term)

    def __and__(self, other: object) -> SymBool:
        return SymBool(z3.And(self.term, truth(other)))

    __rand__ = __and__

    def __or__(self, other: object) -> SymBool:
        return SymBool(z3.Or(self.term, truth(other)))

    __ror__ = __or__

    def __invert__(self) -> SymBool:
        return SymBool(z3.Not(self.term))

    def __eq__(self, other: object) -> Any:
        return SymBool(self.term == truth(other))

    def __hash__(self) -> int:
        return hash(self.term)

    def __repr__(self) -> str:
        return shown_term(self.term)


def truth(value: object) -> Formula:
    """Return a yes or no as a formula."""
    if isinstance(value, SymBool):
        return value.term
    if type(value) is bool:
        return z3.BoolVal(value)
    msg = f"{value!r} is no yes or no"
    raise NotExecutableError(msg)


def shown_term(term: Term) -> str:
    """Return a term in one short line."""
    text = " ".join(str(term).split())
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
