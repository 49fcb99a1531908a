"""Signatures and dumps are the same on every database that a journal lives in."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bridge_patch.adapters.dump import export_journal, read_manifest
from bridge_patch.adapters.dump_check import verify_dump
from bridge_patch.adapters.journal_key import PUBLIC_NAME, make_key, read_public_keys
from bridge_patch.adapters.journal_schema import CHECKPOINTS, ENTRIES, Database
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.vouching import newest, require_key
from bridge_patch.app.commands.verify import verified
from bridge_patch.domain.errors import BrokenPromiseError
from tests.contracts.samples import NOON_MS, seen
from tests.contracts.sites import run

COUNT = 1_100


def written(database: Database, key_file: Path, count: int) -> None:
    journal = SqlJournal(
        database,
        run_id="r",
        clock=ManualClock(NOON_MS),
        new_id=lambda: "id-1",
        key_file=key_file,
    )
    with closing(journal):
        for begin in range(0, count, 100):
            run(journal.append([seen("a", begin + n) for n in range(100)]))


def test_a_journal_is_signed_and_its_dump_proves_itself(
    database: Database, tmp_path: Path
) -> None:
    key_file = tmp_path / "keys" / "journal.key"
    written(database, key_file, COUNT)
    written(database, key_file, 100)
    keys = read_public_keys(database.head_path.with_name(PUBLIC_NAME))
    found = verified(database, keys=keys)
    export_journal(database, tmp_path / "dump", segment=500)
    dumped = verify_dump(tmp_path / "dump", read_manifest(tmp_path / "dump"), keys)

    assert found.ok, found.faults
    assert (found.checkpoints, found.signed_seq) == (4, COUNT + 100)
    assert dumped == found


@pytest.mark.parametrize("what", ["a checkpoint", "the last entries"])
def test_what_is_taken_out_is_noticed(
    database: Database, tmp_path: Path, opened: ExitStack, what: str
) -> None:
    key_file = tmp_path / "journal.key"
    written(database, key_file, COUNT)
    engine = database.engine()
    opened.callback(engine.dispose)
    with engine.begin() as connection:
        if what == "a checkpoint":
            connection.execute(CHECKPOINTS.delete().where(CHECKPOINTS.c.seq == 1_000))
        else:
            connection.execute(ENTRIES.delete().where(ENTRIES.c.seq > COUNT - 10))
    found = verified(
        database, keys=read_public_keys(database.head_path.with_name(PUBLIC_NAME))
    )

    assert COUNT in {fault.seq for fault in found.faults}
    if what == "the last entries":
        with pytest.raises(BrokenPromiseError, match="a checkpoint was signed for"):
            written(database, key_file, 0)


def test_a_journal_whose_checkpoints_are_gone_is_not_signed_again(
    database: Database, tmp_path: Path, opened: ExitStack
) -> None:
    """Whoever rewrote it would have it signed by the next start."""
    key_file = tmp_path / "journal.key"
    written(database, key_file, 300)
    engine = database.engine()
    opened.callback(engine.dispose)
    with engine.begin() as connection:
        connection.execute(CHECKPOINTS.delete())
    with pytest.raises(BrokenPromiseError, match="entry 1 of the journal: no signature"):
        written(database, key_file, 0)
    keys = read_public_keys(database.head_path.with_name(PUBLIC_NAME))

    assert [fault.seq for fault in verified(database, keys=keys).faults] == [1]
    with engine.connect() as connection:
        assert newest(connection) is None


def test_the_key_is_asked_for_and_not_made(database: Database, tmp_path: Path) -> None:
    key_file, other = tmp_path / "journal.key", tmp_path / "other.key"
    written(database, key_file, 100)
    make_key(other)
    require_key(database, key_file)
    with pytest.raises(BrokenPromiseError, match=r"holds .* name the file of that key"):
        require_key(database, other)
    with pytest.raises(BrokenPromiseError, match="is missing: bring that file back"):
        require_key(database, tmp_path / "none.key")

    assert not (tmp_path / "none.key").exists()
