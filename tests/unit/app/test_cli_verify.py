"""`verify` says whether the journal is whole, where it is not, and what to do."""

import json
import sqlite3
from pathlib import Path

import pytest

from bridge_patch.adapters.journal_key import make_key, tell_auditors
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.commands.export import export
from bridge_patch.app.commands.options import ExportOptions, VerifyOptions
from bridge_patch.app.commands.verify import verify
from tests.unit.adapters.lines_samples import ACCEPTED, OTHER_EVENTS, SETTLED
from tests.unit.adapters.signed_journals import write_signed
from tests.unit.app.journals import options, write_journal

#: The verdict's number in the journal; the outcome behind it is the last entry.
MID = len(OTHER_EVENTS) + 1


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "bridge.db", (*OTHER_EVENTS, ACCEPTED, SETTLED))


def test_a_whole_journal_passes_with_its_count_and_head(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(VerifyOptions(source=options(journal))) == 0
    out = capsys.readouterr().out

    assert f"✅ {journal}: {len(OTHER_EVENTS) + 2} entries, every link holds" in out
    assert f"head {len(OTHER_EVENTS) + 2} " in out


@pytest.mark.parametrize(
    ("damage", "seq"),
    [
        ("UPDATE journal SET body = replace(body, '1.61', '1.62') WHERE seq = ?", MID),
        ("DELETE FROM journal WHERE seq = ?", MID + 1),
        ("DELETE FROM journal WHERE seq = ?", 3),
    ],
    ids=["edited", "cut off", "dropped"],
)
def test_damage_is_found_and_the_message_says_where_and_what_to_do(
    damage: str, seq: int, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = sqlite3.connect(journal)
    assert connection.execute(damage, (seq,)).rowcount == 1
    connection.commit()
    connection.close()

    assert verify(VerifyOptions(source=options(journal))) == 1
    out = capsys.readouterr().out
    assert f"- entry {seq}: " in out
    assert "what to do: restore the journal and its .head file" in out
    assert verify(VerifyOptions(source=options(journal, as_json=True))) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["faults"][0]["entry"] == seq


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    file = SqliteFile(tmp_path / "bridge.db")
    write_signed(file, 1_200)
    return file.path


def test_signatures_are_told_with_the_key_and_where_it_comes_from(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that lies beside what it proves is worth little, and that is said."""
    own = tmp_path / "auditor.pub"
    own.write_bytes(signed.with_name("journal.pub").read_bytes())
    assert verify(VerifyOptions(source=options(signed))) == 0
    found = capsys.readouterr().out
    assert verify(VerifyOptions(source=options(signed), public_key=own)) == 0
    named = capsys.readouterr().out
    signed.with_name("journal.pub").unlink()
    assert verify(VerifyOptions(source=options(signed))) == 0
    unchecked = capsys.readouterr().out

    for text in (found, named, unchecked):
        assert "2 checkpoints, the last of entry 1200" in text
    assert "compare its id with one that you were told" in found
    assert f"({own})" in named
    assert "compare its id" not in named
    assert "not checked, name the public key with --public-key" in unchecked


def test_a_dump_is_verified_by_itself(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the database, with the key of the auditor, and with a wrong one."""
    folder, source = tmp_path / "dump", options(signed)
    assert export(ExportOptions(source=source, folder=folder)) == 0
    assert f"verify --dump {folder}" in capsys.readouterr().out
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    own = signed.with_name("journal.pub").rename(tmp_path / "auditor.pub")
    signed.unlink()
    tell_auditors(tmp_path / "wrong.pub", make_key(tmp_path / "wrong.key"))
    assert verify(VerifyOptions(source=source, dump=moved, public_key=own)) == 0
    assert "✅" in capsys.readouterr().out
    assert verify(VerifyOptions(source=source, dump=moved)) == 0
    assert "compare its id" in capsys.readouterr().out
    wrong = tmp_path / "wrong.pub"
    assert verify(VerifyOptions(source=source, dump=moved, public_key=wrong)) == 1
    assert "names the key" in capsys.readouterr().out


def test_an_export_says_as_json_what_it_wrote(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for _ in range(2):
        source = options(signed, as_json=True)
        export(ExportOptions(source=source, folder=tmp_path / "dump"))
        told.append(json.loads(capsys.readouterr().out))

    assert [each["segments_written"] for each in told] == [1, 0]
    assert told[0]["head"]["seq"] == 1_200
