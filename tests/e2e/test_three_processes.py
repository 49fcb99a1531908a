"""Engine, execution and exits, each a process of its own, decide as one tree does."""

from pathlib import Path

import pytest

from bridge_patch.domain.events import Filled
from tests.e2e.harness import MARKET, needs_market, only_in_soak, run
from tests.e2e.three import Run, Three, in_one, in_three, make_market

pytestmark = pytest.mark.e2e


def same(one: Run, three: Three) -> None:
    """The same verdicts, outcomes and fills; and enough of them to mean something."""
    decided = one.decisions()
    exits = [each for each in decided if each["source"] == "exit-brain"]

    assert three.decisions() == decided
    assert one.events(Filled) == three.events(Filled)
    assert len(exits) > 5
    assert len(decided) > 2 * len(exits) or len(decided) > 20


@needs_market
@only_in_soak
def test_six_hours_of_real_bars_is_decided_as_in_one_process(tmp_path: Path) -> None:
    """Where a decision is made must not change it, nor how fast the processes are."""
    words = ("--data", MARKET, "--from", "2025-05-06", "--to", "2025-05-06T06:00:00")
    one, three = in_one(tmp_path, *words), in_three(tmp_path, *words)
    three.end(timeout=120)

    same(one, three)


def test_a_generated_market_is_decided_as_in_one_process(tmp_path: Path) -> None:
    """Runs on any machine, and says who decided: the execution asked for no exit itself."""
    market = make_market(tmp_path / "bars", bars=250, seed=7)
    one, three = in_one(tmp_path, "--data", market), in_three(tmp_path, "--data", market)
    three.end(timeout=120)

    same(one, three)
    assert one.end_equity_usd(market) == three.end_equity_usd(market)
    assert "the exit process is silent" not in three.log("execution")


def test_an_exit_process_that_nobody_waits_for_does_not_start(tmp_path: Path) -> None:
    """It would sit there for ever, and its user would think that it harvests."""
    done = run("exits", "--state", tmp_path / "state", cwd=tmp_path)

    assert done.returncode == 2
    assert "EXITS_PROCESS must be separate" in done.stderr
