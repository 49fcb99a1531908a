"""The same code trades the paper venue and an exchange over HTTP and websockets."""

import json
from pathlib import Path

import pytest

from tests.e2e.harness import MARKET, needs_market, only_in_soak, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needs_market, only_in_soak]

DAYS = ("--days-shadow", "1", "--days-live", "1", "--symbols", "BTCUSDT")
OF_THE_RUN = ("run_id", "recorded_ms")


def demo(folder: Path, venue: str) -> list[dict[str, object]]:
    """Play the demo at a venue; return its decisions."""
    words = ("demo", "--data", MARKET, "--state", folder, *DAYS, "--json")
    done = run(*words, cwd=folder.parent, VENUE=venue)
    assert done.returncode == 0, done.stderr
    told = run("decisions", "--json", "--journal", folder / "bridge.db", cwd=folder)
    assert told.returncode == 0, told.stderr
    rows: list[dict[str, object]] = json.loads(told.stdout)
    return [{k: v for k, v in row.items() if k not in OF_THE_RUN} for row in rows]


def test_the_simulator_gives_the_paper_venues_decisions(tmp_path: Path) -> None:
    """Verdicts, sizes, fills and prices: every field of every decision is the same."""
    paper, served = (
        demo(tmp_path / "paper", "paper"),
        demo(tmp_path / "served", "simulator"),
    )

    filled = [row for row in paper if row["mode"] == "live" and row["status"] == "FILLED"]
    assert len(paper) > 50
    assert len(filled) > 5
    assert served == paper
    log = (tmp_path / "served" / "demo.log").read_text(encoding="utf-8")
    assert "venue: simulator, simulated" in log


def test_a_demo_is_played_on_no_other_venue(tmp_path: Path) -> None:
    done = run(
        "demo",
        "--state",
        tmp_path / "x",
        cwd=tmp_path,
        VENUE="binance-demo",
        MARKET_FEED="live",
    )

    assert done.returncode == 2
    assert "write VENUE=paper or VENUE=simulator" in done.stderr
    assert not (tmp_path / "x").exists()
