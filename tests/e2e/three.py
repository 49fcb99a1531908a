"""Engine, execution and exits as three processes over one market, to be killed at will."""

import asyncio
import json
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bridge_patch.adapters.bus import Message
from bridge_patch.adapters.bus_url import EMBEDDED, BusUrl
from bridge_patch.adapters.feeds.files import bar_file_name, write_series
from bridge_patch.adapters.feeds.generated import generate
from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import EVERYTHING
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import REPLAY_BARRIER
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.buses import BusAt
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.ports import AccountReading
from tests.e2e.harness import run, start

SYMBOLS = (Symbol("BTCUSDT"), Symbol("SOLUSDT"))
START_MS = UnixMs(1_746_403_200_000)
LIVE = {"AI_SIZING_MODE": "live", "EXITS_SILENCE_MAX_SEC": "120"}
APART = {"EXITS_PROCESS": "separate"}
PROCESSES = ("execution", "exits", "engine")

_E = TypeVar("_E")


def make_market(folder: Path, *, bars: int, seed: int, start_ms: UnixMs = START_MS) -> Path:
    """Write an invented market as bar files, so that a test needs no data."""
    feed = generate(
        SYMBOLS, instruments=ListedInstruments(), seed=seed, start_ms=start_ms, bars=bars
    )
    folder.mkdir()
    for series in feed._series:
        write_series(folder / bar_file_name(series.symbol, "1m"), series)
    return folder


@dataclass
class Run:
    """What one run left behind."""

    state: Path
    bus_url: BusUrl = EMBEDDED

    @property
    def journal(self) -> Path:
        return self.state / "bridge.db"

    def decisions(self) -> list[dict[str, Any]]:
        """`decisions --json`, apart from what two runs may differ in."""
        words = ("decisions", "--json", "--journal", self.journal)
        done = run(*words, cwd=self.state)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout, parse_float=Decimal)
        for each in told:
            del each["run_id"], each["recorded_ms"]
        return list(told)

    def events(self, kind: type[_E] | Any) -> list[_E]:
        with closing(JournalReader(SqliteFile(self.journal))) as journal:
            return [s.event for s in journal.read() if isinstance(s.event, kind)]

    def entries(self, stream: str) -> list[Message]:
        """Everything that a stream of the bus holds."""
        found: list[Message] = []
        with closing(BusAt(self.bus_url).open(SqliteFile(self.journal))) as bus:
            while more := asyncio.run(
                bus.follow(
                    stream, found[-1].entry_id if found else "", count=512, wait_ms=0
                )
            ):
                found += more
        return found

    def end_equity_usd(self, market: Path) -> Decimal:
        """What the paper account is worth at the last bar, from the journal alone."""
        venue = PaperVenue(wallet_usd=Decimal(10_000), instruments=ListedInstruments())
        venue.restore(self.events(VenueEvent))
        for tick in replay(market, SYMBOLS, EVERYTHING):
            venue.see(tick)
        read = asyncio.run(venue.read())
        assert isinstance(read, AccountReading)
        return read.equity_usd


@dataclass
class Three(Run):
    """Three processes, each with a log that grows over its restarts."""

    words: tuple[str | Path, ...] = ()
    #: What BUS_URL says to each process; it may hold a password.
    bus_texts: Mapping[str, str] = field(default_factory=dict)
    #: Settings of this run, besides those of all of them.
    settings: Mapping[str, str] = field(default_factory=dict)
    living: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    starts: int = 0

    def begin(self, name: str) -> None:
        self.starts += 1
        log = self.state.parent / f"{name}-{self.starts}.log"
        feed = self.words if name == "engine" else ()
        env = {**LIVE, **APART, "BUS_URL": self.bus_texts.get(name, str(self.bus_url))}
        env |= self.settings
        self.living[name] = start(name, "--state", self.state, *feed, log=log, **env)

    def kill(self, name: str) -> bool:
        """Kill without a word, and start the same command; False if it had ended."""
        if self.living[name].poll() is not None:
            return False
        self.living[name].kill()
        self.living[name].wait()
        self.begin(name)
        return True

    def strike(self, *names: str) -> None:
        """Kill these at one moment, and start the same commands."""
        for name in names:
            self.living[name].kill()
        for name in names:
            self.living[name].wait()
            self.begin(name)

    def ticks(self) -> int:
        """How many ticks are complete."""
        if not self.journal.exists():
            return 0
        with closing(BusAt(self.bus_url).look(SqliteFile(self.journal))) as look:
            return look.lengths().get(REPLAY_BARRIER, 0)

    def end(self, timeout: float) -> None:
        try:
            for name, process in self.living.items():
                assert process.wait(timeout=timeout) == 0, self.log(name)
        finally:
            for process in self.living.values():
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def log(self, name: str) -> str:
        logs = self.state.parent.glob(f"{name}-*.log")
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(logs))


def in_one(folder: Path, *words: str | Path) -> Run:
    """Play a market in one process, to its end."""
    state = folder / "one"
    done = run("run", "--state", state, *words, cwd=folder, **LIVE)
    assert done.returncode == 0, done.stderr
    return Run(state)


def in_three(
    folder: Path,
    *words: str | Path,
    bus_url: BusUrl = EMBEDDED,
    bus_texts: Mapping[str, str] = MappingProxyType({}),
) -> Three:
    """Start three processes over a market."""
    three = Three(folder / "three", bus_url, words=words, bus_texts=bus_texts)
    for name in PROCESSES:
        three.begin(name)
    return three
