"""A machine below a prefix: installed, with an exchange, and an operator who copies."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from bridge_patch.adapters.bus_url import EMBEDDED
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import REPLAY_BARRIER
from bridge_patch.app.binance_server.core import CREDENTIALS as KEYS
from bridge_patch.app.buses import BusAt
from bridge_patch.app.install.places import CREDENTIALS, ENV_FILE, STATE, Places
from tests.e2e import rehearsal_clock
from tests.e2e.harness import clean_env, run
from tests.e2e.rehearsal_market import MINUTE_MS, Market, lively_seed
from tests.e2e.rehearsal_page import RUNBOOK, Command, blocks, prelude, sections
from tests.e2e.rehearsal_units import Systemd
from tests.e2e.three import Run
from tests.unit.app.test_monitoring import free_port

_E = TypeVar("_E")

#: In a market that runs a hundred times as fast a second is ten milliseconds: ages are
#: allowed for accordingly. Its marks come once a minute, with its bars.
HURRIED: Final = {
    "MARK_AGE_MAX_SEC": "180",
    "SNAPSHOT_AGE_MAX_SEC": "900",
    "CLOCK_SKEW_MAX_MS": "10000",
    "INTENT_MAX_AGE_SEC": "600",
    "EXITS_SILENCE_MAX_SEC": "60",
    "NAKED_MAX_SEC": "60",
    "LEASE_TTL_SEC": "60",
}
#: An hour stands for the day.
SHORT: Final = {"SHADOW_MIN_HOURS": "1", "REQUIRE_PROMOTION": "true"}
PORTS: Final = ("9464", "9465", "9466")


@dataclass
class Scene:
    """What there is, and everything that was copied from the page so far."""

    prefix: Path
    market: Market
    systemd: Systemd
    ports: Mapping[str, str]
    #: The key of the bus, where it is signed: then `bp` is said as `bpk`.
    key: str = ""
    page: str = field(default_factory=lambda: RUNBOOK.read_text(encoding="utf-8"))
    copied: list[str] = field(default_factory=list)

    @property
    def env_file(self) -> Path:
        return Places(self.prefix).at(ENV_FILE)

    def events(self, kind: type[_E]) -> list[_E]:
        """Return what the journal holds of a kind."""
        return Run(Places(self.prefix).at(STATE)).events(kind)

    def minutes(self, count: int) -> None:
        """Let so many minutes of the market pass: it tells its marks with its bars."""
        to_ms = self.market.dial.now_ms() + count * MINUTE_MS
        self.market.until(to_ms, speed=60, within_sec=60)

    def block(self, heading: str, number: int) -> None:
        """Copy every command of a block, and find what each promises."""
        for command in blocks(sections(self.page)[heading])[number]:
            self.copy(command)

    def copy(self, command: Command) -> str:
        said, code = self.say(command.line)
        self.copied.append(command.line)
        assert command.faults(said, code) == [], said
        return said

    def say(self, line: str) -> tuple[str, int]:
        """Type a line, with the page's own words known, and return what it prints."""
        words = prelude(self.page) + ('bp() { bpk "$@"; }\n' if self.key else "")
        text = self.systemd.here(f"{words}\n{line}")
        for port, ours in self.ports.items():
            text = text.replace(port, ours)
        shims = self.prefix / "shims"
        env = clean_env()
        done = subprocess.run(
            ["/bin/bash", "-c", text],
            capture_output=True,
            text=True,
            check=False,
            env=env | {"PATH": f"{shims}:{env['PATH']}"},
            timeout=120,
        )
        return done.stdout + done.stderr, done.returncode


@contextmanager
def scene(folder: Path, *, key: str = "none") -> Iterator[Scene]:
    """Install below a prefix, write what a person writes, and let the market run.

    The bus is signed with `key`, where it is one.
    """
    prefix = folder / "p"
    done = run("install", "--prefix", prefix, "--env", "reuse", cwd=folder)
    assert done.returncode == 0, done.stderr
    places = Places(prefix)
    with ExitStack() as stack:
        market = Market.begun(folder, lambda: _ticks(places.at(STATE) / "bridge.db"))
        stack.callback(market.close)
        ports = {port: str(free_port()) for port in PORTS}
        seed = str(lively_seed(range(4, 40), range(58, 74), range(74, 80)))
        at = {"VENUE": "simulator", "SIMULATOR_URL": market.base, "EXAMPLE_AI_SEED": seed}
        here = {"STATE_DIR": str(places.at(STATE)), "AI_MAX_LEVERAGE": "20"}
        env_file = places.at(ENV_FILE)
        text = env_file.read_text(encoding="utf-8")
        for name, value in (at | here | HURRIED | SHORT).items():
            text, found = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", text)
            assert found == 1, name
        for port, ours in ports.items():
            text = text.replace(f"={port}\n", f"={ours}\n")
        env_file.write_text(text, encoding="utf-8")
        for name, value in (("key", KEYS.api_key), ("secret", KEYS.secret)):
            (places.at(CREDENTIALS) / f"venue_api_{name}").write_text(value)
        (places.at(CREDENTIALS) / "bus_signing_key").write_text(key)
        _by_our_clock(
            prefix / "opt" / "quantum" / "current" / "bin" / "bridge-patch", folder
        )
        systemd = Systemd(prefix)
        stack.callback(systemd.close)
        market.go()
        yield Scene(prefix, market, systemd, ports, "" if key == "none" else key)


def _by_our_clock(script: Path, folder: Path) -> None:
    """Let the release run by the clock that is wound, and by nothing else that differs."""
    clock = Path(rehearsal_clock.__file__)
    text = script.read_text(encoding="utf-8")
    assert text.count(" -I -c ") == 1
    turned = text.replace(" -I -c ", f' -I "{clock}" "{folder / "clock"}" -c ')
    script.write_text(turned, encoding="utf-8")


def _ticks(journal: Path) -> int:
    if not journal.exists():
        return 0
    with closing(BusAt(EMBEDDED).look(SqliteFile(journal))) as look:
        return look.lengths().get(REPLAY_BARRIER, 0)
