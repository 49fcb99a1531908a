"""Three processes that were given secrets for everything, and whatever they wrote."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from psycopg.sql import SQL, Identifier, Literal

from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.streams import REPLAY_BARRIER
from bridge_patch.domain.errors import BridgeError
from tests.e2e.harness import COMMAND, clean_env, start
from tests.e2e.test_cli_breadth import wavy
from tests.e2e.test_exchange import base_of
from tests.e2e.test_monitored import a_loop_of_starts
from tests.museum.secret_words import Written, made
from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer, free_port, redis_on
from tests.simulation.roomy import ROOMY
from tests.unit.adapters.bars import NAME, write

#: The characters that an address cannot hold as they are.
ODD: Final = "@:/#?%&+"
#: Every secret there is, by where it stands. The last eight are right nowhere.
SECRETS: Final = {
    "VENUE_API_KEY": made("key", blocks=20),
    "VENUE_API_SECRET": made("secret", blocks=20),
    "BUS_SIGNING_KEY": made("signing", blocks=14),
    "the password in BUS_URL": made("redis", between=ODD),
    "the password in JOURNAL_URL": made("postgres", between=ODD),
    "the password in ALERT_URLS": made("alert"),
    "the token in ALERT_URLS": made("token"),
    "a value behind a misspelt name": made("misspelt"),
    "a value behind an unknown name": made("unknown"),
    "a line of the env file": made("folded"),
    "a line with signs": made("folded too", between="+/+/"),
    "a value beside another name": made("misplaced"),
    "a credential that contradicts": made("credential"),
    "a wrong password": made("wrong", between=ODD),
    "a wrong key": made("wrong key"),
}
PARTS: Final = ("engine", "execution", "exits")
BARS: Final = 20_000
#: So much is played before anything else is done: volatility wants two hours.
PLAYED: Final = 130
ROLE: Final = "holder"
_WAIT_SEC: Final = 60.0
_ASK_SEC: Final = 60.0
SCHEMA: Final = "secrets"


@dataclass
class Scene:
    """What runs, what it was told, and what it has said."""

    folder: Path
    redis: RedisServer
    postgres: PostgresServer
    env: dict[str, str]
    ports: dict[str, int]
    exchange_url: str
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    said: list[Written] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def ask(
        self, *words: str | Path, but: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a person on this machine; keep what it says.

        One that goes on for long is told to stop.
        """
        command = [str(word) for word in (COMMAND, *words)]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=clean_env(**(self.env | dict(but or {}))),
        ) as process:
            try:
                told = process.communicate(timeout=_ASK_SEC)
            except subprocess.TimeoutExpired:
                process.terminate()
                told = process.communicate()
        where = " ".join(command[1:])
        self.said.append(Written(where, "".join(told).encode()))
        return subprocess.CompletedProcess(command, process.returncode, *told)

    def status(self) -> dict[str, Any]:
        done = self.ask("status", "--json")
        assert done.returncode in {0, 1}, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def link(self) -> RedisLink:
        """Return a way to the bus for somebody who has its password and no key."""
        return RedisLink(read_bus_url(self.env["BUS_URL"]))

    def length(self, stream: str) -> int:
        with closing(self.link()) as link:
            return int(link.call("XLEN", stream))

    def entries(self, stream: str) -> bytes:
        """Return all that a stream holds, as it is on the wire."""
        with closing(self.link()) as link:
            return repr(link.call("XRANGE", stream, "-", "+")).encode()

    def log(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text(encoding="utf-8")

    def begin(self, part: str, *words: str | Path, **more: str) -> None:
        log = self.folder / f"{part}.log"
        env = {**self.env, "PYTHONFAULTHANDLER": "1", **more}
        self.processes[part] = start(*words, log=log, **env)

    def asked(
        self, port: int, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, bytes]:
        """Ask a server of this machine something; headers are written with a dash."""
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(link):
            link.request(method, path, body or None, named)
            reply = link.getresponse()
            told = reply.read()
        where = f"the answer to {method} {path}"
        self.said.append(Written(where, str(reply.headers).encode() + told))
        return reply.status, told

    def sim(self, name: str, body: dict[str, object]) -> None:
        """Order something of the exchange, as the holder of its key."""
        port, key = self.exchange_port, self.env["VENUE_API_KEY"]
        path, text = f"/sim/{name}", json.dumps(body)
        status, told = self.asked(port, "POST", path, text, X_MBX_APIKEY=key)
        assert status == 200, told

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let the market stand once it has a volatility: questions are answered sooner."""
        until(lambda: self.length(REPLAY_BARRIER) > PLAYED, "the market does not move")
        engine = self.processes["engine"]
        engine.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            engine.send_signal(signal.SIGCONT)

    @property
    def exchange_port(self) -> int:
        return int(self.exchange_url.rpartition(":")[2])


def until(holds: Callable[[], object], what: str) -> None:
    """Wait for something to be so."""
    ends = time.monotonic() + _WAIT_SEC
    while time.monotonic() < ends:
        try:
            if holds():
                return
        except (BridgeError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError(what)


def journal_url(server: PostgresServer, password: str, more: str = "") -> str:
    """Say where the journal is, as its one role does."""
    where = f"127.0.0.1:{server.port}/postgres?options=-csearch_path%3D{SCHEMA}"
    return f"postgresql://{ROLE}:{quote(password, safe='')}@{where}{more}"


def bus_url(port: int, password: str) -> str:
    return f"redis://:{quote(password, safe='')}@127.0.0.1:{port}"


def _alert_urls() -> str:
    """An address that nobody answers, with a password and a token."""
    password, token = (
        SECRETS["the password in ALERT_URLS"],
        SECRETS["the token in ALERT_URLS"],
    )
    return f"json://ops:{password}@127.0.0.1:{free_port()}/{token}?+X-Token={token}"


def _make_schema(server: PostgresServer) -> None:
    role, schema = Identifier(ROLE), Identifier(SCHEMA)
    password = Literal(SECRETS["the password in JOURNAL_URL"])
    server.ask(
        SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password),
        SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(schema, role),
    )


def _drop_schema(server: PostgresServer) -> None:
    server.ask(
        SQL("DROP SCHEMA {} CASCADE").format(Identifier(SCHEMA)),
        SQL("DROP ROLE {}").format(Identifier(ROLE)),
    )


def _settings(redis: RedisServer, postgres: PostgresServer) -> dict[str, str]:
    names = ("VENUE_API_KEY", "VENUE_API_SECRET", "BUS_SIGNING_KEY")
    return ROOMY | {
        **{name: SECRETS[name] for name in names},
        "AI_SIZING_MODE": "live",
        "SYMBOLS": "BTCUSDT",
        "STATE_DIR": "state",
        "VENUE": "simulator",
        "EXITS_PROCESS": "separate",
        "EXITS_SILENCE_MAX_SEC": "120",
        "BUS_URL": bus_url(redis.port, SECRETS["the password in BUS_URL"]),
        "JOURNAL_URL": journal_url(postgres, SECRETS["the password in JOURNAL_URL"]),
        "ALERT_URLS": _alert_urls(),
    }


@contextmanager
def playing(folder: Path, postgres: PostgresServer) -> Iterator[Scene]:
    """Have an exchange and the three processes at work on it."""
    (folder / "redis").mkdir()
    password = SECRETS["the password in BUS_URL"]
    with ExitStack() as stack:
        redis = stack.enter_context(redis_on(folder / "redis", f'requirepass "{password}"'))
        _make_schema(postgres)
        stack.callback(_drop_schema, postgres)
        env, ports = _settings(redis, postgres), {part: free_port() for part in PARTS}
        env |= {f"METRICS_PORT_{part.upper()}": str(port) for part, port in ports.items()}
        scene = Scene(folder, redis, postgres, env, ports, "")
        stack.callback(_end, scene)
        _begin(scene)
        yield scene


def _begin(scene: Scene) -> None:
    write(scene.folder / "bars" / NAME, wavy(BARS))
    served = ("--data", "bars", "--speed", "0", "--port", "0")
    scene.begin("exchange", "exchange", *served)
    scene.exchange_url = base_of(scene.folder / "exchange.log")
    scene.env["SIMULATOR_URL"] = scene.exchange_url
    scene.sim("faults", {"account": {"margin_types": {"BTCUSDT": "ISOLATED"}}})
    a_loop_of_starts(scene.state)
    scene.begin("exits", "exits")
    scene.begin("execution", "execution", LOG_FORMAT="json")
    scene.begin("engine", "engine", "--data", "bars")


def _end(scene: Scene) -> None:
    for process in scene.processes.values():
        process.terminate()
    for process in scene.processes.values():
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
