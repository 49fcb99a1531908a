"""`verify` says whether the journal is whole, where it is not, and what to do."""

import json
import sqlite3
from pathlib import Path

import pytest

from bridge_patch.app.commands.verify import verify
from tests.unit.adapters.lines_samples import ACCEPTED, OTHER_EVENTS, SETTLED
from tests.unit.app.journals import options, write_journal

#: The verdict's number in the journal; the outcome behind it is the last entry.
MID = len(OTHER_EVENTS) + 1


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "bridge.db", (*OTHER_EVENTS, ACCEPTED, SETTLED))


def test_a_whole_journal_passes_with_its_count_and_head(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(options(journal)) == 0
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

    assert verify(options(journal)) == 1
    out = capsys.readouterr().out
    assert f"- entry {seq}: " in out
    assert "what to do: restore the journal and its .head file" in out
    assert verify(options(journal, as_json=True)) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["faults"][0]["entry"] == seq
