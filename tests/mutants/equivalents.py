"""The mutants that no test can notice, each with the reason why.

A listed mutant that is not made any more, is made twice, has no reason or is noticed by a
test after all is a fault of the list, so the list stays as short as the truth.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.mutants.planting import Mutant

LIST: Final = Path(__file__).with_name("equivalents.toml")
FIELDS: Final = frozenset({"file", "function", "was", "now", "nth", "reason"})
Key = tuple[str, str, str, str, int]


class BadListError(ValueError):
    """The list cannot be read as one."""


def load(text: str) -> dict[Key, str]:
    """Return the reason of each listed mutant."""
    reasons: dict[Key, str] = {}
    for entry in tomllib.loads(text).get("equivalent", []):
        if unknown := set(entry) - FIELDS:
            raise BadListError(f"{entry}: {', '.join(sorted(unknown))}?")
        key = (
            str(entry["file"]),
            str(entry["function"]),
            str(entry["was"]),
            str(entry["now"]),
            int(entry.get("nth", 1)),
        )
        if key in reasons:
            raise BadListError(f"listed twice: {told(key)}")
        if not str(entry.get("reason", "")).strip():
            raise BadListError(f"no reason: {told(key)}")
        reasons[key] = entry["reason"]
    return reasons


def faults(
    listed: Iterable[Key], made: Collection[Mutant], noticed: Mapping[Key, str]
) -> list[str]:
    """Say of which listed mutants the list is wrong."""
    known = {mutant.key for mutant in made}
    gone = [f"listed, but not made any more: {told(k)}" for k in listed if k not in known]
    caught = [
        f"listed, but noticed by {noticed[k]}: {told(k)}" for k in listed if k in noticed
    ]
    return gone + caught


def told(key: Key) -> str:
    """Say which mutant a key names."""
    file, function, was, now, nth = key
    which = f" (number {nth})" if nth > 1 else ""
    return f"{file} {function or 'the module'}: {was} -> {now or 'nothing'}{which}"
