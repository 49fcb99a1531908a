"""Spellings that look like the reduce flag and are not it.

An exit whose flag is misspelt would be read as an entry, so such a name on BUY or SELL is a
fault and not an unknown field.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

REDUCE_FLAG: Final = "reduce_only"

_SHAPE: Final = "reduceonly"
_OTHER_SHAPES: Final = frozenset(
    {
        "closeonly",
        "closeposition",
        "exitonly",
        "isclose",
        "isexit",
        "isreduce",
        "isreducing",
        "onlyclose",
        "onlyreduce",
        "reduce",
        "reducing",
    }
)
_SLIPS_MAX: Final = 2
_LENGTH_MAX: Final = 64


@lru_cache(maxsize=4096)
def is_misspelt_reduce_flag(name: str) -> bool:
    """Tell whether a field's name was probably meant to be the reduce flag.

    >>> [n for n in ("reduceOnly", "reduec_only", "is_reduce", "read_only", "reduce_only")
    ...  if is_misspelt_reduce_flag(n)]
    ['reduceOnly', 'reduec_only', 'is_reduce']
    """
    if name == REDUCE_FLAG or len(name) > _LENGTH_MAX:
        return False
    letters = unicodedata.normalize("NFKC", name).casefold()
    shape = "".join(letter for letter in letters if letter.isalnum())
    return (
        shape in _OTHER_SHAPES
        or _SHAPE in shape
        or (abs(len(shape) - len(_SHAPE)) <= _SLIPS_MAX and _slips(shape) <= _SLIPS_MAX)
    )


def _slips(shape: str) -> int:
    """Count the letters to insert, drop or change to get the flag's own shape."""
    row = list(range(len(_SHAPE) + 1))
    for left, letter in enumerate(shape, 1):
        diagonal, row[0] = row[0], left
        for right, wanted in enumerate(_SHAPE, 1):
            change = diagonal + (letter != wanted)
            diagonal = row[right]
            row[right] = min(change, row[right] + 1, row[right - 1] + 1)
    return row[-1]
