"""What an env file that was there before lacks, and what it says that is no setting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.install.env_text import env_file
from bridge_patch.app.settings import ROWS


@final
@dataclass(frozen=True, slots=True)
class EnvFound:
    """Settings that are new since, names that are none, and faults, all in order.

    `lines` is what to add: without it the defaults of a run by hand hold.
    """

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    faults: tuple[str, ...]
    lines: str


def env_found(path: Path) -> EnvFound:
    """Compare an env file with the settings that there are now."""
    file = read_env_file(path)
    said = {a.name for a in file.assignments} | file.misread
    names = {row.name for row in ROWS}
    missing = tuple(row.name for row in ROWS if row.name not in said)
    return EnvFound(
        missing=missing,
        unknown=tuple(a.name for a in file.assignments if a.name not in names),
        faults=tuple(str(fault) for fault in file.faults),
        lines=env_file(missing) if missing else "",
    )
