"""What a person asks while processes run: signal, why, status."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import REPLAY_BARRIER
from bridge_patch.app.status.fold import StatusFold
from bridge_patch.domain.events import Book
from bridge_patch.services.ledger import Ledger
from tests.e2e.harness import run, start
from tests.unit.adapters.bars import MINUTE, NAME, START_MS, write

pytestmark = pytest.mark.e2e

BARS = 6000
LEAST_PASSED = 30
SIGNAL = (
    *("signal", "--symbol", "BTCUSDT", "--side", "buy", "--confidence", "0.8"),
    *("--margin-usd", "200", "--leverage", "10", "--stop-pct", "2", "--state", "state"),
)

HERE = ("--state", "state")
JOURNAL = ("--journal", "state/bridge.db")


def wavy(bars: int) -> dict[str, Any]:
    """A market that goes up and down by half a percent, so that it has a volatility."""
    number = np.arange(bars)
    middle = 95_000 + 400 * np.sin(number / 7)
    return {
        "date": START_MS + MINUTE * number,
        "open": np.round(middle, 1),
        "high": np.round(middle + 30, 1),
        "low": np.round(middle - 30, 1),
        "close": np.round(middle + 10, 1),
        "volume": np.full(bars, 250.0),
    }


def passed(state: Path) -> int:
    """How many ticks are complete."""
    path = state / "bridge.db"
    if not path.is_file():
        return 0
    with closing(BusLook(SqliteFile(path))) as look:
        return look.lengths().get(REPLAY_BARRIER, 0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Engine and execution at work, live on paper, over a market of their own."""
    folder = tmp_path_factory.mktemp("running")
    write(folder / "bars" / NAME, wavy(BARS))
    env = {"AI_SIZING_MODE": "live", "SYMBOLS": "BTCUSDT", "STATE_DIR": "state"}
    processes = [
        start("engine", "--data", "bars", log=folder / "engine.log", **env),
        start("execution", log=folder / "execution.log", **env),
    ]
    try:
        deadline = time.monotonic() + 30
        while passed(folder / "state") < LEAST_PASSED and time.monotonic() < deadline:
            time.sleep(0.05)
        assert passed(folder / "state") >= LEAST_PASSED, (folder / "engine.log").read_text()
        yield folder
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def test_a_signal_by_hand_is_judged_in_the_middle_of_a_replay(running: Path) -> None:
    """Neither too old nor from the future there, however fast the replay runs."""
    done = run(*SIGNAL, "--wait", "--timeout-sec", "20", "--json", cwd=running)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)

    assert told["kind"] == "entry", told["headline"]
    assert told["asked"]["source"] == "hand"
    assert 0 <= told["judged_ms"] - told["asked"]["created_ms"] <= 60_000
    assert told["verdict"] in {"ACCEPT", "CLAMP", "REJECT"}
    assert len(told["said"]) + told["allowing_rules"] >= 20

    again = run("why", f"intent={told['intent_id'][:-2]}", cwd=running, STATE_DIR="state")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[0].split() == ["why", told["intent_id"]]


def test_status_of_a_run_at_work(running: Path) -> None:
    done = run("status", "--json", cwd=running, STATE_DIR="state")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)

    assert (told["run"]["mode"], told["run"]["simulated"]) == ("live", True)
    assert told["journal"]["fault"] == ""
    assert told["equity"]["book"] == "account"
    assert {place["group"] for place in told["bus"]} >= {"execution"}
    assert sum(told["this_run"]["entries"].values()) > 0


def test_the_fold_of_a_real_run_is_what_its_execution_believes(running: Path) -> None:
    """Every prefix of the journal that ends with an outcome: no doubt hides in between."""
    ledger, fold = Ledger(), StatusFold()
    compared = 0
    with closing(JournalReader(SqliteFile(running / "state" / "bridge.db"))) as journal:
        for stored in journal.read():
            ledger.apply(stored.event)
            fold.apply(stored)
            if type(stored.event).__name__ != "Settled":
                continue
            held = fold.book(Book.ACCOUNT).holdings
            assert held.positions == ledger.positions
            assert set(fold.doubts) == set(ledger.in_doubt)
            for symbol in held.positions:
                assert held.stop_price_usd(symbol) == ledger.stop_price_usd(symbol)
            compared += 1

    assert compared > 0


def test_a_person_halts_a_running_process_and_lets_it_go_on(running: Path) -> None:
    """In force within a second or two, journaled with who and why, and undone by name."""
    halted = run("halt", "--why", "a drill", "--who", "ann", *HERE, cwd=running)
    status = run("status", "--json", *JOURNAL, cwd=running)
    refused = run(*SIGNAL, "--wait", cwd=running)
    resumed = run("resume", "--why", "over", "--who", "ann", "--json", *HERE, cwd=running)

    assert halted.returncode == 0, halted.stderr
    assert "nothing is opened; open positions keep their stops" in halted.stdout
    assert "in force since" in halted.stdout
    told = status.stdout
    assert '"HALTED"' in told
    assert '"a drill"' in told
    assert '"ann"' in told
    assert "TRADING_HALTED" in refused.stdout
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["wish"] == "resume"


def test_a_person_closes_everything_and_each_position_is_reported(running: Path) -> None:
    """Flat is what the journal says, at the end of the time to wait at the latest."""
    done = run("halt", "--flatten", "--why", "a drill", "--json", *HERE, cwd=running)
    status = run("status", "--json", *JOURNAL, cwd=running)
    resumed = run("resume", "--why", "over", *HERE, cwd=running)

    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told["flat"] is True
    assert told["in_force_ms"] is not None
    assert {one["state"] for one in told["positions"]} <= {"FLAT"}
    assert json.loads(status.stdout)["state"]["cause"] == "FLATTEN"
    assert resumed.returncode == 0, resumed.stdout


def test_an_order_to_nobody_says_so_and_waits_for_the_next_start(tmp_path: Path) -> None:
    bars = write(tmp_path / "bars" / NAME, wavy(300)).parent
    begin = ("run", "--data", bars, "--state", "state")
    only = {"SYMBOLS": "BTCUSDT"}
    first = run(*begin, "--to", "2025-05-05T02:30:00Z", cwd=tmp_path, **only)
    halted = run("halt", "--why", "x", "--wait-sec", "0", *HERE, cwd=tmp_path)
    second = run(*begin, cwd=tmp_path, **only)
    status = run("status", "--json", *JOURNAL, cwd=tmp_path)
    nowhere = run("halt", "--why", "x", "--state", "elsewhere", cwd=tmp_path)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert halted.returncode == 1
    assert "not in force after 0 s" in halted.stdout
    assert '"HALTED"' in status.stdout
    assert nowhere.returncode == 2
    assert "there is no bus in elsewhere" in nowhere.stderr
