"""Finds the journal that a command is about, and opens it for reading only."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bridge_patch.app.buses import AT_HOME, BusAt
from bridge_patch.app.commands.options import JournalOptions
from bridge_patch.app.in_force import fail_open_of
from bridge_patch.app.settings import DEMO_LOG_NAME, JOURNAL_NAME, Settings, load_settings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import RunStarted

if TYPE_CHECKING:
    from bridge_patch.adapters.journal_sql import JournalReader


def find_journal(options: JournalOptions) -> Path:
    """Return the journal's path: as named, else in the state folder, else the demo's.

    With a name no settings are read, so that a journal can be looked at anywhere.
    """
    if options.journal:
        return _existing(options.journal)
    path = load_settings(env_file=options.env_file).journal_path
    demo = path.parent / "demo" / JOURNAL_NAME
    if not path.is_file() and demo.is_file():
        print(f"no {path}: this is the demo's journal, {demo}", file=sys.stderr)  # noqa: T201
        return demo
    return _existing(path)


@contextmanager
def journal_reader(path: Path) -> Iterator[JournalReader]:
    """Open a journal that `find_journal` found; a writer beside it is not disturbed."""
    from bridge_patch.adapters.journal_sql import JournalReader  # noqa: PLC0415 - slow
    from bridge_patch.adapters.store_sqlite import SqliteFile  # noqa: PLC0415 - as above

    with closing(JournalReader(SqliteFile(path))) as reader:
        yield reader


def fail_open_notices(path: Path, run_ids: Collection[str]) -> tuple[str, ...]:
    """Return what every screen about one of these runs says if it was fail-open."""
    from bridge_patch.adapters.journal_search import JournalSearch  # noqa: PLC0415 - slow
    from bridge_patch.adapters.store_sqlite import SqliteFile  # noqa: PLC0415 - as above

    with closing(JournalSearch(SqliteFile(path))) as search:
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


def bus_of(state: Path | None, env_file: Path | None) -> tuple[Path, BusAt]:
    """Return the journal in a run's folder, which has to be there, and where its bus is."""
    settings = load_settings(env_file=env_file)
    path = state / settings.journal_path.name if state else settings.journal_path
    bus_at = _bus_at(path, settings)
    if not path.is_file():
        what = "bus" if bus_at.url.is_embedded else "journal"
        msg = (
            f"there is no {what} in {path.parent}: start `bridge-patch execution` there"
            " first, or name the folder of a run with --state"
        )
        raise InvalidValueError(msg)
    return path, bus_at


def find_bus(options: JournalOptions, path: Path) -> BusAt:
    """Return where the bus of a journal is that `find_journal` found."""
    if options.journal:
        return AT_HOME
    return _bus_at(path, load_settings(env_file=options.env_file))


def _bus_at(path: Path, settings: Settings) -> BusAt:
    """Return where the settings say, except for a demo's journal: its bus is beside it."""
    is_demo = path.with_name(DEMO_LOG_NAME).is_file()
    return AT_HOME if is_demo else BusAt.of(settings)
