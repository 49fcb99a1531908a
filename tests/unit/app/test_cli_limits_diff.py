"""Before new limits go into force: does B accept anything that A refuses?"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bridge_patch.app.cli import app
from bridge_patch.app.commands.limits_diff import PROVED, WITHIN_THE_RULES, NoSolverError


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in (
        ("shipped", ""),
        ("tighter", "DRAWDOWN_MAX_PCT=10\nSYMBOL_ENTRIES_1H_MAX=3\n"),
        ("looser", "MAX_NOTIONAL_USD=200000\n"),
        ("dear", "TAKER_FEE_PCT=0.06\n"),
        ("young", "AI_SIZING_MODE=shadow\nINTENT_MAX_AGE_SEC=60\nSTATE_DIR=/a\n"),
        ("old", "AI_SIZING_MODE=live\nINTENT_MAX_AGE_SEC=86400\nSTATE_DIR=/b\n"),
        ("blinder", "EQUITY_JUMP_MAX_PCT=3\nSNAPSHOT_AGE_MAX_SEC=7\n"),
        ("raising", "GOVERNOR_BELOW_MIN=clamp\n"),
        ("wrong", "MAX_NOTIONAL_USD=lots\n"),
    ):
        (tmp_path / f"{name}.env").write_text(text)
    return tmp_path


def diff(files: Path, first: str, second: str, *words: str) -> Result:
    paths = [str(files / f"{name}.env") for name in (first, second)]
    return CliRunner().invoke(app, ["limits", "diff", *paths, *words])


def test_tighter_limits_are_proved_to_accept_nothing_more(files: Path) -> None:
    done = diff(files, "shipped", "tighter")

    assert done.exit_code == 0
    assert PROVED in done.stdout
    assert "DRAWDOWN_MAX_PCT" in done.stdout


def test_a_looser_limit_is_shown_by_an_entry_judged_under_both(files: Path) -> None:
    done = diff(files, "shipped", "looser", "--json")
    told: dict[str, Any] = json.loads(done.stdout)

    assert done.exit_code == 1
    assert told["changed"] == [
        {"setting": "MAX_NOTIONAL_USD", "first": "100000", "second": "200000"}
    ]
    assert "NOTIONAL_EXCEEDED" in told["under_a"]
    assert told["under_b"].startswith("ACCEPT ")
    assert float(told["entry"]["margin_usd"]) * float(told["entry"]["leverage"]) > 0


def test_the_same_limits_say_so(files: Path) -> None:
    done = diff(files, "looser", "looser")

    assert done.exit_code == 0
    assert "the limits are the same" in done.stdout


def test_what_refuses_outside_of_the_rules_is_compared_too(files: Path) -> None:
    """An old intent that is traded, and a venue that hears of it, is more than before."""
    looser, tighter = diff(files, "young", "old"), diff(files, "old", "young")

    assert looser.exit_code == 1
    assert "INTENT_MAX_AGE_SEC 60 -> 86400" in looser.stdout
    assert "AI_SIZING_MODE shadow -> live" in looser.stdout
    assert "not compared: STATE_DIR" in looser.stdout
    assert looser.stdout.rstrip().endswith(WITHIN_THE_RULES)
    assert tighter.exit_code == 0
    assert tighter.stdout.rstrip().endswith(PROVED)


def test_a_comparison_that_takes_too_long_says_so_and_proves_nothing(files: Path) -> None:
    done = diff(files, "shipped", "dear", "--within", "0.2")

    assert done.exit_code == 4
    assert "not decided in 0.2 s" in done.stdout
    assert PROVED not in done.stdout


def test_a_wrong_file_is_told_like_at_any_start(files: Path) -> None:
    done = diff(files, "shipped", "wrong")

    assert done.exit_code == 1
    assert "MAX_NOTIONAL_USD: expected" in str(done.exception)


def test_without_the_solver_it_says_what_to_install(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bridge_patch.adapters.prover.compare", None)
    done = diff(files, "shipped", "tighter")

    assert isinstance(done.exception, NoSolverError)
    assert "pip install 'bridge-patch[proofs]'" in str(done.exception)


def test_a_limit_that_also_decides_what_a_rule_is_told_is_not_called_tighter(
    files: Path,
) -> None:
    """Rules are compared on one snapshot: a loss that jumps, or is old, is not in it."""
    lower, higher = diff(files, "shipped", "blinder"), diff(files, "blinder", "shipped")

    assert lower.exit_code == 1
    assert "EQUITY_JUMP_MAX_PCT 5 -> 3: what jumps is no loss" in lower.stdout
    assert "SNAPSHOT_AGE_MAX_SEC 10 -> 7: B does not see a loss" in lower.stdout
    assert lower.stdout.rstrip().endswith(WITHIN_THE_RULES)
    assert "outside of the rules" not in higher.stdout


def test_no_longer_raising_to_the_minimum_is_proved_to_accept_nothing_more(
    files: Path,
) -> None:
    """The plainest tightening there is."""
    done = diff(files, "raising", "shipped")

    assert done.exit_code == 0
    assert done.stdout.rstrip().endswith(PROVED)
