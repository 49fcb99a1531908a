"""What an installation is made of: steps that know whether they are still to be done."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol, final

from bridge_patch.domain.errors import BridgeError

_MODE: Final = 0o7777


class InstallError(BridgeError):
    """A step could not be done; the message says what to do about it."""


class State(StrEnum):
    """What became of a step; `would` is a dry run's."""

    DONE = "done"
    WOULD = "would"
    KEPT = "kept"


@final
@dataclass(frozen=True, slots=True)
class Taken:
    """A step, in words, and what became of it."""

    state: State
    what: str


class Action(Protocol):
    """One step; to do it where it is not needed is never necessary."""

    @property
    def what(self) -> str:
        """Say in a few words what it does."""
        ...

    def needed(self) -> bool:
        """Tell whether anything is to be changed; changes nothing."""
        ...

    def do(self) -> None:
        """Do it, or raise OSError or InstallError."""
        ...


def take(actions: Sequence[Action], *, dry_run: bool) -> tuple[Taken, ...]:
    """Do what is needed, in order, and tell of each step what became of it."""
    taken = []
    for action in actions:
        try:
            taken.append(Taken(_taken(action, dry_run=dry_run), action.what))
        except OSError as e:
            why = (e.strerror or str(e)).lower()
            remedy = "say it with sudo" if isinstance(e, PermissionError) else "mend it"
            msg = f"{action.what}: {why}: {remedy} and install again, what is done stays"
            raise InstallError(msg) from e
    return tuple(taken)


def _taken(action: Action, *, dry_run: bool) -> State:
    if not action.needed():
        return State.KEPT
    if dry_run:
        return State.WOULD
    action.do()
    return State.DONE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what with a file; without a name it belongs to whoever installs."""

    mode: int
    group: str | None = None
    user: str | None = None

    def holds(self, path: Path) -> bool:
        """Tell whether it is so."""
        found = path.stat()
        return (
            found.st_mode & _MODE == self.mode
            and (self.group is None or _named(path.group) == self.group)
            and (self.user is None or _named(path.owner) == self.user)
        )

    def give(self, path: Path) -> None:
        """Make it so, the owner first: another's mode is not to be lent."""
        if self.user is not None:
            shutil.chown(path, user=self.user)
        if self.group is not None:
            shutil.chown(path, group=self.group)
        path.chmod(self.mode)


def _named(who: Callable[[], str]) -> str:
    try:
        return who()
    except KeyError:
        return ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that is to be there."""

    path: Path
    access: Access

    @property
    def what(self) -> str:
        return f"folder {self.path} ({self.access.mode:04o})"

    def needed(self) -> bool:
        return not (self.path.is_dir() and self.access.holds(self.path))

    def do(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.access.give(self.path)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file with this text; one that is `kept` is never written twice."""

    path: Path
    text: str
    access: Access
    kept: bool = False

    @property
    def what(self) -> str:
        return f"file {self.path} ({self.access.mode:04o})"

    def needed(self) -> bool:
        return not (
            self.path.is_file()
            and self.access.holds(self.path)
            and (self.kept or self.path.read_bytes() == self.text.encode())
        )

    def do(self) -> None:
        """Write it whole, beside its place, and then put it there."""
        if self.kept and self.path.is_file():
            self.access.give(self.path)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.new")
        new.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(self.text)
        self.access.give(new)
        new.replace(self.path)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A symbolic link, turned in one step: no moment is without one."""

    path: Path
    target: str

    @property
    def what(self) -> str:
        return f"link {self.path} -> {self.target}"

    def needed(self) -> bool:
        return not (self.path.is_symlink() and str(self.path.readlink()) == self.target)

    def do(self) -> None:
        new = self.path.with_name(f".{self.path.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(self.target)
        new.replace(self.path)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A file, a link, or a folder with all that is in it, to be gone.

    A folder is renamed first: one that is half gone must not look like a whole one.
    A `shared` folder goes only if nothing else is in it than what it names, which go first.
    """

    path: Path
    shared: frozenset[str] | None = None

    @property
    def what(self) -> str:
        return f"remove {self.path}"

    def needed(self) -> bool:
        if self.shared is None or not self.path.is_dir():
            found = self.path.is_symlink() or self.path.exists()
            return found or self._going.exists()
        return {found.name for found in self.path.iterdir()} <= self.shared

    def do(self) -> None:
        if self._going.exists():
            shutil.rmtree(self._going)
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self._set_aside())
        else:
            self.path.unlink(missing_ok=True)

    @property
    def _going(self) -> Path:
        return self.path.with_name(f".{self.path.name}.going")

    def _set_aside(self) -> Path:
        try:
            return self.path.rename(self._going)
        except OSError:  # a file system of its own is emptied where it is
            return self.path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the system's, run where `when` says that it is needed."""

    argv: tuple[str, ...]
    when: Callable[[], bool]

    @property
    def what(self) -> str:
        return f"run {' '.join(self.argv)}"

    def needed(self) -> bool:
        return self.when()

    def do(self) -> None:
        found = shutil.which(self.argv[0])
        if found is None:
            msg = f"{self.argv[0]} is not here: install systemd, or name a --prefix"
            raise InstallError(msg)
        command = [found, *self.argv[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode:
            said = " ".join(done.stderr.split())[:300]
            msg = f"{' '.join(self.argv)} ended with {done.returncode}: {said}"
            raise InstallError(msg)
