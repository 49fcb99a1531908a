"""Log lines of a demo: all of them into a file, one of each kind onto the screen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO, final

#: How many lines of one kind are shown; what a start says is shown whole.
SHOWN_MAX: Final = 1
_START: Final = ("[RUN]", "[START]")
_KIND: Final = re.compile(r"^(\[[A-Z_-]+\])(.*?(?:ACCEPT|REJECT|SHADOW|LIVE|PUBLISHED))?")
_CODE: Final = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)+\b")


@final
class Sampler:
    """A stream that keeps every line in `file` and hands the first of each kind to `show`.

    A kind is the bracket tag, the verdict's word and the reason's code. The file is its
    owner's: several write to it, one after the other, and none of them closes it.
    """

    def __init__(self, file: TextIO, show: Callable[[str], None]) -> None:
        self._file, self._show = file, show
        self._seen: Counter[str] = Counter()

    def write(self, text: str) -> int:
        """Keep the text, and show those of its lines whose kind is new."""
        for line in text.splitlines():
            kind = _kind_of(line)
            self._seen[kind] += 1
            if kind and (self._seen[kind] <= SHOWN_MAX or line.startswith(_START)):
                self._show(line)
        return self._file.write(text)

    def flush(self) -> None:
        """Leave the file to its own buffer: the journal is the record, this is a view."""


def _kind_of(line: str) -> str:
    found = _KIND.match(line)
    if found is None:
        return ""
    tag, verdict = found.groups()
    words = (verdict or "").split()
    code = _CODE.search(line) if verdict and "REJECT" in verdict else None
    return f"{tag} {words[-1] if words else ''} {code.group() if code else ''}"
