"""Texts that are not known yet: all that can be asked is whether two are equal."""

from __future__ import annotations

from typing import Any, Final, Self

import z3

from bridge_patch.adapters.prover.explorer import current
from bridge_patch.adapters.prover.flags import SymBool
from bridge_patch.adapters.prover.terms import Term, constant, value_of

#: Far from the small numbers that a solver picks for a text of its own.
_FIRST: Final = 1_000
_TEXTS: Final[dict[str, int]] = {}


class SymText(str):
    """A text that is not known yet; all that can be asked is whether it equals another."""

    __slots__ = ("term",)
    term: Term

    def __new__(cls, name: str, term: Term) -> Self:
        made = super().__new__(cls, f"<{name}>")
        made.term = term
        return made

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, str):
            return NotImplemented
        return SymBool(self.term == text_term(other))

    def __ne__(self, other: object) -> Any:
        if not isinstance(other, str):
            return NotImplemented
        return SymBool(self.term != text_term(other))

    def __hash__(self) -> int:
        return hash(self.term)


def text_term(text: str) -> Term:
    """Return a text as a term; different texts are different numbers."""
    if isinstance(text, SymText):
        return text.term
    return constant(_TEXTS.setdefault(text, _FIRST + len(_TEXTS)))


def text_of(term: Term) -> str:
    """Return the text a term is, or one that no other term is."""
    value = value_of(term)
    for text, number in _TEXTS.items():
        if value == number:
            return text
    sign = "MINUS" if value < 0 else ""
    return f"TEXT{sign}{abs(value.numerator)}" + f"BY{value.denominator}" * (
        value != int(value)
    )


class SymNames(tuple[str, ...]):
    """Some names; whether one is among them depends on symbols. Not empty."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return current().decide(z3.Bool(f"{self[0]} has {name}"))
