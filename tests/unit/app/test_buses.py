"""Commands whose bus is a server that is away: the journal is there to be looked at."""

from pathlib import Path

import pytest

from bridge_patch.app.commands.options import JournalOptions, TraceOptions
from bridge_patch.app.commands.status import status
from bridge_patch.app.commands.why import why
from bridge_patch.app.settings import DEMO_LOG_NAME
from tests.redis_server import free_port
from tests.unit.app.story import LATE
from tests.unit.app.story_files import WAITING, write_story

OPTIONS = JournalOptions(journal=None, env_file=None, as_json=False)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run's journal, whose bus is away."""
    write_story(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("BUS_URL", f"redis://u:s3cret@127.0.0.1:{free_port()}")
    return tmp_path


def test_status_shows_the_journal_and_the_outage(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(OPTIONS) == 0
    said = capsys.readouterr().out

    assert "OUTAGE, no entries: redis://u:***@127.0.0.1:" in said
    assert "39 entries, and its head agrees" in said
    assert "s3cret" not in said


def test_why_answers_from_the_journal_and_says_what_is_missing(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why(TraceOptions(source=OPTIONS, intent_id=LATE)) == 0
    said = capsys.readouterr()

    assert LATE in said.out
    assert "without the bus: redis://u:***@127.0.0.1:" in said.err


def test_a_demo_has_its_bus_beside_its_journal(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the settings say about that of a run."""
    (state / DEMO_LOG_NAME).touch()

    assert why(TraceOptions(source=OPTIONS, intent_id=WAITING)) == 0
    assert capsys.readouterr().err == ""


def test_so_has_a_journal_that_is_named(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be a copy from anywhere."""
    named = JournalOptions(journal=state / "bridge.db", env_file=None, as_json=False)

    assert why(TraceOptions(source=named, intent_id=WAITING)) == 0
    assert capsys.readouterr().err == ""
