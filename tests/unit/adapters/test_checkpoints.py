"""A journal that somebody rewrote as a whole, chain and head file included, is found."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.checkpoints import EVERY
from bridge_patch.adapters.journal_key import make_key, read_key
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.domain.errors import BrokenPromiseError
from tests.unit.adapters.signed_journals import (
    add,
    checked,
    edited,
    open_signed,
    rewrite,
    signed_at,
    write_signed,
)

COUNT = 2_600


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    write_signed(SqliteFile(folder / "bridge.db"), COUNT)
    return folder


@pytest.fixture
def file(written: Path, tmp_path: Path) -> SqliteFile:
    """A signed journal, its key, its public key and its head."""
    for path in written.iterdir():
        shutil.copy2(path, tmp_path)
    return SqliteFile(tmp_path / "bridge.db")


def test_an_untouched_journal_is_signed_up_to_its_end(file: SqliteFile) -> None:
    """Its first append, every thousandth entry, and where it was stopped."""
    found = checked(file)

    assert found.ok, found.faults
    assert signed_at(file) == [250, 1_000, 2_000, COUNT]
    assert (found.checkpoints, found.signed_seq, found.unsigned) == (4, COUNT, None)
    key = read_key(file.path.with_name("journal.key"))
    assert key is not None
    assert found.trusted == (key.id,)


def test_a_start_signs_what_a_crash_left_unsigned(file: SqliteFile) -> None:
    journal = open_signed(file)
    add(journal, 10)
    journal._vouch = None  # the process is killed: nobody signs at its end
    journal.close()
    assert signed_at(file)[-1] == COUNT
    open_signed(file).close()

    assert signed_at(file)[-1] == COUNT + 10
    assert checked(file).ok


def test_a_stop_does_not_sign_where_somebody_else_went_on(file: SqliteFile) -> None:
    """Else the signatures of two writers would be out of order."""
    slow = open_signed(file)
    add(slow, 5)
    with closing(open_signed(file, key=None)) as other:
        add(other, 5)
    slow.close()

    assert signed_at(file) == [250, 1_000, 2_000, COUNT]


@pytest.mark.parametrize("at", [1, 999, 1_000, 1_001, COUNT])
def test_a_rewritten_past_does_not_fit_its_signature(file: SqliteFile, at: int) -> None:
    """Whoever has no key can make everything fit but that."""
    rewrite(file, lambda seq, body: f"{body} " if seq == at else body)
    first = next(seq for seq in (250, 1_000, 2_000, COUNT) if seq >= at)
    found = checked(file)

    assert found.faults[0].seq == first
    assert "a checkpoint was signed for" in found.faults[0].what


def test_without_the_keys_even_the_links_tell(file: SqliteFile) -> None:
    """The signatures are not checked then, and it says so."""
    rewrite(file, lambda seq, body: f"{body} " if seq == 1 else body)
    found = verify_journal(file.path)

    assert found.faults[0].seq == 250
    assert found.trusted == ()


def test_an_entry_taken_out_and_closed_over_is_noticed(file: SqliteFile) -> None:
    rewrite(file, lambda seq, body: None if seq == 1_500 else body)
    seqs = [fault.seq for fault in checked(file).faults]

    assert seqs == [2_000, COUNT]


def test_an_end_cut_off_together_with_its_head_is_noticed(file: SqliteFile) -> None:
    rewrite(file, lambda seq, body: None if seq > 2_300 else body)
    (fault,) = checked(file).faults

    assert fault.seq == COUNT
    assert "cut off" in fault.what
    with pytest.raises(BrokenPromiseError, match=f"entry {COUNT} of the journal: missing"):
        open_signed(file)


def test_a_rewritten_journal_is_not_written_on(file: SqliteFile) -> None:
    """Found at the start, at the last signature: it is younger than most edits."""
    rewrite(file, lambda seq, body: f"{body} " if seq == 1_500 else body)
    before = file.path.read_bytes()
    with pytest.raises(BrokenPromiseError, match="a checkpoint was signed for"):
        open_signed(file)

    assert file.path.read_bytes() == before


def test_a_forger_with_a_key_of_his_own_is_named(file: SqliteFile) -> None:
    """He signs everything anew; the auditor has the public key of the real one."""
    forged = SqliteFile(file.path.parent / "his" / "bridge.db")
    forged.path.parent.mkdir()
    write_signed(forged, COUNT)
    his = read_key(forged.path.with_name("journal.key"))
    assert his is not None
    assert checked(forged).ok
    found = checked(forged, "../journal.pub")

    assert [fault.seq for fault in found.faults] == [250]
    assert his.id in found.faults[0].what


@pytest.mark.parametrize(
    ("removal", "seq", "what"),
    [
        (
            "DELETE FROM journal_checkpoint WHERE seq = 1000",
            2_000,
            "follows one of entry 1000, which was removed",
        ),
        (
            "DELETE FROM journal_checkpoint WHERE seq = 2000",
            COUNT,
            "follows one of entry 2000, which was removed",
        ),
        (
            "DELETE FROM journal_checkpoint WHERE seq >= 2000",
            1_001,
            "no signature on the last 1000 entries or more",
        ),
        (
            "DELETE FROM journal_checkpoint",
            1,
            "no signature on it nor on any other: all checkpoints were removed",
        ),
    ],
)
def test_a_removed_checkpoint_is_a_gap_that_is_named(
    file: SqliteFile, removal: str, seq: int, what: str
) -> None:
    with edited(file) as connection:
        assert connection.execute(removal).rowcount
    (fault,) = checked(file).faults

    assert fault.seq == seq
    assert what in fault.what


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal_checkpoint SET at_ms = at_ms + 1 WHERE seq = 2000",
        "UPDATE journal_checkpoint SET at_ms = 'later' WHERE seq = 2000",
        "UPDATE journal_checkpoint SET previous = 999 WHERE seq = 2000",
        "UPDATE journal_checkpoint SET signature = 'ff' WHERE seq = 2000",
        "UPDATE journal_checkpoint SET signature = 'no hex' WHERE seq = 2000",
        "UPDATE journal_checkpoint SET signature = x'00' WHERE seq = 2000",
    ],
)
def test_any_edit_of_a_checkpoint_is_noticed(file: SqliteFile, change: str) -> None:
    with edited(file) as connection:
        assert connection.execute(change).rowcount == 1
    (fault,) = checked(file).faults

    assert (fault.seq, "signature of its checkpoint is wrong" in fault.what) == (
        2_000,
        True,
    )


def test_a_wrong_public_key_is_said_once_with_both_names(file: SqliteFile) -> None:
    make_key(file.path.with_name("other.key"))
    other = read_key(file.path.with_name("other.key"))
    assert other is not None
    found = verify_journal(file.path, keys=other.public)

    assert len(found.faults) == 1
    assert other.id in found.faults[0].what


def test_few_entries_are_ever_unsigned(tmp_path: Path) -> None:
    """However large the batches: what is due is signed within the batch that brings it."""
    file = SqliteFile(tmp_path / "bridge.db")
    with closing(open_signed(file)) as journal:
        for batch in (1, 999, 2_500, 999, 1, 3):
            add(journal, batch, batch=batch)
            assert journal.head.seq - signed_at(file)[-1] < EVERY

    assert signed_at(file) == [1, 1_000, 2_000, 3_000, 4_000, 4_503]
    assert checked(file).ok
