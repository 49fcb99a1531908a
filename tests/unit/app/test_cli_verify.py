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
from tests.unit.adapters.signed_journals import edited, write_signed
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
        assert "3 checkpoints, the last of entry 1200" in text
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


def test_what_is_not_signed_is_said_and_fails_who_asks_for_all(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a graceful stop there is none; without a key nothing is signed at all."""
    public = signed.with_name("journal.pub")
    source, told = options(signed), options(signed, as_json=True)
    strict = VerifyOptions(source=source, public_key=public, all_signed=True)
    assert verify(strict) == 0
    assert "not signed" not in capsys.readouterr().out
    with edited(SqliteFile(signed)) as connection:
        connection.execute("DELETE FROM journal_checkpoint WHERE seq = 1200")
    assert verify(VerifyOptions(source=source, public_key=public)) == 0
    assert "entries 1001–1200 are chained, not signed" in capsys.readouterr().out
    assert verify(VerifyOptions(source=told, public_key=public)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["checkpoints"]["not_signed"] == [1_001, 1_200]
    assert verify(strict) == 1
    assert "- entry 1001: entries 1001–1200 are chained" in capsys.readouterr().out
    public.unlink()
    assert verify(VerifyOptions(source=source, all_signed=True)) == 1
    assert "--all-signed needs a public key" in capsys.readouterr().out


def test_entries_from_before_signing_do_not_count_with_a_named_key_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first signature covers them, and says that it knows no more of them."""
    journal = write_journal(tmp_path / "bridge.db", OTHER_EVENTS)
    count = len(OTHER_EVENTS)
    with edited(SqliteFile(journal)) as connection:
        for table in ("checkpoint", "lease", "named", "segment", "archived"):
            connection.execute(f"DROP TABLE journal_{table}")
        sql = "UPDATE journal_meta SET value = '1' WHERE name = 'schema_version'"
        connection.execute(sql)
    write_journal(journal, (), key_file=journal.with_name("journal.key"))
    public = journal.with_name("journal.pub")
    source = options(journal)
    assert verify(VerifyOptions(source=source)) == 0
    said = f"entries 1–{count} were written before signing began"
    assert said in capsys.readouterr().out
    for until, code in ((0, 1), (count - 1, 1), (count, 0)):
        wish = VerifyOptions(source=source, public_key=public, unsigned_until=until)
        assert verify(wish) == code
        assert said in capsys.readouterr().out.replace("\n", " ")
