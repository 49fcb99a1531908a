"""The demo: the same twice, complete, and honest about a journal that was touched."""

import json
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.harness import MARKET, needs_market, run

pytestmark = [pytest.mark.e2e, needs_market]

DAYS = ("--days-shadow", "2", "--days-live", "2")
#: What differs between two runs of the same demo, and nothing else may.
OF_THE_RUN = ("run_id", "recorded_ms")
VERDICT = re.compile(r"^\[GOVERNOR\] (✅ ACCEPT|❌ REJECT) ")


def play(folder: Path) -> dict[str, object]:
    done = run(
        "demo", "--data", MARKET, "--state", folder, *DAYS, "--json", cwd=folder.parent
    )
    assert done.returncode == 0, done.stderr
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


def decisions(folder: Path) -> list[dict[str, object]]:
    done = run("decisions", "--json", "--journal", folder / "bridge.db", cwd=folder)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return [{k: v for k, v in row.items() if k not in OF_THE_RUN} for row in rows]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, object]]:
    root = tmp_path_factory.mktemp("demo")
    one, other = root / "one", root / "other"
    summary = play(one)
    play(other)
    return one, other, summary


def test_two_runs_decide_the_same(twice: tuple[Path, Path, dict[str, object]]) -> None:
    """Replay time and a barrier: neither speed nor chance changes a verdict."""
    first, second = decisions(twice[0]), decisions(twice[1])

    assert len(first) > 100
    assert first == second


def test_the_table_says_what_a_demo_has_to_show(
    twice: tuple[Path, Path, dict[str, object]],
) -> None:
    summary = twice[2]
    phases = summary["phases"]
    assert isinstance(phases, dict)

    assert list(phases) == ["shadow", "live"]
    assert phases["shadow"]["orders sent to the venue"] == "0"
    assert int(phases["live"]["orders sent to the venue"]) > 0
    for phase in phases.values():
        for row in ("accepted as asked", "clamped", "refused", "dead-lettered", "fills"):
            assert int(phase[row]) > 0, row
        assert "equity as asked, USD" in phase
        assert "equity as governed, USD" in phase
    assert "0 verdicts differ" in str(summary["judged again from the journal"])


def test_the_log_holds_every_verdict_of_both_phases_once(
    twice: tuple[Path, Path, dict[str, object]],
) -> None:
    """A phase must not close the file that the next one writes to."""
    folder = twice[0]
    judged = Counter(str(row["intent_id"]) for row in decisions(folder))
    lines = (folder / "demo.log").read_text(encoding="utf-8").splitlines()
    verdicts = [line for line in lines if VERDICT.search(line)]
    logged = Counter(line.rpartition("intent=")[2].split()[0] for line in verdicts)

    assert logged == judged
    assert {" mode=shadow" in line for line in lines if "[EXEC_INTENT]" in line} == {
        True,
        False,
    }


def test_verify_finds_one_changed_character(
    twice: tuple[Path, Path, dict[str, object]],
) -> None:
    journal = twice[0] / "bridge.db"
    assert run("verify", "--journal", journal, cwd=twice[0]).returncode == 0
    with sqlite3.connect(journal) as db:
        seq, body = db.execute(
            "SELECT seq, body FROM journal WHERE kind = 'Judged' LIMIT 1"
        ).fetchone()
        spoilt = body.replace("USDT", "USDC", 1)
        db.execute("UPDATE journal SET body = ? WHERE seq = ?", (spoilt, seq))
    done = run("verify", "--journal", journal, cwd=twice[0])

    assert done.returncode == 1
    assert f"entry {seq}" in done.stdout


def test_verify_finds_a_missing_end(twice: tuple[Path, Path, dict[str, object]]) -> None:
    journal = twice[1] / "bridge.db"
    assert run("verify", "--journal", journal, cwd=twice[1]).returncode == 0
    with sqlite3.connect(journal) as db:
        db.execute("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
    done = run("verify", "--journal", journal, cwd=twice[1])

    assert done.returncode == 1


def test_a_folder_with_another_run_is_not_cleared(tmp_path: Path) -> None:
    """A demo starts from nothing, and never at the cost of somebody's journal."""
    precious = tmp_path / "bridge.db"
    precious.write_bytes(b"not yours")
    done = run("demo", "--data", MARKET, "--state", tmp_path, cwd=tmp_path)

    assert done.returncode == 2
    assert "name another folder" in done.stderr
    assert precious.read_bytes() == b"not yours"
