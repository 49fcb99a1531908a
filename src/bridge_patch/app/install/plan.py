"""The steps of an installation, of an upgrade, and of taking it away again."""

from __future__ import annotations

import grp
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

from bridge_patch.app.credentials import CREDENTIALS as SECRETS
from bridge_patch.app.credentials import UNSTATED
from bridge_patch.app.install.actions import (
    Access,
    Action,
    Command,
    Folder,
    Link,
    Removal,
    TextFile,
)
from bridge_patch.app.install.env_text import env_file
from bridge_patch.app.install.places import (
    CREDENTIALS,
    CURRENT,
    ENV_FILE,
    ETC,
    OPT,
    STATE,
    SYSUSERS,
    UNITS,
    USER,
    Places,
)
from bridge_patch.app.install.release import Build, Release
from bridge_patch.app.install.units import UNITS as SERVICES
from bridge_patch.app.install.units import sysusers_text, unit_text

_RELEASES: Final = f"{OPT}/releases"
#: How long systemd may take to say what it has read.
_ASK_SEC: Final = 10
_OPEN: Final = Access(mode=0o755)
_READABLE: Final = Access(mode=0o644)


def install_plan(places: Places, release: Release) -> tuple[Action, ...]:
    """Return the steps; env file and credentials that are there are kept as they are."""
    group = None if places.apart else USER
    sysusers = TextFile(path=places.at(SYSUSERS), text=sysusers_text(), access=_READABLE)
    units = tuple(
        TextFile(
            path=places.at(f"{UNITS}/{unit.name}.service"),
            text=unit_text(unit),
            access=_READABLE,
        )
        for unit in SERVICES
    )
    system = () if places.apart else (_user(), _reload(units))
    return (
        sysusers,
        *system[:1],
        Folder(path=places.at(OPT), access=_OPEN),
        Folder(path=places.at(_RELEASES), access=_OPEN),
        Build(release, places.at(f"{_RELEASES}/{release.name}")),
        Folder(path=places.at(ETC), access=Access(mode=0o750, group=group)),
        TextFile(
            path=places.at(ENV_FILE),
            text=env_file(),
            access=Access(mode=0o640, group=group),
            kept=True,
        ),
        Folder(path=places.at(CREDENTIALS), access=Access(mode=0o700)),
        *(
            TextFile(
                path=places.at(f"{CREDENTIALS}/{name}"),
                text=f"{UNSTATED}\n",
                access=Access(mode=0o600),
                kept=True,
            )
            for name in SECRETS
        ),
        Folder(path=places.at(STATE), access=Access(mode=0o750, group=group, user=group)),
        *units,
        *_outdated(places, release),
        Link(path=places.at(CURRENT), target=f"releases/{release.name}"),
        *system[1:],
    )


def uninstall_plan(places: Places, *, purge: bool) -> tuple[Action, ...]:
    """Return the steps; only with `purge` settings, secrets and journal go too."""
    units = [places.at(f"{UNITS}/{unit.name}.service") for unit in SERVICES]
    there = any(path.exists() for path in units)
    stop = tuple(
        Command(argv=("systemctl", "disable", "--now", path.name), when=path.exists)
        for path in units
    )
    reload = Command(argv=("systemctl", "daemon-reload"), when=lambda: there or _unread())
    return (
        *(() if places.apart else stop),
        *(Removal(path=path) for path in units),
        *(() if places.apart else (reload,)),
        Removal(path=places.at(SYSUSERS)),
        Removal(path=places.at(CURRENT)),
        Removal(path=places.at(_RELEASES)),
        Removal(path=places.at(OPT), shared=frozenset({"current", "releases"})),
        *(_purge(places) if purge else ()),
    )


def _purge(places: Places) -> Iterator[Action]:
    yield Removal(path=places.at(ENV_FILE))
    yield Removal(path=places.at(CREDENTIALS))
    yield Removal(
        path=places.at(ETC), shared=frozenset({"bridge-patch.env", "credentials"})
    )
    yield Removal(path=places.at(STATE))
    if not places.apart:
        yield Command(argv=("userdel", USER), when=_has_user)


def _user() -> Command:
    return Command(argv=("systemd-sysusers", SYSUSERS), when=lambda: not _has_user())


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
        grp.getgrnam(USER)
    except KeyError:
        return False
    return True


def _reload(units: tuple[TextFile, ...]) -> Command:
    """Let systemd read the units, if any is about to change or was changed unread.

    An installation that ended between the two leaves units that systemd has not read.
    """
    change = any(unit.needed() for unit in units)
    return Command(argv=("systemctl", "daemon-reload"), when=lambda: change or _unread())


def _unread() -> bool:
    """Tell whether systemd has an older text of a unit than lies there now, if any."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return False
    for unit in SERVICES:
        asked = [systemctl, "show", "--property=NeedDaemonReload", f"{unit.name}.service"]
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                asked, capture_output=True, text=True, check=False, timeout=_ASK_SEC
            )
        except subprocess.TimeoutExpired:
            return True  # it reads them when it can
        if done.stdout.strip() == "NeedDaemonReload=yes":
            return True
    return False


def _outdated(places: Places, release: Release) -> Iterator[Action]:
    """Name the releases that are not needed: the one that comes stays, and two others.

    What `current` names, to go back to. It need not be what runs: what was not restarted
    since runs the release before it, so the newest of the rest stays as well.
    """
    current, releases = places.at(CURRENT), places.at(_RELEASES)
    if not current.is_symlink() or not releases.is_dir():
        return
    before = current.readlink().name
    if before == release.name:
        return
    others = [p for p in releases.iterdir() if p.name not in {before, release.name}]
    built = [path for path in others if not path.name.startswith(".")]  # not one half built
    newest = max(built, key=lambda p: (p.stat().st_mtime_ns, p.name), default=None)
    for path in sorted(others):
        if path != newest:
            yield Removal(path=path)
