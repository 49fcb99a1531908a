"""Puts what was found between the markers of a page, and the picture beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bridge_patch.app.harvest.text import PICTURE_NAME
from bridge_patch.domain.errors import InvalidValueError

#: The generated parts of the page: the trials and the crashes.
EVALUATION: Final = "harvest-evaluation"
CRASHES: Final = "harvest-crashes"


def begin(part: str) -> str:
    r"""Return the line before a generated part.

    >>> begin("x")
    '<!-- x: begin, written by bridge-patch harvest -->\n'
    """
    return f"<!-- {part}: begin, written by bridge-patch harvest -->\n"


def end(part: str) -> str:
    """Return the line after a generated part."""
    return f"<!-- {part}: end -->\n"


def part_of(page: str, part: str) -> str:
    """Return what stands between a part's markers."""
    return _cut(page, part)[1]


def page_with(page: str, part: str, made: str) -> str:
    """Return the page with this between the markers of one part."""
    before, _, after = _cut(page, part)
    return before + begin(part) + made + end(part) + after


def write_page(path: Path, parts: dict[str, str], picture: str | None) -> None:
    """Write parts of a page, and its picture, each whole or not at all."""
    try:
        page = path.read_text(encoding="utf-8")
    except OSError as e:
        msg = f"--page must be a page that is there: {e}"
        raise InvalidValueError(msg) from e
    for part, made in parts.items():
        page = page_with(page, part, made)
    _put(path, page)
    if picture is not None:
        _put(path.with_name(PICTURE_NAME), picture)


def _cut(page: str, part: str) -> tuple[str, str, str]:
    before, found, rest = page.partition(begin(part))
    made, ended, after = rest.partition(end(part))
    if not found or not ended:
        msg = f"--page must have the lines {begin(part).strip()} and {end(part).strip()}"
        raise InvalidValueError(msg)
    return before, made, after


def _put(path: Path, text: str) -> None:
    half = path.with_name(f"{path.name}.part")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
