"""Segments: what was moved out of a journal's table into files, and is part of it still.

The files lie in `STATE_DIR/segments`, whatever the database is. What the table of segments
says of a file is believed at a start only where the file's digest is the one it names;
whether the entries in it are the ones that were signed is for `verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.chain import Fault, Head, Row, Walk
from bridge_patch.domain.errors import BrokenPromiseError

FOLDER: Final = "segments"
_REMEDY: Final = "bring that file back from a backup, as it was, and start again"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of entries, as the table of segments knows it."""

    first_seq: int
    last_seq: int
    before: str
    link: str
    file: str
    digest: str
    named: int


@final
@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder in which the files are."""

    folder: Path

    def path(self, segment: Segment) -> Path:
        """Return where a file is; nothing in the database leads out of the folder."""
        return self.folder / Path(segment.file).name

    def fault_of(self, segment: Segment, journal_id: str) -> Fault | None:
        """Return what is wrong with a file, if it is not the one that was written."""
        path = self.path(segment)
        try:
            if digest_of(path) == segment.digest:
                return None
        except OSError as error:
            return Fault(
                segment.first_seq, f"{path} cannot be read: {error.strerror}: {_REMEDY}"
            )
        first = self._first_wrong(segment, journal_id)
        what = f"{path} is not the file that was written: {_REMEDY}"
        return Fault(first or segment.first_seq, what)

    def rows(self, segment: Segment, after_seq: int = 0) -> Iterator[Row]:
        """Yield the entries behind a number, all of them or BrokenPromiseError."""
        from bridge_patch.adapters import entry_files  # noqa: PLC0415 - slow to import

        path, seq = self.path(segment), max(after_seq, segment.first_seq - 1)
        try:
            for row in entry_files.read_rows(path, after_seq):
                if row is None or row.seq != seq + 1 or row.seq > segment.last_seq:
                    raise _strange(path, seq + 1)
                seq = row.seq
                yield row
        except entry_files.UNREADABLE as error:
            raise _unreadable(path, error) from error
        if seq != segment.last_seq:
            raise _strange(path, seq + 1)

    def at(self, segment: Segment, numbers: Sequence[int]) -> tuple[Row, ...]:
        """Return the entries of these numbers, which are in the file."""
        from bridge_patch.adapters import entry_files  # noqa: PLC0415 - slow to import

        path = self.path(segment)
        try:
            found = tuple(filter(None, entry_files.rows_at(path, numbers)))
        except entry_files.UNREADABLE as error:
            raise _unreadable(path, error) from error
        if [row.seq for row in found] != list(numbers):
            raise _strange(path, numbers[0])
        return found

    def of_kinds(
        self, segment: Segment, kinds: Collection[str], after_seq: int
    ) -> Iterator[Row]:
        """Yield the entries of these kinds behind a number, oldest first."""
        from bridge_patch.adapters import entry_files  # noqa: PLC0415 - slow to import

        path = self.path(segment)
        try:
            found = entry_files.rows_of_kinds(path, kinds, after_seq)
            yield from filter(None, found)
        except entry_files.UNREADABLE as error:
            raise _unreadable(path, error) from error

    def ids(self, segment: Segment) -> list[str]:
        """Return the intent of each entry that is about one, in their order."""
        from bridge_patch.adapters import entry_files  # noqa: PLC0415 - slow to import

        path = self.path(segment)
        try:
            found = entry_files.read_columns(path, ("intent_id",))
            return [about for (about,) in found if about]
        except entry_files.UNREADABLE as error:
            raise _unreadable(path, error) from error

    def _first_wrong(self, segment: Segment, journal_id: str) -> int:
        """Return the first entry that is not as it was written; 0 where none is found."""
        walk = Walk(Head(journal_id, segment.first_seq - 1, segment.before), None)
        try:
            for row in self.rows(segment):
                if fault := walk.step(row):
                    return fault.seq
        except BrokenPromiseError:
            return walk.head.seq + 1
        return 0


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, as sha256sum shows it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _strange(path: Path, seq: int) -> BrokenPromiseError:
    msg = f"entry {seq} of the journal: {path} is not the file that was written: {_REMEDY}"
    return BrokenPromiseError(msg)


def _unreadable(path: Path, error: Exception) -> BrokenPromiseError:
    return BrokenPromiseError(f"{path} cannot be read: {error}: {_REMEDY}")
