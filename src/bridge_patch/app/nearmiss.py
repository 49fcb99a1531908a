"""Tells a misspelt name of ours from a name that is none of our business."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import Final

#: From this length on, two slips of the pen are still the same name.
_LONG: Final = 12
_WORDS_MIN: Final = 3
#: What a name may end in to say its unit, by what is measured. MIN is minutes, but for our
#: own names, where it is a bound.
_UNITS: Final = MappingProxyType(
    {
        unit: kind
        for kind, units in {
            "time": "MS MILLIS MILLISECONDS S SEC SECS SECONDS MIN MINS MINUTES HOURS",
            "share": "PCT PERCENT PERCENTAGE FRACTION RATIO BP BPS",
            "money": "USD USDT USDC DOLLARS",
        }.items()
        for unit in units.split()
    }
)
#: Other words for a bound.
_BOUNDS: Final = MappingProxyType(
    {
        **dict.fromkeys(("LIMIT", "CAP", "CEILING", "MAXIMUM"), "MAX"),
        **dict.fromkeys(("FLOOR", "MINIMUM"), "MIN"),
    }
)


def near_miss(name: str, known: Collection[str]) -> str | None:
    """Return the known name that `name` was probably meant to be, or None.

    Near is: the same letters but for case and underscores; the same words in another
    order, also with another unit or another word for the bound; one wrong, missing, extra
    or swapped letter (two in a long name); or a long name with one of its words missing or
    one too many. Paths (`…_DIR`) and an exchange's keys are too alike elsewhere for that
    last test.

    >>> near_miss("MAX_POSITON_USD", ["MAX_POSITION_USD"])
    'MAX_POSITION_USD'
    >>> near_miss("DATA_DIR", ["MARKET_DATA_DIR"]) is None
    True
    >>> near_miss("DAILY_LOSS_LIMIT_PERCENT", ["DAILY_LOSS_MAX_PCT"])
    'DAILY_LOSS_MAX_PCT'
    """
    if name in known:
        return None
    for other in known:
        if _letters(name) == _letters(other) or _words(name) == _words(other):
            return other
    upper = name.upper()
    if measure := _in_another_unit(upper, known):
        return measure
    slips = ((_slips(upper, other), other) for other in known)
    best = min((s for s in slips if s[0] <= _allowed(s[1])), default=None)
    if best:
        return best[1]
    return next((other for other in known if _one_word_off(upper, other)), None)


def _allowed(known: str) -> int:
    return 2 if len(known) >= _LONG else 1


def _letters(name: str) -> str:
    return "".join(c for c in name.upper() if c.isalnum())


def _words(name: str) -> list[str]:
    """Return the words of a name whatever their order: LEVERAGE_MAX is MAX_LEVERAGE."""
    return sorted(name.upper().split("_"))


def _in_another_unit(name: str, known: Collection[str]) -> str | None:
    """Return the known name that differs in its unit, the likeliest of several."""
    words, kind = _measured(name)
    same = [
        (last == "MIN" or _UNITS.get(last, "") != kind, other)
        for other, last in ((other, other.rpartition("_")[2]) for other in known)
        if words in (_measured(other)[0], _bounds(other.split("_")))
    ]
    return min(same)[1] if words and same else None


def _measured(name: str) -> tuple[list[str], str]:
    """Return the words of a name without its unit, and what kind of unit that was."""
    *words, last = name.split("_")
    kind = _UNITS.get(last, "")
    return _bounds(words if kind else [*words, last]), kind


def _bounds(words: Sequence[str]) -> list[str]:
    return sorted(_BOUNDS.get(word, word) for word in words)


def _slips(a: str, b: str) -> int:
    """Count the wrong, missing, extra and swapped letters between two words."""
    if abs(len(a) - len(b)) > _allowed(b):
        return _LONG
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]


def _one_word_off(name: str, known: str) -> bool:
    if known.endswith(("_DIR", "_API_KEY", "_API_SECRET")):
        return False
    long, short = sorted((known.split("_"), name.split("_")), key=len, reverse=True)
    if len(known.split("_")) < _WORDS_MIN or len(long) != len(short) + 1:
        return False
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
