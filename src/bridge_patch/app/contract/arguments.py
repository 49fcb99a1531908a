"""Any Python value becomes a usable number or word, or the reason why it is none.

Nothing here raises, and no method of a stranger's class is trusted: what it answers is read
through the built-in type it claims to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from enum import StrEnum
from numbers import Real
from typing import Final, TypeAlias, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, parse_symbol
from bridge_patch.governor.limits import NUMBER_MAX

#: Closer to zero than this a number is a denormal or a slip, not an amount.
NUMBER_MIN: Final = Decimal("1E-12")
_BITS_MAX: Final = 64
_TOO_LARGE: Final = Decimal("1E+99")
#: More digits than this are cut off, never rounded up.
_DIGITS: Final = Context(prec=28, rounding=ROUND_DOWN, traps=[])


class Action(StrEnum):
    """What may be asked: an entry on either side, or a reduction."""

    BUY = "BUY"
    SELL = "SELL"
    CLOSE = "CLOSE"


class How(StrEnum):
    """In which way an argument is no usable number."""

    MISSING = "MISSING"
    ZERO = "ZERO"
    NEGATIVE = "NEGATIVE"
    NAN = "NAN"
    INFINITE = "INFINITE"
    INVALID = "INVALID"


@final
@dataclass(frozen=True, slots=True)
class Unusable:
    """What is wrong with an argument; `why` ends a sentence that begins with its name."""

    how: How
    why: str


Number: TypeAlias = Decimal | Unusable


def number(value: object) -> Number:
    """Return a positive number of sane magnitude as it is written, or what is wrong.

    Floats are read by their shortest spelling: 0.1 is one tenth.
    """
    if value is None:
        return Unusable(How.MISSING, "was not given")
    try:
        read = _decimal(value)
        kind = _kind_of(type(value))
    except Exception:  # noqa: BLE001 - whatever it was, it is no number
        return Unusable(How.INVALID, "was an object that cannot be read")
    if read is None:
        return Unusable(How.INVALID, f"was a {kind}")
    return _judged(read)


def symbol(value: object) -> Symbol | Unusable:
    """Return a symbol of the right form; whether it is listed only the venue knows."""
    text = word(value)
    if text is None:
        return Unusable(How.INVALID, "was no text")
    try:
        return parse_symbol(text)
    except InvalidValueError:
        return Unusable(How.INVALID, "was of another form")


def action(value: object) -> Action | Unusable:
    """Return BUY, SELL or CLOSE, spelt exactly so."""
    text = word(value)
    if text is None or text not in tuple(Action):
        return Unusable(How.INVALID, "was another word" if text else "was no text")
    return Action(text)


def word(value: object) -> str | None:
    """Return the plain text of a string, also of a subclass; None for anything else."""
    try:
        return str.__str__(value) if isinstance(value, str) else None
    except Exception:  # noqa: BLE001 - a class may lie about what it is
        return None


def _kind_of(kind: type) -> str:
    """Return the name of a class as it was written; a metaclass may lie about it."""
    name: str = vars(type)["__name__"].__get__(kind)
    return name if name.isidentifier() else "nameless object"


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, int):
        if int.bit_length(value) > _BITS_MAX:
            return _TOO_LARGE if int.__gt__(value, 0) else -_TOO_LARGE
        return Decimal(int.__int__(value))
    if isinstance(value, float):
        return Decimal(float.__repr__(value))
    return Decimal(repr(float(value))) if isinstance(value, Real) else None


def _judged(read: Decimal) -> Number:
    if read.is_nan():
        return Unusable(How.NAN, "was not a number")
    if read.is_infinite():
        return Unusable(How.INFINITE, "was infinite")
    if read.is_zero():
        return Unusable(How.ZERO, "was zero")
    if read.is_signed():
        return Unusable(How.NEGATIVE, "was negative")
    if not NUMBER_MIN <= read <= NUMBER_MAX:
        return Unusable(How.INVALID, "was of no sane magnitude")
    return _DIGITS.plus(read)
