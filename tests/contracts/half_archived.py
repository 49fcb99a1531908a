"""A journal whose older half is in segments: after every append it is archived anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from bridge_patch.adapters.archive import Archiving, Wish, archive_journal
from bridge_patch.adapters.chain import extend, genesis
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Journal, Stored
from tests.contracts.sites import JOURNAL_ID, NOON_MS, JournalSite

HOLDER = "archive 1 unknown"


def key_of(database: Database) -> Path:
    return database.head_path.with_name("journal.key")


def archived(
    database: Database, *, before_ms: int = NOON_MS + 1_000, segment: int = 100_000
) -> Archiving:
    """Move all but what stands behind the last checkpoint but one."""
    return archive_journal(
        database,
        Wish(before_ms=before_ms, segment=segment, newest=0),
        clock=ManualClock(NOON_MS),
        claim=Claim(holder=HOLDER, ttl_ms=60_000),
        key_file=key_of(database),
    )


class HalfArchived:
    """Appends in two parts, and moves what can be moved behind each."""

    def __init__(
        self, database: Database, run_id: str, clock: ManualClock, reader: JournalReader
    ) -> None:
        self._database, self._run_id, self._clock = database, run_id, clock
        self._reader = reader

    def opened(self) -> closing[SqlJournal]:
        return closing(
            SqlJournal(
                self._database,
                run_id=self._run_id,
                clock=self._clock,
                new_id=lambda: JOURNAL_ID,
                key_file=key_of(self._database),
            )
        )

    async def append(self, events: Sequence[Event]) -> None:
        half = len(events) // 2
        parts = [part for part in (events[:half], events[half:]) if part]
        try:
            extend(genesis(""), events, run_id="", recorded_ms=0)
        except BridgeError:
            parts = [events]
        for part in parts:
            with self.opened() as journal:
                await journal.append(part)
            archived(self._database)

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        with self.opened() as journal:
            return await journal.history(intent_id)

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        """By one reader that was there before anything was moved."""
        return self._reader.read(after_seq)


def half_archived_journal(database: Database) -> JournalSite:
    clock = ManualClock(NOON_MS)

    @contextmanager
    def link(run_id: str) -> Iterator[Journal]:
        new = SqlJournal(
            database,
            run_id=run_id,
            clock=clock,
            new_id=lambda: JOURNAL_ID,
            key_file=key_of(database),
        )
        new.close()
        with closing(JournalReader(database)) as reader:
            yield HalfArchived(database, run_id, clock, reader)

    return JournalSite(clock, link)
