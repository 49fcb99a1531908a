"""An order back to shadow that no bus would take: it waits for the next start."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from bridge_patch.app.whole_file import replace_whole
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import ModeOrdered

NAME: Final = "ordered-mode.json"


def leave(state_dir: Path, order: ModeOrdered) -> Path:
    """Write the order down; the next start journals it. Raises BrokenPromiseError.

    It belongs to whom the folder belongs to: root may leave it, a service has to read it.
    """
    path = state_dir / NAME
    try:
        text = msgspec.json.encode(order)
        replace_whole(path, text, mode=0o644, owner=state_dir.stat())
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


def discard(state_dir: Path) -> bool:
    """Take the order away that waited; tell whether it is gone."""
    try:
        (state_dir / NAME).unlink(missing_ok=True)
    except OSError:
        return False
    return True
