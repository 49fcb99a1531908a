"""Journals as a run leaves them, written through the real adapter."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.commands.options import JournalOptions
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import UnixMs


class Steps:
    """A wall clock that moves by a fixed step."""

    def __init__(self, start_ms: int, step_ms: int) -> None:
        self._times = itertools.count(start_ms, step_ms)

    def now_ms(self) -> UnixMs:
        return UnixMs(next(self._times))


def write_journal(
    path: Path,
    events: Sequence[Event],
    *,
    run_id: str = "r-1",
    start_ms: int = 1000,
    key_file: Path | None = None,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = SqlJournal(
        SqliteFile(path),
        run_id=run_id,
        clock=Steps(start_ms, 7),
        new_id=lambda: "j-1",
        key_file=key_file,
    )

    async def write() -> None:
        for event in events:
            await journal.append([event])

    asyncio.run(write())
    journal.close()
    return path


def options(path: Path | None, *, as_json: bool = False) -> JournalOptions:
    return JournalOptions(journal=path, env_file=None, as_json=as_json)
