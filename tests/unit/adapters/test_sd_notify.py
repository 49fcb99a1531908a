"""The watchdog hears of progress, and of nothing else."""

from __future__ import annotations

import asyncio
import io
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge_patch.adapters.sd_notify import RECOVERY_SEC, Watchdog
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import told_by_systemd
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.errors import OutageError

PERIOD_SEC = 60


@dataclass
class Systemd:
    """The other end of NOTIFY_SOCKET, with a clock that stands until it is moved."""

    wire: socket.socket
    told: dict[str, str]
    at_sec: float = 0.0
    watchdog: Watchdog = field(init=False)

    def __post_init__(self) -> None:
        self.watchdog = Watchdog(self.told, now=lambda: self.at_sec)

    def heard(self) -> list[str]:
        """Return every datagram since the last look."""
        found = []
        while True:
            try:
                found.append(self.wire.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.setblocking(False)
        path = tmp_path / "notify"
        wire.bind(str(path))
        told = {
            "NOTIFY_SOCKET": str(path),
            "WATCHDOG_USEC": str(PERIOD_SEC * 1_000_000),
            "WATCHDOG_PID": str(os.getpid()),
        }
        yield Systemd(wire, told)


def test_ready_is_told_and_then_a_loop_that_goes_round_and_none_that_stands(
    systemd: Systemd,
) -> None:
    stop = Stop(watchdog=systemd.watchdog)
    assert stop.go_on()
    assert systemd.heard() == [], "before the start is through nothing is told"

    stop.watchdog.ready("following\nthe market")
    (first,) = systemd.heard()
    assert first.splitlines() == [
        "READY=1",
        "STATUS=following the market",
        f"WATCHDOG_USEC={PERIOD_SEC * 1_000_000}",
        "WATCHDOG=1",
    ]

    for _ in range(3):
        systemd.at_sec += PERIOD_SEC / 4
        assert stop.go_on()
        assert stop.go_on()
    assert systemd.heard() == ["WATCHDOG=1"] * 3

    systemd.at_sec += 10 * PERIOD_SEC  # the loop stands: time alone tells nothing
    assert systemd.heard() == []


def test_a_loop_that_stalls_in_the_middle_of_its_work_falls_silent(
    systemd: Systemd,
) -> None:
    """The event loop may go on: what counts is the loop that works."""

    async def scenario() -> None:
        stop, hanging = Stop(watchdog=systemd.watchdog), asyncio.Event()

        async def work() -> None:
            stop.watchdog.ready("working")
            for turn in range(10):
                if not stop.go_on():
                    return
                if turn == 3:
                    await hanging.wait()
                systemd.at_sec += PERIOD_SEC
                await asyncio.sleep(0)

        task = asyncio.ensure_future(work())
        for _ in range(50):
            await asyncio.sleep(0)
        assert systemd.heard()[1:] == ["WATCHDOG=1"] * 4
        systemd.at_sec += 10 * PERIOD_SEC
        for _ in range(50):
            await asyncio.sleep(0)
        assert systemd.heard() == []

        hanging.set()
        await task
        assert systemd.heard() == ["WATCHDOG=1"] * 6

    asyncio.run(scenario())


def test_an_outage_is_sat_out_alive_and_a_recovery_may_take_as_long_as_a_start(
    systemd: Systemd,
) -> None:
    """To kill who waits for a disk would not bring the disk back."""
    outage, turns = Outage(telemetry=LogTelemetry(io.StringIO())), iter([True, True, False])
    stop = Stop(watchdog=systemd.watchdog)

    async def attempt() -> None:
        stop.watchdog.ready("working")
        outage.well()
        if next(turns):
            raise OutageError("the disk is full")

    heard: list[str] = []

    async def sleep(sec: float) -> None:
        systemd.at_sec += max(sec, PERIOD_SEC)
        heard.extend(systemd.heard())

    asyncio.run(outage.outlast(attempt, stop, sleep))

    heard += systemd.heard()
    longer = f"WATCHDOG_USEC={RECOVERY_SEC * 1_000_000}\nWATCHDOG=1"
    assert [text for text in heard if "READY" in text] == [heard[0]] * 3
    assert heard.count(longer) == 2
    assert heard.count("WATCHDOG=1") >= 4


@pytest.mark.parametrize("silent", ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
def test_who_is_not_watched_tells_nothing(systemd: Systemd, silent: str) -> None:
    told = {name: value for name, value in systemd.told.items() if name != silent}
    if silent == "WATCHDOG_PID":
        told[silent] = "1"
    watchdog = Watchdog(told)
    watchdog.ready("here")
    watchdog.alive()
    watchdog.recovering()

    heard = [] if silent == "NOTIFY_SOCKET" else ["READY=1\nSTATUS=here"]
    assert systemd.heard() == heard
    assert watchdog.watched is (silent != "NOTIFY_SOCKET")


def test_a_socket_that_is_gone_disturbs_nothing(tmp_path: Path) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1"})
    watchdog.ready("here")
    watchdog.alive()

    assert watchdog.watched


def test_an_abstract_address_is_reached(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(f"\0{tmp_path}")
        Watchdog({"NOTIFY_SOCKET": f"@{tmp_path}"}).ready("here")
        assert wire.recv(4096) == b"READY=1\nSTATUS=here"


def test_what_systemd_told_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "5")
    assert told_by_systemd() == {"WATCHDOG_USEC": "5"}
