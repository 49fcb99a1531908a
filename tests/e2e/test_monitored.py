"""A whole process is scraped, and tells people of its alarms, while it trades as ever."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bridge_patch.adapters.alerts import STARTS_MAX
from bridge_patch.adapters.health_starts import starts_path
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.monitoring import BUS_EVERY_SEC, LOOK_SEC
from tests.e2e.harness import only_in_soak, start
from tests.e2e.three import LIVE, Run, in_one, make_market
from tests.unit.adapters.test_metrics_page import asked
from tests.unit.app.test_monitoring import free_port

pytestmark = pytest.mark.e2e


@contextmanager
def deaf() -> Iterator[int]:
    """A service that takes every call and never answers; yields its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


@contextmanager
def hearing(bodies: list[str]) -> Iterator[int]:
    """A service that keeps what it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            bodies.append(self.rfile.read(length).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - as above

    with closing_server(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextmanager
def closing_server(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_loop_of_starts(state: Path) -> None:
    """Let the next start be one too many within ten minutes."""
    state.mkdir(parents=True)
    now_ms = SystemClock().now_ms()
    times = " ".join([str(now_ms)] * STARTS_MAX)
    starts_path(state, "execution").write_text(f"{STARTS_MAX} {times}")


def scraped(port: int) -> str:
    """The page, or nothing where it is not served, or no more."""
    time.sleep(0.2)
    try:
        return asked(f"http://127.0.0.1:{port}/metrics")[1]
    except OSError:
        return ""


@only_in_soak
def test_a_deaf_service_delays_neither_another_nor_a_single_decision(
    tmp_path: Path,
) -> None:
    """The run that is watched decides to the letter as the one that is not."""
    market, port = make_market(tmp_path / "bars", bars=600, seed=7), free_port()
    bodies: list[str] = []
    plain = in_one(tmp_path, "--data", market)
    state = tmp_path / "watched" / "state"
    a_loop_of_starts(state)
    log, page = tmp_path / "watched" / "run.log", ""
    with deaf() as deaf_port, hearing(bodies) as hearing_port:
        urls = f"json://127.0.0.1:{deaf_port}/ json://127.0.0.1:{hearing_port}/"
        watched = {"METRICS_PORT_EXECUTION": str(port), "ALERT_URLS": urls}
        words = ("run", "--state", state, "--data", market)
        process = start(*words, log=log, **LIVE, **watched)
        try:
            while process.poll() is None:
                page = scraped(port) or page
        finally:
            process.kill()
        code = process.wait()

    assert code == 0, log.read_text()
    assert "bridge_patch_decisions_total" in page
    told = [json.loads(body) for body in bodies]
    assert any("RESTARTING" in each["title"] for each in told)
    assert any("docs/runbook.md#alarm-restarting" in each["message"] for each in told)
    assert "127.0.0.1:" + str(hearing_port) not in log.read_text()
    assert Run(state).decisions() == plain.decisions()


def test_an_alarm_is_on_its_way_well_within_five_seconds() -> None:
    """D6: what is sampled and then looked at, or seen on the bus and then looked at."""
    assert 2 * LOOK_SEC < 5
    assert BUS_EVERY_SEC + LOOK_SEC < 5
