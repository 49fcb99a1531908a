"""How a journal's tables came to be: numbered steps, each taken once and never changed.

The writer takes what is missing when it opens, in the transaction in which it checks the
journal's end; readers take what they find. A step only adds: entries and chain stay as they
are, and an older reader still finds them. `journal_meta` knows the last step taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from sqlalchemy import Connection, insert, update

from bridge_patch.adapters.chain import SCHEMA_VERSION
from bridge_patch.adapters.journal_schema import (
    ARCHIVED,
    CHECKPOINTS,
    ENTRIES,
    LEASE,
    META,
    NAMED,
    SEGMENTS,
)

VERSION_NAME: Final = "schema_version"
#: The step that brought the checkpoints.
SIGNED_SINCE: Final = 2


@final
@dataclass(frozen=True, slots=True)
class Step:
    """One change of the tables, in words and in deed."""

    number: int
    what: str
    take: Callable[[Connection], None]


def _entries(connection: Connection) -> None:
    for table in (META, ENTRIES):
        table.create(connection)
    connection.execute(insert(META), {"name": VERSION_NAME, "value": "0"})


def _checkpoints_and_lease(connection: Connection) -> None:
    for table in (CHECKPOINTS, LEASE):
        table.create(connection)


def _named(connection: Connection) -> None:
    NAMED.create(connection)


def _segments(connection: Connection) -> None:
    for table in (SEGMENTS, ARCHIVED):
        table.create(connection)


STEPS: Final = (
    Step(1, "the entries, and what the journal says about itself", _entries),
    Step(2, "signed checkpoints, and the lease of the one writer", _checkpoints_and_lease),
    Step(3, "which bulk expiry names an intent", _named),
    Step(4, "what was moved into files, and which intents are in them", _segments),
)


def migrate(connection: Connection, found: int) -> None:
    """Take every step behind `found`, within the transaction of the caller."""
    if found == SCHEMA_VERSION:
        return
    for step in STEPS[found:]:
        step.take(connection)
    version = update(META).where(META.c.name == VERSION_NAME)
    connection.execute(version.values(value=str(SCHEMA_VERSION)))
