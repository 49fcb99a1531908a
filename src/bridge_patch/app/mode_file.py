"""Changes the mode in an env file, and nothing else of it, as `sed` would."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path
from typing import Final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Mode

#: Where the units read their settings from.
DEPLOYED: Final = Path("/etc/quantum/bridge-patch.env")
_LINE: Final = re.compile(rb"^AI_SIZING_MODE=.*$", re.MULTILINE)


def write_mode(path: Path, mode: Mode) -> bool:
    """Write AI_SIZING_MODE into an env file; tell whether that changed it.

    The file is replaced whole, with the owner and the rights that it had. Where it has no
    such line, one is added at its end. Raises InvalidValueError where it cannot be written.
    """
    line = f"AI_SIZING_MODE={mode.value}".encode()
    try:
        before = path.read_bytes()
        after, found = _LINE.subn(line, before)
        if not found:
            gap = b"" if not before or before.endswith(b"\n") else b"\n"
            after = before + gap + line + b"\n"
        if after != before:
            _replace(path, after)
    except OSError as e:
        why = e.strerror or type(e).__name__
        msg = f"{path} cannot be changed: {why}; write {line.decode()} into it yourself"
        raise InvalidValueError(msg) from e
    return after != before


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and take its place, so that nobody ever reads half of it."""
    held = path.stat()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(held.st_mode))
            if (held.st_uid, held.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), held.st_uid, held.st_gid)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
