"""Engine, execution and exits with a key, and somebody beside them who has none."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.store_sqlite import SqliteFile
from tests.e2e.harness import run, start
from tests.e2e.test_cli_breadth import (
    BARS,
    HERE,
    SIGNAL,
    wavy,
)
from tests.redis_server import RedisServer
from tests.unit.adapters.bars import NAME, write

pytestmark = pytest.mark.e2e

#: So much the journal holds once a few ticks are played.
LEAST = 100

KEY = {"BUS_SIGNING_KEY": "5f4dcc3b5aa765d61d8327deb882cf99"}
ENV = {
    "AI_SIZING_MODE": "live",
    "SYMBOLS": "BTCUSDT",
    "STATE_DIR": "state",
    "EXITS_PROCESS": "separate",
    "EXITS_SILENCE_MAX_SEC": "30",
}


def recorded(state: Path) -> int:
    """How many entries the journal has."""
    if not (state / "bridge.db").is_file():
        return 0
    with closing(JournalSearch(SqliteFile(state / "bridge.db"))) as journal:
        return next((stored.seq for stored in journal.tail(1)), 0)


@pytest.fixture(params=["file", "server"])
def running(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Path, dict[str, str]]]:
    """The folder of three processes with a key, and where their bus is."""
    bus = {}
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("redis_server")
        server.ask("FLUSHALL")
        bus = {"BUS_URL": f"redis://127.0.0.1:{server.port}"}
    env = {**ENV, **KEY, **bus}
    write(tmp_path / "bars" / NAME, wavy(BARS))
    processes = [
        start("engine", "--data", "bars", log=tmp_path / "engine.log", **env),
        start("exits", log=tmp_path / "exits.log", **env),
        start("execution", log=tmp_path / "execution.log", **env),
    ]
    try:
        deadline = time.monotonic() + 30
        while recorded(tmp_path / "state") < LEAST and time.monotonic() < deadline:
            time.sleep(0.05)
        assert recorded(tmp_path / "state") >= LEAST
        yield tmp_path, bus
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def test_with_a_key_only_its_holders_are_heard(
    running: tuple[Path, dict[str, str]],
) -> None:
    """A signed intent is judged; an unsigned one is set aside; nobody else resumes."""
    folder, bus = running
    holder = {**KEY, **bus}
    before = run("status", "--json", cwd=folder, STATE_DIR="state", **holder)
    ours = run(*SIGNAL, "--wait", "--json", cwd=folder, **holder)
    theirs = run(*SIGNAL, "--wait", "--json", cwd=folder, **bus)
    let_go = ("resume", "--who", "eve", "--why", "go on", "--wait-sec", "1", *HERE)
    released = run(*let_go, cwd=folder, **bus)
    resumed = run("resume", "--why", "over", *HERE, cwd=folder, **holder)

    assert json.loads(before.stdout)["state"]["state"] == "RUNNING", before.stdout
    assert json.loads(ours.stdout)["verdict"] in {"ACCEPT", "CLAMP", "REJECT"}, ours.stderr
    assert json.loads(theirs.stdout)["kind"] == "dead letter", theirs.stderr
    assert "signature_missing" in theirs.stdout
    assert released.returncode == 1
    assert resumed.returncode == 0
    everything = [path.read_text() for path in folder.glob("*.log")]
    assert not any(KEY["BUS_SIGNING_KEY"] in text for text in everything)
