"""Checks of our own house: bus, journal, state folder, disk, env file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from bridge_patch.adapters.health import read_health
from bridge_patch.adapters.journal_search import JournalSearch, QuickCheck
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.buses import BusAt
from bridge_patch.app.credentials import CREDENTIALS, UNSTATED
from bridge_patch.app.doctor.finding import Finding, fault, note, well
from bridge_patch.app.doctor.holdings import KINDS, Ours, ours_of
from bridge_patch.app.doctor.remedies import remedy_of
from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.store import RESERVE_BYTES
from bridge_patch.domain.errors import BridgeError

if TYPE_CHECKING:
    from bridge_patch.app.settings import Settings

_MIB: Final = 1024 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What was read here. Texts say why a thing could not be; "" is that it could.

    `journal` is None where there is none yet, `bus_begun` false where no bus is. `health`
    is what keeps the writer from writing, `mode` the env file's permission bits, and
    `has_keys` tells whether that file holds a secret.
    """

    journal_at: str
    journal: QuickCheck | str | None
    ours: Ours | None
    bus_at: str
    bus_begun: bool
    bus_fault: str
    health: str
    state_dir: Path
    state_fault: str
    room_bytes: int | None
    has_keys: bool
    mode: int | None


def read_house(settings: Settings, env_file: Path | None) -> House:
    """Read it all, and write nothing: not even to learn whether writing is possible."""
    file = SqliteFile(settings.journal_path)
    begun = file.path.is_file()
    journal, ours = _journal(settings, begun=begun)
    at = BusAt.of(settings)
    bus_begun = begun or not at.url.is_embedded
    nearest = _nearest(settings.state_dir)
    return House(
        journal_at=str(journal_at(settings.journal_url, settings.state_dir)),
        journal=journal,
        ours=ours,
        bus_at=f"in {file.path}" if at.url.is_embedded else str(at.url),
        bus_begun=bus_begun,
        bus_fault=_bus_fault(at, file) if bus_begun else "",
        health=read_health(file),
        state_dir=settings.state_dir,
        state_fault=_state_fault(nearest),
        room_bytes=_room_bytes(nearest),
        has_keys=env_file is not None and _holds_secrets(env_file),
        mode=env_file.stat().st_mode if env_file is not None else None,
    )


def check_house(house: House) -> Iterator[Finding]:
    """Check our side of it."""
    yield check_bus(house)
    yield check_journal(house)
    yield check_state(house)
    yield check_room(house)
    if house.mode is not None and house.has_keys:
        yield check_mode(house.mode)


def check_bus(house: House) -> Finding:
    """Tell whether the bus can be read."""
    if not house.bus_begun:
        return note("bus", f"none yet {house.bus_at}: the first run begins it")
    if house.bus_fault:
        return fault("bus", house.bus_fault, remedy_of("BUS"))
    return well("bus", f"{house.bus_at} can be read")


def check_journal(house: House) -> Finding:
    """Tell whether the journal can be read, ends as its head says, and can be written."""
    found = house.journal
    if found is None:
        return note("journal", f"none yet at {house.journal_at}: the first run begins it")
    if isinstance(found, str):
        return fault("journal", found, remedy_of("JOURNAL"))
    if found.fault:
        return fault("journal", found.fault, remedy_of("JOURNAL"))
    if house.health:
        return fault(
            "journal", f"its writer cannot write: {house.health}", remedy_of("ROOM")
        )
    return well("journal", f"{house.journal_at}: {found.entries} entries, its head agrees")


def check_state(house: House) -> Finding:
    """Tell whether the state folder, or what it would be made in, may be written."""
    if house.state_fault:
        return fault("state folder", house.state_fault, remedy_of("STATE"))
    made = "" if house.state_dir.is_dir() else ", once the first run has made it"
    return well("state folder", f"{house.state_dir} may be written{made}")


def check_room(house: House) -> Finding:
    """Tell whether there is room for more than what is kept for reductions."""
    if house.room_bytes is None:
        return fault("disk", "its room could not be read", remedy_of("STATE"))
    found = (
        f"{house.room_bytes // _MIB} MiB free, {RESERVE_BYTES // _MIB} MiB are kept back"
    )
    if house.room_bytes < RESERVE_BYTES:
        return fault("disk", found, remedy_of("ROOM"))
    if house.room_bytes < 10 * RESERVE_BYTES:
        return note("disk", found, remedy_of("ROOM"))
    return well("disk", found)


def check_mode(mode: int) -> Finding:
    """Tell whether only its owner can read the file that holds the keys."""
    found = f"mode {stat.S_IMODE(mode):o}"
    if mode & _OTHERS:
        return fault(
            "env file", f"it holds the keys, and has {found}", remedy_of("READABLE")
        )
    return well("env file", f"it holds the keys, and has {found}")


def _holds_secrets(env_file: Path) -> bool:
    """Tell whether the file itself states a secret; credentials lie elsewhere."""
    names = set(CREDENTIALS.values())
    stated = read_env_file(env_file).assignments
    return any(one.name in names and one.value != UNSTATED for one in stated)


def _journal(
    settings: Settings, *, begun: bool
) -> tuple[QuickCheck | str | None, Ours | None]:
    if settings.journal_url.address is None and not begun:
        return None, None
    try:
        database = journal_at(settings.journal_url, settings.state_dir)
        with closing(JournalSearch(database)) as search:
            if not search.is_there:
                return None, None
            return search.quick_check(), ours_of(search.events(KINDS), settings.venue)
    except BridgeError as error:
        return str(error), None


def _bus_fault(at: BusAt, file: SqliteFile) -> str:
    try:
        look, away = at.look_or_why(file)
        with closing(look):
            look.places()
    except BridgeError as error:
        return str(error)
    return away


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    whole = folder.absolute()
    return next((each for each in (whole, *whole.parents) if each.exists()), whole)


def _state_fault(nearest: Path) -> str:
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    allowed = os.access(nearest, os.W_OK | os.X_OK)
    return "" if allowed else f"{nearest} may not be written by this user"


def _room_bytes(nearest: Path) -> int | None:
    try:
        found = os.statvfs(nearest)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
