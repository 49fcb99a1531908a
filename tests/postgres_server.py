"""A PostgreSQL server for tests and benchmarks: real, on a free port, alone."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg.abc import Query
from psycopg.sql import SQL, Identifier

from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.adapters.store_postgres import PostgresDatabase

_START_SEC: Final = 20.0
_ROLE, PASSWORD = "bridge", "open-sesame"
MISSING: Final = "no PostgreSQL server here: sh tests/servers.sh postgres"


def program(name: str) -> str:
    """Return the path of a server's program, or raise LookupError."""
    places = [p.parent for p in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    found = shutil.which(name, path=os.pathsep.join(map(str, sorted(places))))
    found = found or shutil.which(name)
    if found is None:
        raise LookupError(MISSING)
    return found


def _ordinary() -> tuple[int | None, int | None]:
    """Return as whom the server runs, user and group: it refuses to be root."""
    if os.geteuid() != 0:
        return None, None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class PostgresServer:
    """One server over a folder of its own; each journal gets a schema of its own."""

    folder: Path
    port: int = field(default_factory=_free_port)
    buffers: str = "16MB"
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, schema: str = "public", role: str = _ROLE) -> str:
        where = f"127.0.0.1:{self.port}/postgres"
        return f"postgresql://{role}:{PASSWORD}@{where}?options=-csearch_path%3D{schema}"

    def make(self) -> PostgresServer:
        user, group = _ordinary()
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        for path in (self.folder, secret):
            if user is not None and group is not None:
                os.chown(path, user, group)
        words = ["-U", _ROLE, "-A", "scram-sha-256", "--pwfile", str(secret), "--no-sync"]
        words += ["-E", "UTF8", "--locale", "C"]
        done = subprocess.run(
            [program("initdb"), "-D", str(self.folder / "data"), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            user=user,
            group=group,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        return self.start()

    def start(self) -> PostgresServer:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "shared_buffers": self.buffers,
            "max_connections": 20,
            "log_min_messages": "fatal",
        }
        user, group = _ordinary()
        words = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", str(self.folder / "data"), *words],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=user,
                group=group,
            )
        ends = time.monotonic() + _START_SEC
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                with closing(psycopg.connect(self.url())):
                    return self
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise RuntimeError((self.folder / "server.log").read_text()[-2000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop as an administrator would, who tells sessions to end; SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def database(self, state_dir: Path) -> PostgresDatabase:
        """Return a place for a journal in which there is none yet."""
        schema = f"test_{next(self._numbers)}"
        self.ask(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        return PostgresDatabase(read_journal_url(self.url(schema)), state_dir)

    def ask(self, *statements: Query) -> None:
        """Do as the owner of the server."""
        with closing(psycopg.connect(self.url(), autocommit=True)) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def postgres_server(buffers: str = "16MB") -> Iterator[PostgresServer]:
    """Start a server in a folder that an ordinary user may reach.

    Raises LookupError where there is none to start.
    """
    program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="bridge-pg-"))
    server = PostgresServer(folder, buffers=buffers)
    try:
        yield server.make()
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)
