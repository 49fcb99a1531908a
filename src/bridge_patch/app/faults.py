"""What is wrong with the settings, in sentences a person can act upon."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.errors import BridgeError

_FOUND_MAX: Final = 60
#: A word of a setting's name, as in VENUE_ORDERS_10S_MAX or OAUTH2_TOKEN.
_NAME_WORD: Final = re.compile(r"[A-Z]{1,14}[0-9]{0,3}|[0-9]{1,2}[A-Z]")
#: One long word of letters and digits, as keys and tokens are; or an address with somebody
#: in it, and what stands before the @ may be a password.
_LIKE_A_SECRET: Final = re.compile(
    r"(?=\S*[0-9])(?=\S*[A-Za-z])[^\s/:.,]{20,}|\S*//\S*@\S*", re.DOTALL
)


class SettingsError(BridgeError):
    """The settings do not make a safe configuration; the message lists every fault."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "".join(f"\n- {fault}" for fault in faults)
        super().__init__(f"{count} in the settings, nothing was started:{lines}")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: which setting, what was expected, what was found, what to do."""

    name: str
    expected: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}, found {self.found}: {self.remedy}"


def quoted(text: str) -> str:
    r"""Return `text` in quotes on one line of ASCII, cut where it is too long to read.

    >>> quoted("a\nb")
    "'a\\nb'"
    """
    if len(text) > _FOUND_MAX:
        return f"{text[:_FOUND_MAX]!a} and {len(text) - _FOUND_MAX} more characters"
    return ascii(text)


def found_value(text: str) -> str:
    """Return a value in quotes, unless it is like a secret that stands in a wrong place.

    >>> found_value("livee"), found_value("q7Xd2kLw9ZpT4vRb8NcY")
    ("'livee'", 'a value that is not shown, it reads like a secret')
    """
    if _LIKE_A_SECRET.fullmatch(text):
        return "a value that is not shown, it reads like a secret"
    return quoted(text)


def found_name(text: str) -> str:
    """Return what stands before an `=` as it is, unless it does not read like a name.

    A secret that was broken onto a line of its own often ends in one.

    >>> found_name("TURBO_MODE"), found_name("c2VjcmV0IGtleQ")
    ('TURBO_MODE', 'a name that is not shown')
    """
    words = re.split("[-_. ]", text)
    if all(map(_NAME_WORD.fullmatch, words)):
        return quoted(text)[1:-1]
    return "a name that is not shown"
