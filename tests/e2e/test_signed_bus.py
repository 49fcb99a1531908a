"""Engine, execution and exits with a key, and somebody beside them who has none."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import run, start
from tests.e2e.test_cli_breadth import (
    BARS,
    HERE,
    JOURNAL,
    LEAST_PASSED,
    SIGNAL,
    passed,
    wavy,
)
from tests.unit.adapters.bars import NAME, write

pytestmark = pytest.mark.e2e

KEY = {"BUS_SIGNING_KEY": "5f4dcc3b5aa765d61d8327deb882cf99"}
ENV = {
    "AI_SIZING_MODE": "live",
    "SYMBOLS": "BTCUSDT",
    "STATE_DIR": "state",
    "EXITS_PROCESS": "separate",
    "EXITS_SILENCE_MAX_SEC": "30",
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path / "bars" / NAME, wavy(BARS))
    processes = [
        start("engine", "--data", "bars", log=tmp_path / "engine.log", **ENV, **KEY),
        start("exits", log=tmp_path / "exits.log", **ENV, **KEY),
        start("execution", log=tmp_path / "execution.log", **ENV, **KEY),
    ]
    try:
        deadline = time.monotonic() + 30
        while passed(tmp_path / "state") < LEAST_PASSED and time.monotonic() < deadline:
            time.sleep(0.05)
        assert passed(tmp_path / "state") >= LEAST_PASSED
        yield tmp_path
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def test_with_a_key_only_its_holders_are_heard(running: Path) -> None:
    """A signed intent is judged; an unsigned one is set aside; nobody else resumes."""
    ours = run(*SIGNAL, "--wait", "--json", cwd=running, **KEY)
    theirs = run(*SIGNAL, "--wait", "--json", cwd=running)
    halted = run("halt", "--why", "a drill", "--who", "ann", *HERE, cwd=running, **KEY)
    let_go = ("resume", "--who", "eve", "--why", "go on", "--wait-sec", "1", *HERE)
    released = run(*let_go, cwd=running)
    status = run("status", "--json", *JOURNAL, cwd=running)
    resumed = run("resume", "--why", "over", *HERE, cwd=running, **KEY)

    assert json.loads(ours.stdout)["verdict"] in {"ACCEPT", "CLAMP", "REJECT"}, ours.stderr
    assert json.loads(theirs.stdout)["kind"] == "dead letter", theirs.stderr
    assert "signature_missing" in theirs.stdout
    assert halted.returncode == 0
    assert released.returncode == 1
    assert json.loads(status.stdout)["state"]["state"] != "RUNNING"
    assert resumed.returncode == 0
    everything = [path.read_text() for path in running.glob("*.log")]
    assert not any(KEY["BUS_SIGNING_KEY"] in text for text in everything)
