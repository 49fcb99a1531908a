"""Runs a program by a clock that somebody else winds; also the one who winds it.

As a script, `rehearsal_clock.py FILE -c CODE WORDS` runs the code with the time of day that
stands in the file. Timeouts go by the machine's own steady clock as ever: what is
accelerated is the market's time, and not the work.
"""

import mmap
import struct
import sys
import time
from pathlib import Path


class Dial:
    """The time of day in milliseconds, in a file that many processes read."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    @classmethod
    def made(cls, path: Path, now_ms: int) -> "Dial":
        """Return a new one that stands at this time."""
        path.write_bytes(struct.pack("<q", now_ms))
        return cls(path)

    def now_ms(self) -> int:
        (now_ms,) = struct.unpack_from("<q", self._memory)
        return int(now_ms)

    def wind(self, now_ms: int) -> None:
        struct.pack_into("<q", self._memory, 0, now_ms)


def _run(path: str, code: str, words: list[str]) -> None:
    dial = Dial(Path(path))
    vars(time)["time_ns"] = lambda: dial.now_ms() * 1_000_000
    vars(time)["time"] = lambda: dial.now_ms() / 1000
    sys.argv = ["-c", *words]
    exec(compile(code, "<bridge-patch>", "exec"), {"__name__": "__main__"})  # noqa: S102


if __name__ == "__main__":
    _run(sys.argv[1], sys.argv[3], sys.argv[4:])
