"""An order back to shadow that no bus would take: it waits for the next start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import ModeOrdered

NAME: Final = "ordered-mode.json"


def leave(state_dir: Path, order: ModeOrdered) -> Path:
    """Write the order down; the next start journals it. Raises BrokenPromiseError.

    It belongs to whom the folder belongs to: root may leave it, a service has to read it.
    """
    path = state_dir / NAME
    try:
        beside = path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(order))
            file.flush()
            held = state_dir.stat()
            if os.geteuid() != held.st_uid:
                os.fchown(file.fileno(), held.st_uid, held.st_gid)
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as e:
        msg = f"{path} cannot be written: {e.strerror or type(e).__name__}"
        raise BrokenPromiseError(msg) from e
    return path


def found(state_dir: Path) -> ModeOrdered | None:
    """Return the order that waits; None where none does, or where it is no such thing."""
    try:
        return msgspec.json.decode((state_dir / NAME).read_bytes(), type=ModeOrdered)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def discard(state_dir: Path) -> None:
    """Take the order away that waited; one that cannot be removed is passed over again."""
    try:
        (state_dir / NAME).unlink(missing_ok=True)
    except OSError:
        return
