"""A clean root to install into, and what is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.app.commands.install import install
from bridge_patch.app.commands.offline_options import InstallOptions

ENV = "etc/quantum/bridge-patch.env"
UNITS = "etc/systemd/system"
CURRENT = "opt/quantum/current"


@dataclass
class Stage:
    """Installs with this very environment, and tells what came of it."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def options(self) -> InstallOptions:
        return InstallOptions(
            prefix=self.root,
            reuse=True,
            uninstall=False,
            purge=False,
            dry_run=False,
            as_json=True,
        )

    def install(self, **changes: Any) -> dict[str, Any]:
        """Install, and return what is printed as JSON."""
        self.capsys.readouterr()
        assert install(replace(self.options, **changes)) == 0
        told: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return told

    def states(self, **changes: Any) -> set[str]:
        """Install, and return what became of the steps, whatever they were."""
        return {step["state"] for step in self.install(**changes)["steps"]}

    def tree(self) -> dict[str, tuple[int, int, str]]:
        """Return every path with its mode, its time of change and its content."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            kept = path.lstat()
            content = str(path.readlink()) if path.is_symlink() else ""
            if path.is_file() and not path.is_symlink():
                content = sha256(path.read_bytes()).hexdigest()
            name = path.relative_to(self.root).as_posix()
            found[name] = (kept.st_mode & 0o7777, kept.st_mtime_ns, content)
        return found
