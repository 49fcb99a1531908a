"""A person with redis-cli and the command line, beside an execution on a Redis server."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import EVERYTHING
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_RESULT,
    MARKET_TICK,
    REPLAY_BARRIER,
    TRADE_INTENT,
)
from tests.e2e.harness import run, start
from tests.e2e.three import SYMBOLS, make_market
from tests.redis_server import RedisServer, program, redis_on

pytestmark = pytest.mark.e2e

Cli = Callable[..., list[str]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with redis_on(tmp_path / "redis", "requirepass s3cret@") as server:
        yield server


@pytest.fixture
def cli(server: RedisServer) -> Cli:
    ours = (program("cli"), "-p", str(server.port), "-a", "s3cret@", "--no-auth-warning")

    def cli(*words: str) -> list[str]:
        done = subprocess.run(
            [*ours, *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().splitlines()

    return cli


def until(look: Callable[[], list[str]]) -> list[str]:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.02)
    pytest.fail("nothing came in 60 s")


def payload_of(shown: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(shown[shown.index("payload") + 1])
    return told


def publish_first_tick(folder: Path, url: str) -> datetime:
    """Begin the market; return its time."""
    tick = next(iter(replay(make_market(folder, bars=3, seed=7), SYMBOLS, EVERYTHING)))
    with closing(RedisBus(read_bus_url(url))) as bus:
        asyncio.run(bus.publish([Post(MARKET_TICK, codec.encode_tick(tick))]))
    return datetime.fromtimestamp(tick.at_ms / 1000, UTC)


def test_what_is_typed_is_answered_and_the_commands_work(
    tmp_path: Path, server: RedisServer, cli: Cli
) -> None:
    url = f"redis://:s3cret%40@127.0.0.1:{server.port}"
    at = publish_first_tick(tmp_path / "bars", url)
    stated = {
        "intent_id": "typed-by-hand",
        "symbol": "BTCUSDT",
        "action": "BUY",
        "confidence": 0.85,
        "position_size_usd": 452,
        "leverage": 15,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
    }
    intent = ("XADD", TRADE_INTENT, "*", "event_type", "trade.intent", "payload")
    log, env = tmp_path / "execution.log", {"BUS_URL": url, "STATE_DIR": "state"}
    process = start("execution", log=log, **env)
    try:
        until(lambda: cli("XRANGE", REPLAY_BARRIER, "-", "+"))
        cli(*intent, json.dumps(stated))
        cli("XADD", TRADE_INTENT, "*", "payload", "buy some bitcoin")
        result = until(lambda: cli("XRANGE", EXECUTION_RESULT, "-", "+"))
        letter = until(lambda: cli("XRANGE", DEAD_LETTER, "-", "+"))
        halted = run("halt", "--why", "a test", cwd=tmp_path, **env)
        shown = run("status", "--json", cwd=tmp_path, **env)
        sent = run(
            *("signal", "--symbol", "BTCUSDT", "--side", "buy", "--confidence", "0.9"),
            *("--margin-usd", "452", "--leverage", "15", "--wait"),
            cwd=tmp_path,
            **env,
        )
        why = run("why", "typed-by-hand", cwd=tmp_path, **env)
    finally:
        process.terminate()
        process.wait(20)

    assert payload_of(result)["intent_id"] == "typed-by-hand"
    assert "buy some bitcoin" in str(payload_of(letter))
    assert "event_type" in str(payload_of(letter)["faults"])
    assert (halted.returncode, why.returncode) == (0, 0), halted.stderr + why.stderr
    assert "in force since" in halted.stdout
    assert json.loads(shown.stdout)["streams"][TRADE_INTENT] == 2
    assert sent.returncode == 0, sent.stdout + sent.stderr
    said = log.read_text(encoding="utf-8") + halted.stdout + shown.stdout + shown.stderr
    assert "s3cret" not in said
    assert cli("XPENDING", TRADE_INTENT, "execution")[0] == "0"


def test_check_says_where_the_bus_is_without_its_password(
    tmp_path: Path, server: RedisServer
) -> None:
    url = f"redis://op:s3cret%40@127.0.0.1:{server.port}"
    done = run("check", cwd=tmp_path, BUS_URL=url)

    assert done.returncode == 0
    assert f"redis://op:***@127.0.0.1:{server.port}/0" in done.stdout.replace("\n", "")
    assert "s3cret" not in done.stdout + done.stderr
