"""An exchange as a process, and the one clock that it and everybody else goes by."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bridge_patch.adapters.example_ai import ExampleAI
from bridge_patch.app.binance_server.core import CREDENTIALS
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick
from tests.e2e.harness import start
from tests.e2e.rehearsal_clock import Dial
from tests.e2e.test_exchange import base_of
from tests.e2e.three import START_MS, SYMBOLS, make_market
from tests.questions import D

MINUTE_MS: Final = 60_000
#: A day of past, as every start reads it, and two minutes before a full hour.
BEGIN_MS: Final = START_MS + (25 * 60 - 2) * MINUTE_MS
BARS: Final = 25 * 60 + 600
STEP_SEC: Final = 0.02
#: A minute of the market waits so long, at most, until the processes have played it.
PLAYED_MAX_SEC: Final = 3.0


def lively_seed(early: range, quiet: range, late: range) -> int:
    """Return the first seed whose AI speaks of BTCUSDT early and late, and not between.

    Minutes count from the beginning. In the quiet ones it says nothing at all, so that
    what a person sends then finds the symbol free.
    """
    for seed in range(1, 100_000):
        if (
            _opines(seed, early, SYMBOLS[:1])
            and _opines(seed, late, SYMBOLS[:1])
            and not _opines(seed, quiet, SYMBOLS)
        ):
            return seed
    msg = "no such seed"
    raise AssertionError(msg)


def _opines(seed: int, minutes: range, symbols: Sequence[Symbol]) -> bool:
    return any(
        speaks(seed, BEGIN_MS + n * MINUTE_MS, symbol)
        for n in minutes
        for symbol in symbols
    )


def speaks(seed: int, close_ms: int, symbol: Symbol) -> bool:
    """Tell whether that AI has an opinion about this bar."""
    tick = Tick(at_ms=UnixMs(close_ms), bars=(_bar(symbol, close_ms),))
    return bool(ExampleAI(seed).signals(tick))


def _bar(symbol: Symbol, close_ms: int) -> Bar:
    return Bar(
        symbol=symbol,
        open_ms=UnixMs(close_ms - MINUTE_MS),
        close_ms=UnixMs(close_ms),
        open=D(1),
        high=D(1),
        low=D(1),
        close=D(1),
        volume=D(1),
    )


@dataclass
class Market:
    """The exchange, and a thread that winds the clock; `speed` is times real time."""

    folder: Path
    dial: Dial
    process: subprocess.Popen[str]
    base: str
    played: Callable[[], int]
    speed: float = 1.0
    waits: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    faults: list[str] = field(default_factory=list)

    @classmethod
    def begun(cls, folder: Path, played: Callable[[], int]) -> Market:
        """Serve an invented market, with a day of it over; the clock stands."""
        bars = make_market(folder / "bars", bars=BARS, seed=7)
        log = folder / "exchange.log"
        words = ("--data", bars, "--symbols", ",".join(SYMBOLS))
        process = start("exchange", *words, "--speed", "0", "--port", "0", log=log)
        dial = Dial.made(folder / "clock", BEGIN_MS)
        made = cls(folder, dial, process, base_of(log), played)
        made.asked("/sim/faults", {"account": {"margin_types": _isolated()}})
        made.asked("/sim/advance", {"to_ms": BEGIN_MS})
        return made

    def asked(self, path: str, body: dict[str, object] | None = None) -> Any:
        link = HTTPConnection(self.base.removeprefix("http://"), timeout=30)
        try:
            method = "GET" if body is None else "POST"
            text = None if body is None else json.dumps(body)
            link.request(method, path, text, {"X-MBX-APIKEY": CREDENTIALS.api_key})
            return json.loads(link.getresponse().read())
        finally:
            link.close()

    def go(self) -> None:
        """Let time pass."""
        self._thread = threading.Thread(target=self._wind, name="market")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.process.kill()
        self.process.wait()

    def until(self, at_ms: int, *, speed: float, within_sec: float) -> None:
        """Hurry to a time, no faster than the processes follow."""
        before, self.speed, self.waits = self.speed, speed, True
        deadline = time.monotonic() + within_sec
        while self.dial.now_ms() < at_ms:
            assert time.monotonic() < deadline, f"at {self.dial.now_ms()}, not {at_ms}"
            time.sleep(0.05)
        self.speed, self.waits = before, False

    def positions(self) -> dict[str, Any]:
        """Return what is open by the exchange's own records."""
        found = self.asked("/sim/state")["positions"]
        return (
            found if isinstance(found, dict) else {str(n): p for n, p in enumerate(found)}
        )

    def _wind(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(STEP_SEC):
            now = time.monotonic()
            passed_ms = int((now - last) * 1000 * self.speed)
            last = now
            before_ms = self.dial.now_ms()
            to_ms = before_ms + min(passed_ms, 5_000)
            over = to_ms // MINUTE_MS > before_ms // MINUTE_MS
            ticks = self.played() if over and self.waits else 0
            self.dial.wind(to_ms)
            try:
                self.asked("/sim/advance", {"to_ms": to_ms})
            except (OSError, ValueError) as e:
                self.faults.append(str(e))
            if over and self.waits:
                self._wait_for(ticks + 1)
                last = time.monotonic()

    def _wait_for(self, ticks: int) -> None:
        deadline = time.monotonic() + PLAYED_MAX_SEC
        while self.played() < ticks and time.monotonic() < deadline:
            time.sleep(0.02)


def _isolated() -> dict[str, str]:
    return dict.fromkeys(SYMBOLS, "ISOLATED")
