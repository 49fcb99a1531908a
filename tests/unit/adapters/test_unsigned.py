"""What nobody signed is not signed afterwards, and never passes for signed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.checkpoints import EVERY
from bridge_patch.adapters.journal_key import read_public_keys
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.domain.errors import BrokenPromiseError
from tests.unit.adapters.signed_journals import (
    add,
    checked,
    edited,
    forge_all,
    open_signed,
    rewrite,
    signed_at,
    write_signed,
)


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    """A signed journal in a folder of its own."""
    return SqliteFile(tmp_path / "bridge.db")


def refused(file: SqliteFile, why: str) -> None:
    """A start says why it does not begin, and leaves all files as they are."""
    folder = file.path.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(BrokenPromiseError, match=why):
        open_signed(file)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("count", [1, 900, 2_600])
@pytest.mark.parametrize("gone", [(), ("journal.pub",), ("journal.pub", "journal.key")])
def test_a_rewritten_past_without_checkpoints_is_not_signed(
    file: SqliteFile, count: int, gone: tuple[str, ...]
) -> None:
    """Else a forger would only have to wait for the next start."""
    write_signed(file, count)
    keys = read_public_keys(file.path.with_name("journal.pub"))
    forge_all(file)
    for name in gone:
        file.path.with_name(name).unlink()
    refused(file, r"entry 1 of the journal: no signature .* restore the journal")
    found = verify_journal(file.path, keys=keys)

    assert [(fault.seq, fault.what[:12]) for fault in found.faults] == [(1, "no signature")]


def test_more_than_a_crash_leaves_is_not_signed(file: SqliteFile) -> None:
    """With the first checkpoints left in their place, and all behind them rewritten."""
    write_signed(file, 2_600)
    rewrite(file, lambda seq, body: f"{body} " if seq > 1_000 else body)
    with edited(file) as connection:
        connection.execute("DELETE FROM journal_checkpoint WHERE seq > 1000")

    refused(file, "entry 1001 of the journal: no signature .* a checkpoint was removed")
    assert checked(file).faults[0].seq == 1_001


def test_a_crash_in_the_first_append_and_behind_it_is_gone_on_from(
    file: SqliteFile,
) -> None:
    """What a killed process can leave, at most: one short of the next signature."""
    for count in (0, 1, EVERY - 2):
        journal = open_signed(file)
        add(journal, count)
        journal._vouch = None  # the process is killed: nobody signs at its end
        journal.close()
    assert checked(file).ok
    open_signed(file).close()

    assert signed_at(file) == [1, EVERY - 1]


def test_a_gap_between_checkpoints_is_a_fault(file: SqliteFile) -> None:
    """Signed by the real key, over what nobody signed meanwhile."""
    write_signed(file, 10)
    with closing(open_signed(file, key=None)) as journal:
        add(journal, 995)
    with closing(open_signed(file)):
        pass
    assert checked(file).ok
    assert signed_at(file) == [10, 1_005]
    with closing(open_signed(file)) as journal:
        vouch, journal._vouch = journal._vouch, None
        add(journal, EVERY + 1)
        journal._vouch = vouch
    (fault,) = checked(file).faults

    assert fault.seq == 1_006
    assert "no signature up to 2005" in fault.what


def test_what_is_chained_and_not_signed_is_told(file: SqliteFile) -> None:
    """It can be rewritten without a key, so it does not count as signed."""
    write_signed(file, 1_500)
    with edited(file) as connection:
        connection.execute("DELETE FROM journal_checkpoint WHERE seq = 1500")
    rewrite(file, lambda seq, body: f"{body} " if seq > 1_000 else body)
    found = checked(file)

    assert found.ok, found.faults
    assert found.unsigned == (1_001, 1_500)
