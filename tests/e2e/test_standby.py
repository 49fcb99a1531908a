"""Two execution processes on one account: one acts, the other takes over, never both."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.holder import shown
from bridge_patch.adapters.journal_lease import Standing
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.adapters.store_postgres import LOCK
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import REPLAY_BARRIER
from bridge_patch.app.journal_place import journal_at
from tests.e2e.harness import only_in_soak, run, start
from tests.e2e.three import LIVE, in_one, make_market
from tests.postgres_server import PASSWORD, PostgresServer

pytestmark = [pytest.mark.e2e, only_in_soak]

BARS = 300
TTL_SEC = 2
TAKES_OVER_SEC = 10.0
WAITS = "another process acts on this account"
TAKES = "taking over"
FENCED = "no longer the one that acts"
FOLLOWS = "following what comes"
ANEW = "is not the one that was followed"


def followed(log: str) -> int:
    """How many entries were folded already when the lease came, the last time."""
    *_, found = re.findall(rf"{TAKES}.* followed=(\d+)", log)
    return int(found)


def unnumbered(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Decisions with how many orders each had, without their ids.

    A holder that is killed between the announcement of a stop and its answer leaves one
    attempt that never was, and the ids of the orders behind it count it.
    """
    return [{**each, "order_ids": len(each["order_ids"] or ())} for each in told]


@dataclass
class Pair:
    """Processes over one state folder, by name; each has a log."""

    folder: Path
    settings: dict[str, str]
    address: str = ""
    living: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def begin(self, name: str, command: str, *words: str | Path) -> None:
        log = self.folder / f"{name}.log"
        self.living[name] = start(
            command, "--state", self.state, *words, log=log, **self.settings
        )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def ticks(self) -> int:
        with closing(BusLook(SqliteFile(self.state / "bridge.db"))) as look:
            return look.lengths().get(REPLAY_BARRIER, 0)

    def wait(self, met: Callable[[], bool], within_sec: float = 60) -> float:
        """Wait for something to be so, and return how long that took."""
        begun = time.monotonic()
        while not met():
            assert time.monotonic() - begun < within_sec, {
                n: self.log(n) for n in self.living
            }
            time.sleep(0.01)
        return time.monotonic() - begun

    def freeze(self, name: str) -> None:
        """Stop a process in its tracks, but not within a commit: that locks all out."""
        while True:
            self.living[name].send_signal(signal.SIGSTOP)
            if self.address and not self._server_is_free():
                self.living[name].send_signal(signal.SIGCONT)
                time.sleep(0.003)
                continue
            path = self.state / "bridge.db"
            with closing(sqlite3.connect(path, timeout=0.3, isolation_level=None)) as probe:
                try:
                    probe.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    self.living[name].send_signal(signal.SIGCONT)
                    time.sleep(0.003)
                    continue
                probe.execute("ROLLBACK")
                return

    def holder(self) -> Standing | None:
        """Who acts, as the journal's database has it."""
        database = journal_at(read_journal_url(self.address or "embedded"), self.state)
        with closing(JournalSearch(database)) as search:
            return search.holder()

    def _server_is_free(self) -> bool:
        with closing(psycopg.connect(self.address)) as probe:
            lock = probe.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
            return lock.fetchone() == (True,)

    def ask(self, *words: str) -> Any:
        done = run(*words, "--json", cwd=self.folder, **self.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout, parse_float=Decimal)

    def decisions(self) -> list[dict[str, Any]]:
        told = self.ask("decisions")
        for each in told:
            del each["run_id"], each["recorded_ms"]
        return unnumbered(told)


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    settings = {
        **LIVE,
        "LEASE_TTL_SEC": str(TTL_SEC),
        "STATE_DIR": str(tmp_path / "state"),
    }
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        address = server.database(tmp_path).url.address
        assert address is not None
        settings["JOURNAL_URL"] = address.reveal()
    made = Pair(tmp_path, settings, settings.get("JOURNAL_URL", ""))
    try:
        yield made
    finally:
        for process in made.living.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class Alone:
    """What one process that nothing interrupts makes of a market."""

    market: Path
    decisions: list[dict[str, Any]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    folder = tmp_path_factory.mktemp("alone")
    market = make_market(folder / "market", bars=BARS, seed=7)
    return Alone(market, unnumbered(in_one(folder, "--data", market).decisions()))


def test_one_acts_and_the_other_takes_over(pair: Pair, alone: Alone) -> None:
    """Frozen, it is replaced after its term and acts no more; killed, at once.

    And what comes out is what an uninterrupted run decides, to the last figure.
    """
    pair.begin("first", "execution")
    pair.wait(lambda: "Risk Governor initialized" in pair.log("first"))
    pair.begin("second", "execution")
    pair.wait(lambda: WAITS in pair.log("second"))
    pair.begin("engine", "engine", "--data", alone.market)
    pair.wait(lambda: pair.ticks() > 60)
    assert TAKES not in pair.log("second")
    assert FOLLOWS in pair.log("second")

    pair.freeze("first")
    frozen_at = pair.ticks()
    silent_sec = pair.wait(lambda: pair.ticks() > frozen_at + 1, TAKES_OVER_SEC)
    assert silent_sec > TTL_SEC / 3
    assert followed(pair.log("second")) > 0

    pair.living["first"].send_signal(signal.SIGCONT)
    pair.wait(lambda: FENCED in pair.log("first"))
    pair.wait(lambda: pair.log("first").count(WAITS) == 1)
    pair.wait(lambda: pair.ticks() > frozen_at + 60)
    holder = pair.holder()
    assert holder is not None
    assert shown(holder.holder).endswith(f"process {pair.living['second'].pid}")
    assert holder.token == 2

    pair.living["second"].kill()
    pair.living["second"].wait()
    killed_at = pair.ticks()
    pair.wait(lambda: pair.ticks() > killed_at + 1, TAKES_OVER_SEC)
    assert followed(pair.log("first")) > 0
    assert ANEW not in pair.log("first") + pair.log("second")

    assert pair.living["engine"].wait(timeout=60) == 0, pair.log("engine")
    assert pair.living["first"].wait(timeout=60) == 0, pair.log("first")
    assert pair.ask("verify")["ok"] is True
    assert pair.decisions() == alone.decisions


@pytest.mark.parametrize("pair", ["sqlite"], indirect=True)
def test_a_whole_run_takes_over_from_another(pair: Pair, alone: Alone) -> None:
    """`run` waits and follows like `execution`; then it goes on where the other was."""
    pair.begin("first", "run", "--data", alone.market)
    pair.wait(lambda: "Risk Governor initialized" in pair.log("first"))
    pair.freeze("first")
    pair.begin("second", "run", "--data", alone.market)
    pair.wait(lambda: FOLLOWS in pair.log("second"))
    pair.living["first"].kill()
    pair.living["first"].wait()

    assert pair.living["second"].wait(timeout=60) == 0, pair.log("second")
    assert followed(pair.log("second")) > 0
    assert pair.ask("verify")["ok"] is True
    assert pair.decisions() == alone.decisions


@pytest.mark.parametrize("pair", ["sqlite"], indirect=True)
def test_a_standby_stops_when_told_and_the_holder_lets_go(pair: Pair) -> None:
    pair.begin("first", "execution")
    pair.wait(lambda: "Risk Governor initialized" in pair.log("first"))
    pair.begin("second", "execution")
    pair.wait(lambda: WAITS in pair.log("second"))
    pair.living["second"].terminate()
    assert pair.living["second"].wait(timeout=20) == 0
    assert "initialized" not in pair.log("second")
    pair.begin("third", "execution")
    pair.wait(lambda: WAITS in pair.log("third"))
    pair.living["first"].terminate()
    assert pair.living["first"].wait(timeout=20) == 0
    pair.wait(lambda: TAKES in pair.log("third"), TTL_SEC)
    pair.living["third"].terminate()

    assert pair.living["third"].wait(timeout=20) == 0
    assert pair.ask("verify")["entries"] == 0
    assert pair.ask("status")["lease"]["holder"] == ""


@pytest.mark.parametrize("pair", ["postgres"], indirect=True)
def test_a_server_that_restarts_is_outlasted(
    pair: Pair, alone: Alone, postgres: PostgresServer
) -> None:
    """Nothing is decided meanwhile, and afterwards the run goes on where it was."""
    pair.begin("first", "execution")
    pair.wait(lambda: "Risk Governor initialized" in pair.log("first"))
    pair.begin("engine", "engine", "--data", alone.market)
    pair.wait(lambda: pair.ticks() > 60)
    postgres.stop()
    try:
        pair.wait(lambda: "nothing can be recorded" in pair.log("first"))
        assert f":{PASSWORD}" not in pair.log("first")
    finally:
        postgres.start()

    assert pair.living["engine"].wait(timeout=90) == 0, pair.log("engine")
    assert pair.living["first"].wait(timeout=60) == 0, pair.log("first")
    assert "the store works again" in pair.log("first")
    assert pair.ask("verify")["ok"] is True
    assert pair.decisions() == alone.decisions
