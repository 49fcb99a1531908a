"""Reads on in a journal that another process writes, and checks the chain as it goes.

Nothing is written and no lock is held between two looks: each statement sees what is
committed at its own moment, and what is committed is never changed. That it was not is
proved, not believed: every entry is checked to follow the one before, from the first on and
past the entry that the head file knew. So whoever takes over has to find one link, that of
the last entry that was read, to know that all before it is still what was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from bridge_patch.adapters.chain import Head, Walk, genesis
from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.journal_entries import refused
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.services.ports import Stored


@final
class Follower:
    """Yields the entries of a journal in their order, as far as there are any by now."""

    def __init__(self, database: Database) -> None:
        """Open nothing yet: that is done when it is read."""
        self._database = database
        self._kept: Head | None = None
        self._reader: JournalReader | None = None

    def entries(self, last: Stored | None) -> Iterator[Stored]:
        """Yield what follows `last`, which was read before; None is from the first entry.

        Raises BrokenPromiseError for what does not follow it, or cannot be read now: then
        nothing of it was yielded, and one may ask again.
        """
        if self._reader is None:
            self._kept = read_head(self._database.head_path)
            self._reader = JournalReader(self._database)
        reader = self._reader
        start = genesis(reader.journal_id)
        if last is not None:
            start = Head(reader.journal_id, last.seq, last.link)
        walk = Walk(start, self._kept)
        try:
            for row in reader.entries.rows(start.seq):
                if fault := walk.step(row):
                    raise refused(self._database, fault)
                yield reader.stored(row)
        except BrokenPromiseError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
