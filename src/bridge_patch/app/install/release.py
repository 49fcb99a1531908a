"""The program's own environment below /opt/quantum, a folder for each release.

It is built beside the others, tried, and only then made the current one; so an upgrade that
fails changes nothing, and the release before it can be put back with one link.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, final

from bridge_patch.app.install.actions import InstallError
from bridge_patch.app.install.closure import Source, needed_distributions, sources

#: Runs the program of the folder that it lies in, wherever that is.
_SCRIPT: Final = """\
#!/bin/sh
# Written by `bridge-patch install`.
here=$(dirname -- "$(readlink -f -- "$0")")
exec "${python}" -I -c 'from bridge_patch.app.cli import main; main()' "$@"
"""
#: What the services import, so that a release which lacks anything never becomes current.
_TRIAL: Final = ";".join(
    f"import bridge_patch.{name}"
    for name in (
        *("app.cli", "app.commands.engine", "app.commands.execution"),
        *("app.commands.exits", "app.commands.status", "adapters.feeds.live_rest"),
        *("adapters.venue_ccxt.client", "adapters.bus_redis"),
    )
)


@final
@dataclass(frozen=True, slots=True)
class Release:
    """One state of the program: every file of it, and a name that no other state has."""

    name: str
    files: tuple[Source, ...]

    @classmethod
    def running(cls) -> Release:
        """Return the release that is running now."""
        distributions = needed_distributions()
        files = tuple(f for dist in distributions for f in sources(dist))
        return cls(_name(files), files)

    @classmethod
    def reused(cls) -> Release:
        """Return one without files of its own, which runs in this very environment."""
        python = hashlib.sha256(sys.executable.encode()).hexdigest()[:12]
        return cls(f"{version('bridge-patch')}-reused-{python}", ())


@final
@dataclass(frozen=True, slots=True)
class Build:
    """A release that is to be in its place, built whole or not at all."""

    release: Release
    path: Path

    @property
    def what(self) -> str:
        count = len(self.release.files)
        size = f"{count} files" if count else "this environment, reused"
        return f"environment {self.path} ({size})"

    def needed(self) -> bool:
        return not self.path.is_dir()

    def do(self) -> None:
        new = self.path.with_name(f".{self.path.name}.new")
        if new.exists():
            shutil.rmtree(new)
        new.parent.mkdir(parents=True, exist_ok=True)
        if self.release.files:
            _build(new, self.release.files)
        else:
            _script(new, sys.executable)
        new.rename(self.path)


def home_of_python() -> Path:
    """Return where the interpreter really lies that a release is built upon."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    return Path(base).resolve()


def _name(files: Iterable[Source]) -> str:
    digest = hashlib.sha256(f"{sys.version} {home_of_python()}".encode())
    for file in files:
        of_file = file.digest or _digest(file.path.read_bytes())
        digest.update(f"{file.place}\0{of_file}\n".encode())
    return f"{version('bridge-patch')}-{digest.hexdigest()[:12]}"


def _build(new: Path, files: Iterable[Source]) -> None:
    venv.EnvBuilder(symlinks=True, with_pip=False).create(new)
    for script in (new / "bin").glob("[Aa]ctivate*"):  # they name where it was built
        script.unlink()
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = new / "lib" / python / "site-packages"
    for file in files:
        content = file.path.read_bytes()
        if file.digest and _digest(content) != file.digest:
            msg = (
                f"{file.path} is not what was installed (its RECORD says so):"
                " make the environment anew from its pinned requirements"
            )
            raise InstallError(msg)
        target = packages / file.place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    _script(new, "$here/python")
    trial = [str(new / "bin" / "python"), "-I", "-c", _TRIAL]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
        msg = f"the new environment does not run, the current one stays: {said[:300]}"
        raise InstallError(msg)


def _script(new: Path, python: str) -> None:
    script = new / "bin" / "bridge-patch"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(_SCRIPT.replace("${python}", python), encoding="utf-8")
    script.chmod(0o755)


def _digest(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
