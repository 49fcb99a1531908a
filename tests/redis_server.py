"""A Redis or Valkey server for the tests that want one: real, on a free port, alone."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bridge_patch.adapters.bus_url import BusUrl, read_bus_url
from bridge_patch.adapters.redis_link import RedisLink

_START_SEC: Final = 10.0
_PORTS_MAX: Final = 5
MISSING: Final = "no redis-server or valkey-server here: sh tests/servers.sh redis"


def program(kind: str) -> str:
    """Return the path of `server` or `cli`, or skip the test and say why."""
    found = shutil.which(f"redis-{kind}") or shutil.which(f"valkey-{kind}")
    if found is None:
        pytest.skip(MISSING)
    return found


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisServer:
    """One server over a folder of its own; `options` are lines of its configuration."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> BusUrl:
        return read_bus_url(f"redis://127.0.0.1:{self.port}")

    def text_for(self, user: str) -> str:
        """What BUS_URL says for one of the users of `acl_lines`."""
        return f"redis://{user}:{password_of(user)}@127.0.0.1:{self.port}"

    def start(self) -> RedisServer:
        """Start; a port that somebody took meanwhile is not ours to keep."""
        for _ in range(_PORTS_MAX):
            if self._started():
                return self
            self.port = free_port()
        pytest.fail(self._log.read_text()[-2000:])

    @property
    def _log(self) -> Path:
        return self.folder / "redis.log"

    def _started(self) -> bool:
        lines = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.folder}",
            "appendonly yes",
            'save ""',
            *self.options,
        )
        conf = self.folder / "redis.conf"
        conf.write_text("\n".join(lines) + "\n")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [program("server"), str(conf)], stdout=log, stderr=log
            )
        ends = time.monotonic() + _START_SEC
        while time.monotonic() < ends and self.process.poll() is None:
            if self._log.read_text().count("Ready to accept"):
                return True
            time.sleep(0.01)
        return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def ask(self, *command: str | bytes | int) -> object:
        """Ask the server something, as a person with redis-cli would."""
        with closing(RedisLink(self.url)) as link:
            answer: object = link.call(*command)
            return answer

    def said(self, *command: str) -> bytes:
        """As `ask`, where the answer is a text."""
        answer = self.ask(*command)
        assert isinstance(answer, bytes)
        return answer


@contextmanager
def redis_on(folder: Path, *options: str) -> Iterator[RedisServer]:
    server = RedisServer(folder, options)
    try:
        yield server.start()
    finally:
        server.stop()


def acl_lines() -> tuple[str, ...]:
    """The users that docs/bus.md tells a person to make, as they stand there."""
    page = (Path(__file__).parents[1] / "docs" / "bus.md").read_text(encoding="utf-8")
    block = page.split("```acl\n")[1].split("```")[0]
    return tuple(block.strip().splitlines())


def password_of(user: str) -> str:
    return f"{user.upper()}_PASSWORD"
