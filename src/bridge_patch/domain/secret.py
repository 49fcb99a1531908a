"""A value that no log, record, error or page can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, final


@final
@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A key or a token; every way of printing it shows that there is one, and no more.

    >>> f"{Secret('abc')} {Secret('abc')!r} {[Secret('abc')]}"
    'Secret(***) Secret(***) [Secret(***)]'
    """

    _value: str

    def reveal(self) -> str:
        """Return the value; the one call to look for in review."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not stored"
        raise TypeError(msg)
