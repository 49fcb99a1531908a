"""Which process this is, so that another on the same machine can tell whether it lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")
#: Of /proc/PID/stat, counted behind the name: the state, and when the process started.
_STATE, _STARTED = 0, 19
_DEAD: Final = ("Z", "X")
_UNKNOWN: Final = "unknown"


def this_process() -> str:
    """Return machine, process number, and what tells it from every other process.

    The last word is the machine's boot, its space of process numbers, and when the process
    started: a number that is used again is another process.
    """
    pid = os.getpid()
    return f"{socket.gethostname()} {pid} {_life(pid)}"


def is_gone(holder: str) -> bool:
    """Tell whether that process is known to have ended; False where nobody can know.

    A machine may hide the processes of other users (hidepid): what cannot be looked at and
    lives is not told from another with its number, and counts as living.
    """
    match holder.split(" "):
        case [_, pid, life] if pid.isdecimal() and life != _UNKNOWN:
            here = _machine()
            if here == _UNKNOWN or not life.startswith(here):
                return False
            return _life(int(pid)) not in {life, _UNKNOWN}
        case _:
            return False


def shown(holder: str) -> str:
    """Return what a person needs to find the process.

    >>> shown("vps-1 4242 boot:1:2"), shown("")
    ('vps-1, process 4242', 'nobody')
    """
    machine, _, rest = holder.partition(" ")
    pid = rest.partition(" ")[0]
    return f"{machine}, process {pid}" if pid else machine or "nobody"


def _life(pid: int) -> str:
    """Return what is unlike in any two processes; of one that has ended no such word.

    Of one that lives and cannot be looked at nothing is known.
    """
    here = _machine()
    if here == _UNKNOWN:
        return _UNKNOWN
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return _UNKNOWN if _lives(pid) else f"{here}ended"
    words = fields.split()
    return f"{here}ended" if words[_STATE] in _DEAD else f"{here}{words[_STARTED]}"


def _lives(pid: int) -> bool:
    """Ask the system, which answers also about what it does not show."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is another user's
        return True
    return True


def _machine() -> str:
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
        return f"{boot}:{_NAMESPACE.stat().st_ino}:"
    except OSError:
        return _UNKNOWN
