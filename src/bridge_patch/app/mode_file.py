"""Changes the mode in an env file, and nothing else of it, as `sed` would."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Final

from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.whole_file import replace_whole
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Mode

#: Where the units read their settings from.
DEPLOYED: Final = Path("/etc/quantum/bridge-patch.env")
#: However it is spelled: what is found is replaced by the plain line.
_LINE: Final = re.compile(
    rb"^[ \t]*(?:export[ \t]+)?AI_SIZING_MODE[ \t]*=.*(?:\n|\Z)", re.MULTILINE
)


def write_mode(path: Path, mode: Mode) -> bool:
    """Write AI_SIZING_MODE into an env file; tell whether that changed it.

    The file is replaced whole, with the owner and the rights that it had; a link keeps
    pointing at it. Where it has no such line, one is added at its end. Raises
    InvalidValueError where it cannot be written, or where it does not say so afterwards to
    who reads it at a start.
    """
    line = f"AI_SIZING_MODE={mode.value}".encode()
    try:
        real = path.resolve(strict=True)
        before = real.read_bytes()
        after = _with(before, line + b"\n")
        if after != before:
            held = real.stat()
            replace_whole(real, after, mode=stat.S_IMODE(held.st_mode), owner=held)
    except OSError as e:
        why = e.strerror or type(e).__name__
        msg = f"{path} cannot be changed: {why}; write {line.decode()} into it yourself"
        raise InvalidValueError(msg) from e
    _assure(path, mode)
    return after != before


def _with(before: bytes, line: bytes) -> bytes:
    """Return the content with this one line, where the first was or at the end."""
    first = _LINE.search(before)
    if first is None:
        gap = b"" if not before or before.endswith(b"\n") else b"\n"
        return before + gap + line
    behind = _LINE.sub(b"", before[first.end() :])
    return before[: first.start()] + line + behind


def _assure(path: Path, mode: Mode) -> None:
    """Read it as a start would; a file with faults starts nothing, and says so here."""
    read = read_env_file(path)
    if read.faults:
        faults = "; ".join(str(fault) for fault in read.faults)
        msg = f"{path} says the mode, and nothing starts with it: {faults}"
        raise InvalidValueError(msg)
    said = {each.name: each.value for each in read.assignments}.get("AI_SIZING_MODE")
    if said != mode.value:
        msg = f"{path} says AI_SIZING_MODE={said}: write {mode.value} there yourself"
        raise InvalidValueError(msg)
