"""A Redis or Valkey server for a benchmark: of this machine, on a free port, alone."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import Final

from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.app.buses import BusAt

_START_SEC: Final = 10.0


@contextmanager
def server() -> Iterator[str]:
    """Yield its URL without a database; where there is none, say so and end well."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        print("skipped: no redis-server or valkey-server (sh tests/servers.sh redis)")
        sys.exit(0)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        options = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
        process = subprocess.Popen(  # noqa: S603 - the program that PATH names
            [program, "--port", str(port), "--dir", folder, *options],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait(port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def bus_on(url: str, database: int) -> BusAt:
    """Return a bus on that server which nobody else has."""
    return BusAt(read_bus_url(f"{url}/{database}"))


def _wait(port: int) -> None:
    ends = time.monotonic() + _START_SEC
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.01)
