"""What keeps a process from working, beside its store: one line that outlives a full disk.

The file is written whole at the start and in place later, so that it needs no room.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.store_sqlite import SqliteFile

_BYTES: Final = 1024


def health_path(file: SqliteFile) -> Path:
    """Return where the state of whoever writes this store is kept."""
    return file.path.with_name(f"{file.path.name}.health")


@final
class HealthFile:
    """Where the one writer of a journal says why it cannot write; "" is well.

    What cannot be said here stands in the log; it must not make anything worse.
    """

    def __init__(self, file: SqliteFile) -> None:
        self._handle: int | None = None
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._handle = os.open(health_path(file), flags, 0o644)
        except OSError:
            return
        self.say("")

    def say(self, why: str) -> None:
        """Replace what was said."""
        if self._handle is None:
            return
        text = " ".join(why.split()).encode(errors="replace")[: _BYTES - 1]
        try:
            os.pwrite(self._handle, text.ljust(_BYTES - 1) + b"\n", 0)
        except OSError:
            return

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def read_health(file: SqliteFile) -> str:
    """Return why the writer of this store cannot write; "" where it is well, or unknown."""
    try:
        return health_path(file).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
