"""`install`: puts the running program in place as services of systemd, or takes it away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from bridge_patch.app.commands.offline_options import InstallOptions
from bridge_patch.app.install.actions import State, Taken, take
from bridge_patch.app.install.env_found import EnvFound, env_found
from bridge_patch.app.install.places import ENV_FILE, STATE, Places
from bridge_patch.app.install.plan import install_plan, uninstall_plan
from bridge_patch.app.install.release import Release, home_of_python
from bridge_patch.app.install.units import UNITS
from bridge_patch.app.screen import print_json
from bridge_patch.domain.errors import InvalidValueError

#: What ProtectHome=yes hides from a service.
_HIDDEN: Final = ("/home", "/root", "/run/user")
_NAMES: Final = " ".join(unit.name for unit in UNITS)


def install(options: InstallOptions) -> int:
    """Take every step that is needed, and say of each what became of it."""
    places = Places(options.prefix and options.prefix.resolve())
    _require(options, places)
    os.umask(0o022)  # what is secret says so itself
    if options.uninstall:
        taken = take(uninstall_plan(places, purge=options.purge), dry_run=options.dry_run)
        _tell(options, places, taken, None, _left(options, places))
        return 0
    release = Release.reused() if options.reuse else Release.running()
    taken = take(install_plan(places, release), dry_run=options.dry_run)
    path = places.at(ENV_FILE)
    found = env_found(path) if path.is_file() else None
    _tell(options, places, taken, found, _next(options, places, taken))
    return 0


def _require(options: InstallOptions, places: Places) -> None:
    if options.purge and not options.uninstall:
        msg = "--purge goes with --uninstall: it removes settings, secrets and the journal"
        raise InvalidValueError(msg)
    if options.reuse and not places.apart:
        msg = "--env reuse goes with --prefix: a service needs an environment of its own"
        raise InvalidValueError(msg)
    if places.apart or options.dry_run:
        return
    if os.geteuid() != 0:
        msg = "this needs root: say it with sudo, try it with --dry-run, or name a --prefix"
        raise InvalidValueError(msg)
    if shutil.which("systemctl") is None:
        msg = "there is no systemd here: name a --prefix, or use `bridge-patch run`"
        raise InvalidValueError(msg)
    if not options.uninstall and is_hidden(home_of_python()):
        msg = (
            f"services do not see the interpreter {home_of_python()} (ProtectHome=yes):"
            " install from an environment made by the system's own python3"
        )
        raise InvalidValueError(msg)


def is_hidden(path: Path) -> bool:
    """Tell whether services do not see what lies there."""
    return any(path.is_relative_to(folder) for folder in _HIDDEN)


def _next(options: InstallOptions, places: Places, taken: tuple[Taken, ...]) -> list[str]:
    """Return what is left to a person."""
    told = []
    if is_hidden(home_of_python()) and not options.reuse:
        told.append(
            f"the interpreter {home_of_python()} is in a home, which services do not see:"
            " what was made here does not run as a service"
        )
    if options.reuse:
        told.append("the release runs in this environment: it cannot be moved elsewhere")
    if places.apart:
        told.append("user and owners are set where it is installed without a prefix")
    elif options.dry_run:
        told.append("nothing was changed")
    elif any(one.state is State.DONE for one in taken):
        told.append(f"it comes into force with: systemctl enable {_NAMES}")
        told.append(f"and then, when it suits you: systemctl restart {_NAMES}")
    return told


def _left(options: InstallOptions, places: Places) -> list[str]:
    if options.purge:
        return []
    kept = (places.at(ENV_FILE).parent, places.at(STATE))
    return [f"kept: {path} (--purge removes it)" for path in kept if path.exists()]


def _tell(
    options: InstallOptions,
    places: Places,
    taken: tuple[Taken, ...],
    found: EnvFound | None,
    notes: list[str],
) -> None:
    if options.as_json:
        print_json(
            {
                "ok": True,
                "dry_run": options.dry_run,
                "prefix": str(places.prefix) if places.prefix else None,
                "steps": [{"state": one.state, "what": one.what} for one in taken],
                "settings_missing": list(found.missing) if found else [],
                "settings_unknown": list(found.unknown) if found else [],
                "settings_faults": list(found.faults) if found else [],
                "notes": notes,
            }
        )
        return
    for one in taken:
        print(f"{one.state:<5} {one.what}")  # noqa: T201 - lines, for a terminal or a file
    for note in notes:
        print(f"note: {note}")  # noqa: T201
    if found:
        _tell_settings(found)


def _tell_settings(found: EnvFound) -> None:
    for fault in found.faults:
        print(f"fault: {fault}")  # noqa: T201
    for name in found.unknown:
        print(f"fault: {name} is no setting: remove it, or nothing starts")  # noqa: T201
    if found.missing:
        print(f"note: {len(found.missing)} new settings; add to {ENV_FILE}:")  # noqa: T201
        print(found.lines)  # noqa: T201
