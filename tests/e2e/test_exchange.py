"""The served exchange as a process: it says where it is, moves when told, and stops."""

import http.client
import json
import re
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.app.binance_server.core import CREDENTIALS
from tests.e2e.harness import start
from tests.unit.adapters.bars import NAME, columns, write

pytestmark = pytest.mark.e2e


def answer(base: str, path: str, body: dict[str, object] | None = None) -> Any:
    link = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
    method = "GET" if body is None else "POST"
    text = None if body is None else json.dumps(body)
    link.request(method, path, text, {"X-MBX-APIKEY": CREDENTIALS.api_key})
    with closing(link):
        return json.loads(link.getresponse().read())


def base_of(log: Path) -> str:
    """Wait for the line that says where it serves."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_it_serves_steps_and_stops(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns())
    log = tmp_path / "exchange.log"
    words = ("--data", tmp_path, "--symbols", "BTCUSDT", "--speed", "0", "--port", "0")
    process = start("exchange", *words, log=log)
    try:
        base = base_of(log)
        state = answer(base, "/sim/state")
        moved = answer(base, "/sim/advance", {"to_ms": state["next_ms"]})
        price = answer(base, "/fapi/v1/ticker/price?symbol=BTCUSDT")
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
    finally:
        process.kill()

    assert moved["now_ms"] == state["next_ms"] > state["now_ms"]
    assert float(price["price"]) > 0
    assert code == 0
    assert "SIMULATED" in log.read_text()
