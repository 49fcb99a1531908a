"""The key that signs a journal: made once, kept private, changed in order."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.journal_key import make_key, read_public_keys
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from tests.unit.adapters.signed_journals import add, checked, open_signed, write_signed

COUNT = 10


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    """A signed journal and its key."""
    made = SqliteFile(tmp_path / "bridge.db")
    write_signed(made, COUNT)
    return made


def lose(key: Path) -> None:
    key.unlink()


def replace(key: Path) -> None:
    key.unlink()
    make_key(key)


def open_up(key: Path) -> None:
    key.chmod(0o640)


def damage(key: Path) -> None:
    key.write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lose, "is missing: bring that file back"),
        (replace, "change the key as docs/audit.md says"),
        (open_up, "chmod 600"),
        (damage, "expected Ed25519 keys in PEM"),
    ],
)
def test_no_start_with_a_key_other_than_the_one_that_signed(
    file: SqliteFile, harm: Callable[[Path], None], says: str
) -> None:
    """And nothing is overwritten: neither the journal nor the key."""
    key = file.path.with_name("journal.key")
    harm(key)
    before = {path: path.read_bytes() for path in file.path.parent.iterdir()}
    with pytest.raises(BrokenPromiseError, match=says):
        open_signed(file)

    assert {path: path.read_bytes() for path in before} == before
    assert key.exists() == (key in before)


def test_a_key_is_changed_under_the_eyes_of_the_old_one(file: SqliteFile) -> None:
    """The new one first in the file, the old one behind it; later the new one alone."""
    key, new = file.path.with_name("journal.key"), file.path.with_name("new.key")
    made = make_key(new)
    old = key.read_bytes()
    key.write_bytes(new.read_bytes() + old)
    with closing(open_signed(file)) as journal:
        add(journal, 1)
    key.write_bytes(new.read_bytes())
    with closing(open_signed(file)) as journal:
        add(journal, 1)
    found = checked(file)

    assert found.ok, found.faults
    assert found.signed_seq == COUNT + 2
    assert len(found.trusted) == 2
    assert made.id in found.trusted


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PUBLIC KEY-----"])
def test_what_is_no_public_key_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.pub"
    path.write_text(text)
    with pytest.raises(InvalidValueError, match=r"x\.pub: expected Ed25519 public keys"):
        read_public_keys(path)


def test_a_key_is_for_its_owner_alone(file: SqliteFile) -> None:
    assert file.path.with_name("journal.key").stat().st_mode & 0o777 == 0o600


def test_a_key_is_made_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a key would keep every later start from going on."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(BrokenPromiseError, match=r"journal\.key.*No space left"):
            open_signed(SqliteFile(tmp_path / "bridge.db"))
    assert not (tmp_path / "journal.key").exists()
    open_signed(SqliteFile(tmp_path / "bridge.db")).close()

    assert sorted(path.suffix for path in tmp_path.glob("journal.*")) == [".key", ".pub"]


def test_a_key_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "journal.key"
    make_key(path)
    before = path.read_bytes()
    with pytest.raises(BrokenPromiseError, match="File exists"):
        make_key(path)

    assert path.read_bytes() == before
