"""Exits on the real market: a short run of the command, and the crashes themselves.

The whole of it takes minutes: `make harvest`, which writes `docs/harvest.md`.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.app.harvest.attempt import attempt, lifetime
from bridge_patch.app.harvest.crashes import CRASHES, Crash, crashes_in, played_in
from bridge_patch.app.harvest.markets import Place, places_in
from bridge_patch.app.harvest.outcome import SIZER, Asked, Attempt
from bridge_patch.app.harvest.page import CRASHES as CRASHES_PART
from bridge_patch.app.harvest.page import EVALUATION, begin, end, part_of
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.exit_trials import Way
from tests.e2e.harness import MARKET, needs_market, run

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LAYER, TARIFFS, REBOUND = CRASHES
CRASH_FOLDER = MARKET.with_name("binance-usdm-2025-03-tariff-crash")
needs_crash = pytest.mark.skipif(
    not CRASH_FOLDER.is_dir(),
    reason="no ../shared/market/binance-usdm-2025-03-tariff-crash beside the project",
)
#: The sim's own charge for a stop in fast tape is 5 bp, beside spread and impact; a bar
#: that opens beyond the stop would cost more.
BEYOND_MAX_BP = 50


def attempts(place: Place, crash: Crash, name: str) -> list[Attempt]:
    symbol = Symbol(name)
    found = [(one.name, of) for _, one, of in crashes_in([place])]
    assert (crash.name, symbol) in found
    return played_in((place, crash, symbol))


def check_went_well(played: list[Attempt]) -> None:
    """No liquidation, nothing left open, a stop over all of it after every tick."""
    opened = [one for one in played if one.opened]

    assert {one.asked.side for one in opened} == set(Side)
    assert [one for one in opened if one.liquidated] == []
    assert [one for one in opened if not one.flat] == []
    assert [one for one in opened if one.naked_ticks] == []
    assert all(0 < one.toward_liquidation < 1 for one in opened)
    stops = [stop for one in opened for stop in one.stops]
    assert stops
    assert all(0 <= stop.beyond_bp < BEYOND_MAX_BP for stop in stops)


@needs_market
def test_in_the_layer_crash_nothing_is_entered_and_what_is_put_there_is_not_lost() -> None:
    """21 % in an hour: the sizer abstains. Past it, stops and exits still hold."""
    (place,) = places_in(MARKET)
    crash = replace(LAYER, entries_ms=LAYER.entries_ms[1::3])
    played = attempts(place, crash, "LAYERUSDT")
    as_it_runs = [one for one in played if not one.forced]

    assert all(one.said.startswith(SIZER) for one in as_it_runs)
    assert all(one.opened for one in played if one.forced)
    check_went_well(played)


@needs_market
@pytest.mark.parametrize("side", Side)
def test_what_goes_past_the_sizer_is_refused_by_the_governor(side: Side) -> None:
    """The same entry under the shipped limits: two say no before the exits are needed."""
    (place,) = places_in(MARKET)
    at_ms = LAYER.entries_ms[3]
    feed = replay(place.folder, LAYER.symbols, lifetime(at_ms, at_ms))
    asked = Asked(
        crash="", symbol=LAYER.symbols[0], side=side, mode=HarvestMode.SWING, at_ms=at_ms
    )

    told = asyncio.run(attempt(feed, asked, forced=True))

    assert not told.opened
    assert told.said == f"Governor: {Reason.LIQUIDATION_TOO_NEAR}"


@needs_crash
@pytest.mark.parametrize("name", ["ETHUSDT", "SUIUSDT"])
def test_in_the_tariff_crash_every_position_at_the_sizers_leverage_gets_out(
    name: str,
) -> None:
    (place,) = places_in(CRASH_FOLDER)
    played = attempts(place, TARIFFS, name)

    assert all(one.opened and not one.forced for one in played)
    assert all(5 <= one.leverage <= 15 for one in played)
    check_went_well(played)


@needs_crash
def test_in_the_rebound_it_is_the_shorts_that_get_out() -> None:
    (place,) = places_in(CRASH_FOLDER)

    check_went_well(attempts(place, REBOUND, "ETHUSDT"))


@needs_market
def test_the_command_tries_two_days_of_one_market_and_writes_them_into_a_page(
    tmp_path: Path,
) -> None:
    """One file of the recorded month, linked: nothing of it is copied."""
    bars = tmp_path / "bars"
    bars.mkdir()
    for path in MARKET.glob("BTC_*"):
        (bars / path.name).symlink_to(path)
    page = tmp_path / "page.md"
    parts = (EVALUATION, CRASHES_PART)
    page.write_text("".join(begin(part) + end(part) for part in parts), encoding="utf-8")
    days = ("--from", "2025-05-05", "--to", "2025-05-07")

    done = run("harvest", "--data", bars, *days, "--page", page, "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["evaluation"]
    assert json.loads(done.stdout)["crashes"] == []
    scalper = [one for one in found["pooled"] if one["mode"] == "scalper"]
    assert {one["baseline"] for one in scalper} == {Way.FIXED_STOP, Way.HOLD}
    for one in scalper:
        interval = one["interval"]
        assert interval["count"] >= 40
        assert interval["low"] <= interval["mean"] <= interval["high"]
    trend = [one for one in found["pooled"] if one["mode"] == "trend_runner"]
    assert [one["interval"] for one in trend] == [None, None]
    assert all(-60 < one["net_bp"] < 20 for one in found["standings"])
    written = part_of(page.read_text(encoding="utf-8"), EVALUATION)
    assert len(re.findall(r"\| too few \|$", written, re.MULTILINE)) >= 2
    assert (tmp_path / "harvest.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_folder_without_bars_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    done = run("harvest", "--data", tmp_path, cwd=tmp_path)

    assert done.returncode == 2
    assert "expected bars of a listed contract, found none" in done.stderr
