"""A live market from beginning to end: streams in, a verdict out, and a polite stop."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.events import Book, Event, Filled, Judged, Verdict
from tests.e2e.harness import COMMAND, clean_env
from tests.public_exchange import (
    MINUTE_MS,
    PublicExchange,
    kline_frame,
    mark_frame,
    price,
    trading,
    until,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SYMBOLS = ("BTCUSDT", "SOLUSDT")
SIGNAL = (
    *("signal", "--side", "buy", "--confidence", "0.8"),
    *("--margin-usd", "200", "--leverage", "10", "--stop-pct", "2", "--state", "state"),
    *("--wait", "--timeout-sec", "30"),
)


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


async def streaming(exchange: PublicExchange) -> None:
    """Say marks each half second, and each minute the bar that closed."""
    minute = wall_ms() // MINUTE_MS
    while True:
        now_ms = wall_ms()
        last = price("BTCUSDT", (minute - 1) * MINUTE_MS)
        await exchange.say(
            *(mark_frame(s, now_ms, price(s, (minute - 1) * MINUTE_MS)) for s in SYMBOLS)
        )
        assert last > 0
        if now_ms // MINUTE_MS > minute:
            await exchange.say(*(kline_frame(s, minute * MINUTE_MS) for s in SYMBOLS))
            minute = now_ms // MINUTE_MS
        await asyncio.sleep(0.5)


@asynccontextmanager
async def process(
    name: str, port: int, place: Path, **extra: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    env = clean_env(
        MARKET_FEED="live",
        MARKET_URL=f"http://127.0.0.1:{port}",
        STATE_DIR="state",
        **extra,
    )
    with (place / f"{name}.log").open("wb") as log:
        started = await asyncio.create_subprocess_exec(
            COMMAND, name, cwd=place, env=env, stdout=log, stderr=log
        )
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def asked(place: Path, symbol: str = "BTCUSDT") -> str:
    sent = await asyncio.create_subprocess_exec(
        *(COMMAND, *SIGNAL, "--symbol", symbol),
        cwd=place,
        env=clean_env(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await sent.communicate()
    return said.decode()


def journaled(place: Path) -> list[Event]:
    reader = JournalReader(SqliteFile(place / "state" / "bridge.db"))
    try:
        return [stored.event for stored in reader.read()]
    finally:
        reader.close()


def test_a_live_run_judges_an_intent_by_marks_and_stops_when_told(tmp_path: Path) -> None:
    """Between two bars, by prices of seconds ago, with the books following the marks."""

    async def scenario() -> tuple[str, int | None, str]:
        async with trading(PublicExchange(wall_ms)) as exchange:
            streams = asyncio.create_task(streaming(exchange))
            async with process("run", exchange.port, tmp_path) as run:
                await until(lambda: exchange.listeners == 1, most_sec=30)
                await until(
                    lambda: b"initialized" in (tmp_path / "run.log").read_bytes(),
                    most_sec=30,
                )
                said = await asked(tmp_path)
                run.send_signal(signal.SIGTERM)
                code = await asyncio.wait_for(run.wait(), 30)
            streams.cancel()
            return said, code, (tmp_path / "run.log").read_text()

    said, code, log = asyncio.run(scenario())

    assert code == 0, log
    judged = [e for e in journaled(tmp_path) if isinstance(e, Judged)]
    assert [e.verdict for e in judged] == [Verdict.ACCEPT], said + log


def test_three_processes_follow_one_market_and_any_may_be_killed(tmp_path: Path) -> None:
    """Bars over the bus, marks from the exchange, and a sign of life from the exits."""

    async def scenario() -> list[str]:
        apart = {"EXITS_PROCESS": "separate"}
        async with trading(PublicExchange(wall_ms)) as exchange, AsyncExitStack() as stack:
            streams = asyncio.create_task(streaming(exchange))
            port = exchange.port
            for name in ("engine", "exits"):
                await stack.enter_async_context(process(name, port, tmp_path, **apart))
            said = []
            for attempt in ("BTCUSDT", "SOLUSDT"):
                async with process("execution", port, tmp_path, **apart) as execution:
                    said.append(await eventually_allowed(tmp_path, attempt))
                    execution.kill()
            streams.cancel()
            return said

    said = asyncio.run(scenario())

    assert [("allowed" in each) for each in said] == [True, True], said
    judged = [e for e in journaled(tmp_path) if isinstance(e, Judged)]
    allowed = [e.symbol for e in judged if e.verdict is not Verdict.REJECT]
    assert allowed == ["BTCUSDT", "SOLUSDT"]
    filled = [e for e in journaled(tmp_path) if isinstance(e, Filled)]
    assert len([e for e in filled if e.book is Book.GOVERNED]) == 2
    told = (tmp_path / "execution.log").read_text(encoding="utf-8").splitlines()
    (ready,) = [n for n, line in enumerate(told) if "Risk Governor initialized" in line]
    (began,) = [n for n, line in enumerate(told) if line.startswith("[RUN]")]
    assert began < ready < 15


async def eventually_allowed(place: Path, symbol: str) -> str:
    """Ask until it is allowed: a process that has only begun may not know enough yet."""
    said = ""
    for _ in range(6):
        said = await asked(place, symbol)
        if "allowed" in said:
            return said
    return said
