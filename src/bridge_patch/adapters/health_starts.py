"""How often a process was started: a small file that outlives it, one for each part.

The journal tells of runs that came to judge; a loop of starts that fail before that, and
processes without a journal, leave a trace only here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bridge_patch.adapters.alerts import STARTS_WITHIN_SEC
from bridge_patch.adapters.health_progress import Starts

#: More are not kept: what is a loop is one with fewer.
_KEPT: Final = 100
_TEXT_MAX: Final = 4096


def starts_path(state_dir: Path, part: str) -> Path:
    """Return where the starts of a part are kept."""
    return state_dir / f"starts.{part}"


def count_start(state_dir: Path, part: str, now_ms: int) -> Starts:
    """Count this start, and return how many there were; a file that cannot be is none.

    The file holds the total and then the newest times, in milliseconds, on one line. It is
    replaced whole: a crash leaves the one before. A clock that went back counts nothing.
    """
    path = starts_path(state_dir, part)
    total, times = _read(path)
    total, times = total + 1, [*times, now_ms][-_KEPT:]
    since_ms = now_ms - STARTS_WITHIN_SEC * 1000
    lately = (at_ms for at_ms in times if since_ms <= at_ms <= now_ms)
    starts = Starts(total=total, ages_sec=tuple((now_ms - ms) / 1000 for ms in lately))
    beside = path.with_name(f"{path.name}.new")
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        beside.write_text(" ".join(map(str, (total, *times))), encoding="ascii")
        os.replace(beside, path)  # noqa: PTH105 - Path.replace says the same, less plainly
    except OSError:
        pass  # a full disk must not keep a process from starting
    return starts


def _read(path: Path) -> tuple[int, list[int]]:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            words = file.read(_TEXT_MAX).split()
    except OSError:
        return 0, []
    numbers = [int(word) for word in words if word.isascii() and word.isdecimal()]
    return (numbers[0], numbers[1:]) if numbers else (0, [])
