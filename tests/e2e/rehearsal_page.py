"""Reads `docs/runbook.md`: what an operator copies, and what it promises to print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RUNBOOK: Final = Path(__file__).parents[2] / "docs" / "runbook.md"
_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PRELUDE: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"^\(exit code (\d+)\)$")


@dataclass(frozen=True)
class Command:
    """One line that is copied, the lines that it promises, and its exit code."""

    line: str
    promised: tuple[str, ...]
    code: int

    def faults(self, said: str, code: int) -> list[str]:
        """Return what was promised and did not come."""
        missing = [one for one in self.promised if not _pattern(one).search(said)]
        found = [f"{self.line}: nothing like {one!r}" for one in missing]
        if code != self.code:
            found.append(f"{self.line}: exit code {code}, promised {self.code}")
        return found


def _pattern(promised: str) -> re.Pattern[str]:
    """Return what a promised line is found by: `…` and the width of gaps may vary.

    >>> bool(_pattern("mode … LIVE …").search("mode   LIVE on paper"))
    True
    """
    parts = (" +".join(map(re.escape, part.split())) for part in promised.split("…"))
    return re.compile(".*".join(parts))


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def prelude(text: str) -> str:
    """Return what is to be put into the shell first."""
    found = _PRELUDE.search(text)
    assert found, "the runbook has no sh block"
    return found[1]


def blocks(section: str) -> list[list[Command]]:
    """Return the commands of each console block of a section."""
    return [list(_commands(found[1])) for found in _BLOCK.finditer(section)]


def _commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, *told = part.splitlines()
        codes = [found[1] for each in told if (found := _CODE.match(each))]
        promised = tuple(each for each in told if not _CODE.match(each))
        yield Command(line, promised, int(codes[0]) if codes else 0)


def anchors(text: str) -> list[str]:
    """Return the anchor of each heading, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} (.+)$", text, flags=re.MULTILINE)
    return [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings]
