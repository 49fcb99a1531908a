"""`status` on a screen and as JSON, and what it says of a journal that is not whole."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.app.commands.status import status
from bridge_patch.domain.intent import Mode
from tests.unit.adapters.lines_samples import FILLED
from tests.unit.app.journals import options, write_journal
from tests.unit.app.story import RUN, story
from tests.unit.app.story_files import write_story


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_story(tmp_path_factory.mktemp("status"))


def screen(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The last line under each label."""
    assert status(options(path)) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    return {line[0]: line[1] for line in lines if len(line) > 1}


def test_the_screen_says_what_needs_a_person_first(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = screen(journal, capsys)

    assert said["mode"] == "LIVE on the paper venue, simulated"
    assert said["state"].startswith("REDUCING since 2025-05-05 00:41:00 UTC, DAILY_LOSS by")
    assert said["today"].startswith("-6.20 %, limit -6 % (began at 10000.00 USD)")
    assert said["entries"] == "4 in this run: 2 accepted, 1 clamped, 1 refused"
    assert said["bus"].endswith("trade.intent: execution is 1 behind, 0 pending")
    assert "39 entries, and its head agrees" in said["journal"]
    assert said["account"].split()[:3] == ["BTCUSDT", "BUY", "0.071"]


def test_json_has_every_part_of_it(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(options(journal, as_json=True)) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["run"]["simulated"] is True
    assert told["state"]["who"] == "governor"
    assert told["in_doubt"][0]["state"] == "UNKNOWN"
    assert told["naked"]["now_sec"] == {}
    assert told["naked"]["spells"] == 2
    assert told["streams"] == {
        "quantum:dlq:trade.intent": 2,
        "quantum:stream:trade.intent": 3,
    }
    assert told["journal"]["entries"] == told["journal"]["head_seq"] == 39


def test_a_shadow_run_says_that_the_venue_receives_no_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_journal(tmp_path / "j.db", [replace(RUN, mode=Mode.SHADOW)])
    said = screen(path, capsys)

    assert said["mode"] == "SHADOW on the paper venue that receives no entry, simulated"
    assert said["bus"] == "none in this file"


def test_real_money_and_a_naked_position_cannot_be_overlooked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_journal(tmp_path / "j.db", [replace(RUN, venue="binance"), FILLED])
    said = screen(path, capsys)

    assert said["mode"] == "LIVE on the binance venue, REAL MONEY"
    assert said["state"] == "REDUCING, NAKED by governor: no stop protects BTCUSDT"
    assert " NAKED " in said["account"]


def test_a_fail_open_run_says_so_in_its_first_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """M-26: every screen of such a run says that it is one."""
    soft = replace(RUN, limits=RUN.limits.replace("fail_open=False", "fail_open=True"))
    status(options(write_journal(tmp_path / "j.db", [soft])))
    first, *_ = capsys.readouterr().out.splitlines()

    assert first.startswith("!")
    assert "GOVERNOR_FAIL_OPEN=true in this LIVE run" in first


def test_a_journal_whose_end_was_cut_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_story(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
    connection.commit()
    connection.close()

    assert status(options(path)) == 1
    assert f"its end was cut off: 38 entries of {len(story())}" in capsys.readouterr().out


def test_a_journal_without_a_run_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = screen(write_journal(tmp_path / "j.db", []), capsys)

    assert said["run"] == "none: nothing has started in this folder yet"
    assert said["positions"] == "none"


def test_what_waits_is_on_the_screen(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The story leaves one intent on the bus, which does not say when it was made."""
    said = screen(journal, capsys)
    status(options(journal, as_json=True))
    backlog = json.loads(capsys.readouterr().out)["backlog"]

    assert said["backlog"] == "1 waiting"
    assert (backlog["lag"], backlog["pending"], backlog["alarm"]) == (1, 0, "")
    assert backlog["oldest_age_ms"] is None
