"""What is wrong with the settings, in sentences a person can act upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.errors import BridgeError

_FOUND_MAX: Final = 60


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
