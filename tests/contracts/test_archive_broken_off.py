"""An archive that is broken off, at whatever step, has lost no entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bridge_patch.adapters import archive as archive_
from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.entry_files import part_of, read_rows
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_segments import FOLDER
from bridge_patch.app.commands.verify import verified
from bridge_patch.domain.errors import BrokenPromiseError, FencedError
from tests.contracts.archived_journals import (
    entries,
    files,
    in_table,
    opened,
    parts,
    public,
    written,
)
from tests.contracts.half_archived import HOLDER, archived

_DELETE = archive_._delete


class Crash(BaseException):
    """The process ends here."""


def crashing(*_: object, **__: object) -> None:
    raise Crash


def half_written(path: Path, head: object, rows: object, notes: object = None) -> None:
    part_of(path).write_bytes(b"PAR1 and no more")
    raise Crash


def deleted(connection: Connection, first: int, last: int) -> None:
    _DELETE(connection, first, last)
    raise Crash


#: What is put in the place of a function of the archive, so that it ends there.
STEPS: dict[str, tuple[str, Callable[..., None]]] = {
    "writing the file": ("write_entries", half_written),
    "the file has its name": ("_read_back", crashing),
    "about to commit": ("asdict", crashing),
    "half of the commit": ("run_of", crashing),
    "entries deleted, not committed": ("_delete", deleted),
}


def test_a_crash_leaves_every_entry_in_table_or_file(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(database, *parts(5))
    before = entries(database)
    for step, (name, crash) in STEPS.items():
        with monkeypatch.context() as patch:
            patch.setattr(archive_, name, crash)
            with pytest.raises(Crash):
                archived(database, segment=20)

        assert entries(database) == before, step
        assert len(in_table(database)) == 50, step
        assert verified(database, keys=public(database)).ok, step
    assert archived(database, segment=30).ends == (30, 40)
    assert entries(database) == before
    assert [file.suffix for file in files(database)] == [".parquet"] * 2
    assert verified(database, keys=public(database)).ok


def test_who_lost_the_lease_moves_nothing_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(database, *parts(5))

    def taken_over(path: Path, rows: Iterable[Row]) -> list[tuple[str, int]]:
        with opened(database, Claim(holder=HOLDER, ttl_ms=60_000)):
            return []

    monkeypatch.setattr(archive_, "_read_back", taken_over)
    with pytest.raises(FencedError, match="another process has taken over"):
        archived(database)

    assert len(in_table(database)) == 50


def test_what_is_not_read_back_as_it_was_written_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(database, *parts(5))

    def damaged(path: Path) -> Iterator[Row | None]:
        return (row and row._replace(run_id="other") for row in read_rows(path))

    monkeypatch.setattr(archive_, "read_rows", damaged)
    with pytest.raises(BrokenPromiseError, match="entry 1 was not read back as it was"):
        archived(database)

    assert len(in_table(database)) == 50


def test_a_folder_that_cannot_be_written_is_told(database: Database) -> None:
    written(database, *parts(5))
    database.head_path.with_name(FOLDER).write_text("in the way", encoding="utf-8")
    with pytest.raises(BrokenPromiseError, match="its entries stay in the database"):
        archived(database)

    assert len(in_table(database)) == 50
