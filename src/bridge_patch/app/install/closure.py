"""What the running program consists of: itself and the distributions that it needs.

They are taken as they are here: these versions are the ones that were pinned, installed and
tested, and no index has to be asked for them again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final, final

from bridge_patch.app.install.actions import InstallError

_OURS: Final = "bridge-patch"
#: Ours too, where it is there: the import paths that users know.
_COMPAT: Final = "bridge-patch-compat"
#: Extras of ours that a service may need; the first must be there.
_EXTRAS: Final = ("exchange", "postgres", "alerts")
_NEED: Final = re.compile(r"(?P<name>[\w.-]+)\s*(\[(?P<extras>[\w.,\s-]*)\])?")
_EXTRA: Final = re.compile(r"extra\s*==\s*['\"]([\w.-]+)['\"]")


@final
@dataclass(frozen=True, slots=True)
class _Need:
    name: str
    extras: tuple[str, ...]
    always: bool


@final
@dataclass(frozen=True, slots=True)
class Source:
    """A file of a distribution: where it is, where it goes, and what RECORD says of it.

    `digest` is the sha256 as RECORD writes it, "" where the file is of a working copy.
    """

    path: Path
    place: str
    digest: str


def needed_distributions() -> tuple[Distribution, ...]:
    """Return ours and all that it needs, each once, by name; InstallError what lacks."""
    found: dict[str, Distribution] = {}
    waiting = [_Need(_OURS, _EXTRAS, always=True), _Need(_COMPAT, (), always=False)]
    seen: set[_Need] = set()
    while waiting:
        need = waiting.pop()
        if need in seen:
            continue
        seen.add(need)
        try:
            dist = found.setdefault(_plain(need.name), distribution(need.name))
        except PackageNotFoundError:
            if need.always:
                msg = (
                    f"{need.name} is not installed here: pip install"
                    f" '{_OURS}[{_EXTRAS[0]}]', then install again"
                )
                raise InstallError(msg) from None
            continue
        waiting += _needs(dist, need.extras)
    return tuple(found[name] for name in sorted(found))


def sources(dist: Distribution) -> Iterator[Source]:
    """Yield the files of a distribution; of a working copy the files as they are now.

    Scripts and compiled files are left out: they are made anew.
    """
    for file in dist.files or ():
        if ".." in file.parts or "__pycache__" in file.parts or file.name == "RECORD":
            continue
        path = Path(str(file.locate()))
        if file.suffix == ".pth":
            for line in path.read_text(encoding="utf-8").splitlines():
                yield from _working_copy(Path(line.strip()))
            continue
        if file.name == "direct_url.json":  # says where a working copy is, and no more
            continue
        digest = file.hash.value if file.hash and file.hash.mode == "sha256" else ""
        yield Source(path, file.as_posix(), digest)


def _working_copy(root: Path) -> Iterator[Source]:
    if not root.is_absolute() or not root.is_dir():
        return
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and "__pycache__" not in parts and "." not in parts[0]:
            yield Source(path, "/".join(parts), "")


def _needs(dist: Distribution, extras: Collection[str]) -> Iterator[_Need]:
    """Yield what a distribution needs, with these extras of its own.

    What hangs on an environment of another kind is needed where it is installed.
    """
    for text in dist.requires or ():
        needed, _, marker = text.partition(";")
        match = _NEED.match(needed.strip())
        wanted = _EXTRA.findall(marker)
        if match is None or (wanted and not set(wanted) & set(extras)):
            continue
        more = tuple(e.strip() for e in (match["extras"] or "").split(",") if e.strip())
        optional = bool(_EXTRA.sub("", marker).strip()) or _EXTRAS[1] in wanted
        yield _Need(match["name"], more, always=not optional)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
