"""The one arithmetic of every verdict and size, whatever the process has set.

A verdict is a function of its case, a size one of its inputs. Decimal's precision, rounding
and traps belong to the thread, so a library that changes them would change both: they are
fixed here. A number that cannot be computed raises, which refuses; so does a binary
fraction that got in.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Final

_ARITHMETIC: Final = Context(
    prec=28,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[DivisionByZero, FloatOperation, InvalidOperation, Overflow],
)


def exactly() -> AbstractContextManager[Context]:
    """Compute with 28 digits, half to even, in the block that follows."""
    return localcontext(_ARITHMETIC)
