"""A real process under a fake systemd: it says when it is ready, and that it gets on."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
WAIT_SEC = 60
COMMAND = Path(sys.executable).with_name("bridge-patch")


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(WAIT_SEC)
        yield listening


@pytest.mark.parametrize("name", ["execution", "exits"])
def test_a_process_says_ready_once_it_follows_and_then_that_its_loop_goes_round(
    name: str, wire: socket.socket, tmp_path: Path
) -> None:
    env = {
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "400000",
        "EXITS_PROCESS": "separate",
        "STATE_DIR": str(tmp_path / "state"),
    }
    process = subprocess.Popen(
        [COMMAND, name], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        heard = [wire.recv(4096).decode() for _ in range(4)]
        process.send_signal(signal.SIGTERM)
        said, wrong = process.communicate(timeout=WAIT_SEC)
    finally:
        process.kill()
        process.wait()

    assert heard[0].startswith("READY=1\nSTATUS=")
    assert heard[0].endswith("\nWATCHDOG_USEC=400000\nWATCHDOG=1")
    assert heard[1:] == ["WATCHDOG=1"] * 3
    assert process.returncode == 0, wrong
    assert said
