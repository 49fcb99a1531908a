"""`bridge-patch doctor` as a process, on one healthy and three broken exchanges."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.loopback import HOST
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.binance_server.conditions import AccountSetting, Conditions
from bridge_patch.app.binance_server.control import Control, set_account
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.serve import Server, serving
from bridge_patch.domain.intent import Symbol
from tests.e2e.harness import COMMAND, clean_env, run

pytestmark = pytest.mark.e2e

SYMBOLS = (Symbol("BTCUSDT"), Symbol("SOLUSDT"))
#: An account as ours has to be, of somebody who may go beyond 20x.
READY = AccountSetting(
    margin_types={"BTCUSDT": "ISOLATED", "SOLUSDT": "ISOLATED"}, leverages={"BTCUSDT": 50}
)
#: Of whatever place this runs in.
ELSEWHERE = ("state folder", "disk")


@dataclass(frozen=True)
class Told:
    code: int
    text: str


async def keep_time(core: Core) -> None:
    """Let the exchange's clock be the wall's."""
    while True:
        core.advance(SystemClock().now_ms())
        await asyncio.sleep(0.01)


async def tell_something(server: Server) -> None:
    """Pay in a dollar, again and again, so that a stream has something to tell."""
    while True:
        await asyncio.sleep(0.2)
        set_account(server.core, AccountSetting(transfer_usd=Decimal(1)))
        await server.hand_out()


@asynccontextmanager
async def exchange(
    setting: AccountSetting, conditions: Conditions, *, busy: bool
) -> AsyncIterator[str]:
    core = Core(symbols=SYMBOLS)
    core.advance(SystemClock().now_ms())
    core.dispose(conditions)
    for each in (READY, setting):
        set_account(core, each)
    async with serving(Control(core)) as (server, port):
        tasks = [asyncio.create_task(keep_time(core))]
        tasks += [asyncio.create_task(tell_something(server))] if busy else []
        yield f"http://{HOST}:{port}"
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def visited(
    cwd: Path,
    *words: str,
    setting: AccountSetting | None = None,
    conditions: Conditions | None = None,
    busy: bool = False,
) -> Told:
    """Say `doctor` beside an exchange, and return what it said."""

    async def go() -> Told:
        made = exchange(setting or AccountSetting(), conditions or Conditions(), busy=busy)
        async with made as url:
            process = await asyncio.create_subprocess_exec(
                COMMAND,
                *("doctor", "--listen", "1", *words),
                cwd=cwd,
                env=clean_env(VENUE="simulator", SIMULATOR_URL=url, COLUMNS="100"),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await process.communicate()
        assert process.returncode is not None
        return Told(process.returncode, said.decode())

    return asyncio.run(go())


def found(told: Told) -> dict[str, dict[str, str]]:
    """The lines by what they are about, but for those that depend on the machine."""
    answer: dict[str, Any] = json.loads(told.text)
    assert answer["ok"] is (told.code == 0)
    lines = {line["check"]: line for line in answer["findings"]}
    return {k: v for k, v in lines.items() if k not in ELSEWHERE}


def marked(lines: dict[str, dict[str, str]], mark: str) -> set[str]:
    return {check for check, line in lines.items() if line["mark"] == mark}


def test_a_healthy_exchange_has_no_fault(tmp_path: Path) -> None:
    told = visited(tmp_path, "--json", busy=True)
    lines = found(told)

    assert told.code == 0
    assert marked(lines, "fault") == set()
    assert marked(lines, "note") == {"bus", "journal", "market stream"}
    assert "alive" in lines["user stream"]["found"]
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_key_is_one_fault_with_its_code_and_remedy(tmp_path: Path) -> None:
    told = visited(tmp_path, "--json", conditions=Conditions(key_revoked=True))
    lines = found(told)

    assert told.code == 1
    assert marked(lines, "fault") == {"key"}
    assert lines["key"]["cause"] == "-2015"
    assert "list this machine's address" in lines["key"]["remedy"]
    assert lines["open orders"]["found"] == "not looked at, for what key says"
    assert lines["symbol BTCUSDT"]["mark"] == "ok"


def test_hedge_mode_and_a_crossed_symbol_are_each_told(tmp_path: Path) -> None:
    crossed = AccountSetting(
        dual_side=True, multi_assets=True, margin_types={"SOLUSDT": "CROSSED"}
    )
    told = visited(tmp_path, "--json", setting=crossed)
    lines = found(told)

    assert told.code == 1
    assert marked(lines, "fault") == {"position mode", "asset mode", "margin type"}
    assert "One-way Mode" in lines["position mode"]["remedy"]
    assert lines["margin type"]["found"] == "not isolated: SOLUSDT"


def test_a_halted_symbol_a_young_account_and_a_clock_are_each_told(tmp_path: Path) -> None:
    """The young account stands at 20x everywhere, and has no bookings of long ago."""
    told = visited(
        tmp_path,
        setting=AccountSetting(leverages={"BTCUSDT": 20}),
        conditions=Conditions(
            statuses={"SOLUSDT": "SETTLING"}, leverage_max=20, clock_skew_ms=2_000
        ),
    )
    faults = [line for line in told.text.splitlines() if line.startswith("fault")]

    assert told.code == 1
    assert [line.split("  ")[1] for line in faults] == [
        "clock",
        "symbol SOLUSDT",
        "leverage of the account",
    ]
    assert "CLOCK_SKEW_MAX_MS is 500" in faults[0]
    assert "its status is SETTLING" in faults[1]
    assert "→ set the machine's clock" in told.text
    assert "→ write AI_MAX_LEVERAGE=20" in told.text
    assert "3 faults" in told.text


def test_an_exchange_that_is_not_there_leaves_nothing_unsaid(tmp_path: Path) -> None:
    env = {"VENUE": "simulator", "SIMULATOR_URL": "http://127.0.0.1:1"}
    done = run("doctor", "--listen", "1", "--json", cwd=tmp_path, **env)
    lines = found(Told(done.returncode, done.stdout))

    assert marked(lines, "fault") == {"clock", "market stream"}
    assert "bridge-patch exchange" in lines["clock"]["remedy"]


def test_on_paper_our_own_house_is_looked_at(tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path, VENUE="paper")

    assert done.returncode == 0
    assert "do not apply" in done.stdout
    assert {line.split("  ")[1].strip() for line in done.stdout.splitlines()[:5]} >= {"bus"}


@pytest.mark.parametrize(
    ("env", "fault"),
    [
        ({"VENUE": "binance", "MARKET_FEED": "live"}, "VENUE_API_KEY is none"),
        ({"VENUE": "binance"}, "must not be judged by recorded prices"),
        ({"VENUE": "bnance"}, "'bnance'"),
    ],
)
def test_settings_that_make_no_run_are_told_as_such(
    tmp_path: Path, env: dict[str, str], fault: str
) -> None:
    plain = run("doctor", cwd=tmp_path, **env)
    as_json = run("doctor", "--json", cwd=tmp_path, **env)

    assert (plain.returncode, as_json.returncode) == (2, 2)
    assert fault in plain.stderr
    assert fault in json.loads(as_json.stdout)["faults"][0]


def test_its_help_has_an_example(tmp_path: Path) -> None:
    done = run("doctor", "--help", cwd=tmp_path)

    assert "Example: bridge-patch doctor" in done.stdout
