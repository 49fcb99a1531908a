"""The command line as a person uses it: exit codes, one message, nothing half done."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bridge_patch.app.settings import ROWS
from tests.e2e.harness import COMMAND, run
from tests.unit.adapters.lines_samples import ACCEPTED, OTHER_EVENTS, SETTLED
from tests.unit.app.journals import write_journal

pytestmark = pytest.mark.e2e

COMMANDS = (
    "demo",
    "run",
    "engine",
    "execution",
    "check",
    "decisions",
    "trace",
    "verify",
    "report",
)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "var" / "bridge.db", (*OTHER_EVENTS, ACCEPTED, SETTLED))


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)

    assert done.returncode == 0
    assert [name for name in COMMANDS if f" {name} " not in done.stdout] == []


def test_help_imports_nothing_heavy() -> None:
    """What makes it answer at once: a timed bound would fail on a busy machine only."""
    code = (
        "import sys, bridge_patch.app.cli; print(*sorted(m for m in ('numpy', 'pyarrow',"
        " 'pydantic', 'sqlalchemy', 'structlog', 'rich.progress', 'aiohttp')"
        " if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""


@pytest.mark.parametrize("command", ["demo", "run", "engine", "execution", "check"])
def test_wrong_settings_stop_every_start_with_all_faults(
    command: str, tmp_path: Path
) -> None:
    done = run(
        command,
        cwd=tmp_path,
        AI_SIZING_MODE="LIVE",
        MAX_POSITON_USD="5",
        MIN_ORDER_USD="",
    )

    assert done.returncode == 2
    assert done.stderr.startswith("bridge-patch: 3 faults in the settings, nothing was")
    for name in ("AI_SIZING_MODE", "MAX_POSITON_USD", "MIN_ORDER_USD"):
        assert f"\n- {name}: expected " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_check_shows_what_is_in_force_and_where_from(tmp_path: Path) -> None:
    path = tmp_path / "x.env"
    path.write_text("# tight\nMAX_POSITION_USD=500\n")
    done = run("check", "--env-file", str(path), cwd=tmp_path, MIN_CONFIDENCE="0.6")
    shown = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}

    assert done.returncode == 0, done.stderr
    assert [row.name for row in ROWS if row.name not in shown] == []
    assert shown["MAX_POSITION_USD"].split()[1:] == ["500", "USD", f"{path}:2"]
    assert shown["MIN_CONFIDENCE"].split()[1:] == ["0.6", "environment"]
    assert shown["MIN_ORDER_USD"].split()[1:] == ["50", "USD", "default"]
    assert "limits hash " in done.stdout


def test_check_as_json_is_json_either_way(tmp_path: Path) -> None:
    good = run("check", "--json", cwd=tmp_path)
    bad = run("check", "--json", cwd=tmp_path, VENUE="moon")

    assert good.returncode == 0
    assert json.loads(good.stdout)["settings"]["VENUE"]["value"] == "paper"
    assert len(json.loads(good.stdout)["limits_hash"]) == 12
    assert bad.returncode == 2
    (fault,) = json.loads(bad.stdout)["faults"]
    assert fault.startswith(
        "VENUE: expected paper, simulator, binance-demo or binance, found 'moon'"
    )


def test_verify_passes_on_what_was_written_and_fails_when_its_end_is_cut(
    journal: Path, tmp_path: Path
) -> None:
    sane = run("verify", cwd=tmp_path)
    connection = sqlite3.connect(journal)
    connection.execute("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
    connection.commit()
    connection.close()
    cut = run("verify", cwd=tmp_path)

    assert sane.returncode == 0, sane.stdout + sane.stderr
    assert f"{len(OTHER_EVENTS) + 2} entries, every link holds" in sane.stdout
    assert cut.returncode == 1
    assert f"- entry {len(OTHER_EVENTS) + 2}: " in cut.stdout


def test_a_reader_that_leaves_early_is_no_error(journal: Path, tmp_path: Path) -> None:
    line = f"'{COMMAND}' decisions --json --journal '{journal}' | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.stdout == "[\n"
    assert "Traceback" not in done.stderr
