"""Finds the journal that a command is about, and opens it for reading only."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.buses import AT_HOME, BusAt
from bridge_patch.app.commands.options import JournalOptions
from bridge_patch.app.in_force import fail_open_of
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.settings import DEMO_LOG_NAME, JOURNAL_NAME, Settings, load_settings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import RunStarted

if TYPE_CHECKING:
    from bridge_patch.adapters.journal_schema import Database
    from bridge_patch.adapters.journal_sql import JournalReader


@final
@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps what it knows; `store` is the file in its state folder."""

    journal: Database
    store: SqliteFile
    bus: BusAt


def find_journal(options: JournalOptions) -> Place:
    """Return the journal: as named, else that of the settings, else the demo's.

    With a name no settings are read, so that a journal can be looked at anywhere.
    """
    if options.journal:
        return _embedded(_existing(options.journal), AT_HOME)
    settings = load_settings(env_file=options.env_file)
    path = settings.journal_path
    if settings.journal_url.address is not None:
        return _of(settings, path)
    demo = path.parent / "demo" / JOURNAL_NAME
    if not path.is_file() and demo.is_file():
        print(f"no {path}: this is the demo's journal, {demo}", file=sys.stderr)  # noqa: T201
        path = demo
    return _of(settings, _existing(path))


def find_run(state: Path | None, env_file: Path | None) -> Place:
    """Return what a run in this folder has, which has to be there."""
    settings = load_settings(env_file=env_file)
    path = (state or settings.state_dir) / JOURNAL_NAME
    place = _of(settings, path)
    at_home = isinstance(place.journal, SqliteFile) or place.bus.url.is_embedded
    if at_home and not path.is_file():
        what = "bus" if place.bus.url.is_embedded else "journal"
        msg = (
            f"there is no {what} in {path.parent}: start `bridge-patch execution` there"
            " first, or name the folder of a run with --state"
        )
        raise InvalidValueError(msg)
    return place


def _of(settings: Settings, path: Path) -> Place:
    """Return what the settings say, except for a demo: it keeps all in its own folder."""
    if path.with_name(DEMO_LOG_NAME).is_file():
        return _embedded(path, AT_HOME)
    journal = journal_at(settings.journal_url, path.parent)
    return Place(journal, SqliteFile(path), BusAt.of(settings))


def _embedded(path: Path, bus: BusAt) -> Place:
    return Place(SqliteFile(path), SqliteFile(path), bus)


@contextmanager
def journal_reader(place: Place) -> Iterator[JournalReader]:
    """Open a journal that `find_journal` found; a writer beside it is not disturbed."""
    from bridge_patch.adapters.journal_sql import JournalReader  # noqa: PLC0415 - slow

    with closing(JournalReader(place.journal)) as reader:
        yield reader


def fail_open_notices(place: Place, run_ids: Collection[str]) -> tuple[str, ...]:
    """Return what every screen about one of these runs says if it was fail-open."""
    from bridge_patch.adapters.journal_search import JournalSearch  # noqa: PLC0415 - slow

    with closing(JournalSearch(place.journal)) as search:
        starts = [stored.event for stored in search.events({RunStarted.__name__})]
    runs = (e for e in starts if isinstance(e, RunStarted) and e.run_id in run_ids)
    return tuple(dict.fromkeys(filter(None, map(fail_open_of, runs))))


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    found = "a folder" if path.is_dir() else "no file"
    msg = (
        f"the journal must be a file, {path} is {found}: run `bridge-patch demo` first,"
        " or name the journal of a run with --journal"
    )
    raise InvalidValueError(msg)
