"""Journals in several runs, to be archived, and looks at what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from bridge_patch.adapters.journal_key import PUBLIC_NAME, PublicKeys, read_public_keys
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_schema import ENTRIES, Database
from bridge_patch.adapters.journal_segments import FOLDER
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.events import Event
from bridge_patch.services.ports import Stored
from tests.contracts.half_archived import key_of
from tests.contracts.samples import NOON_MS, seen
from tests.contracts.sites import run


def opened(database: Database, claim: Claim | None = None) -> closing[SqlJournal]:
    return closing(
        SqlJournal(
            database,
            run_id="r",
            clock=ManualClock(NOON_MS),
            new_id=lambda: "id-1",
            claim=claim,
            key_file=key_of(database),
        )
    )


def written(database: Database, *parts: Sequence[Event]) -> None:
    """Each part is a run of its own, and so ends with a checkpoint."""
    for part in parts:
        with opened(database) as journal:
            run(journal.append(part))


def parts(count: int, each: int = 10) -> list[list[Event]]:
    numbers = range(count * each)
    return [
        [seen(f"Id-{n % 7}", n) for n in numbers[first : first + each]]
        for first in range(0, count * each, each)
    ]


def entries(database: Database) -> list[Stored]:
    with closing(JournalReader(database)) as reader:
        return list(reader.read())


def in_table(database: Database) -> list[int]:
    engine = database.engine(read_only=True)
    try:
        with engine.connect() as connection:
            return [int(n) for n in connection.scalars(select(ENTRIES.c.seq))]
    finally:
        engine.dispose()


def public(database: Database) -> PublicKeys:
    return read_public_keys(database.head_path.with_name(PUBLIC_NAME))


def files(database: Database) -> list[Path]:
    return sorted(database.head_path.with_name(FOLDER).iterdir())
