"""What the market shows, and that the stated rules are those applied."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import FundingTerms, Tick
from tests.unit.app.binance_server.desk import BTC, ETH, MINUTE, START, Desk

D = Decimal
RECORDED = (
    Path(__file__).parents[5]
    / "shared"
    / "payloads"
    / "exchange_info_testnet_2026-03-31.json"
)


def ask(desk: Desk, path: str, **params: Any) -> Any:
    return desk.ok("GET", f"/fapi/v1/{path}", **params)


def test_the_book_stands_around_the_last_price_on_the_tick() -> None:
    desk = Desk()
    top, deep = ask(desk, "ticker/bookTicker", symbol=BTC), ask(desk, "depth", symbol=BTC)

    assert (D(top["bidPrice"]), D(top["askPrice"])) == (D("59998.5"), D("60001.5"))
    assert deep["bids"][0][0] == top["bidPrice"]
    assert deep["asks"][0][0] == top["askPrice"]


def test_prices_are_an_object_of_one_symbol_and_an_array_of_all() -> None:
    desk = Desk()

    assert ask(desk, "ticker/price", symbol=BTC)["price"] == "60000"
    assert [p["symbol"] for p in ask(desk, "ticker/price")] == [BTC]
    assert desk.no("GET", "/fapi/v1/ticker/price", symbol=ETH) == -1112


def test_candles_are_gathered_from_bars() -> None:
    desk = Desk()
    for low, high in (("59000", "60500"), ("60000", "62000"), ("61000", "61500")):
        desk.play(low, high, volume="10")
    (first, second) = ask(desk, "klines", symbol=BTC, interval="3m")

    assert (first[0], first[6]) == (START, START + 3 * MINUTE - 1)
    assert [first[n] for n in (1, 2, 3, 4)] == ["60000", "62000", "59000", "60000"]
    assert second[0] == START + 3 * MINUTE
    assert desk.no("GET", "/fapi/v1/klines", symbol=BTC, interval="7m") == -1120
    assert desk.no("GET", "/fapi/v1/klines", symbol=BTC) == -1102


def test_a_days_ticker_is_of_the_day() -> None:
    desk = Desk()
    desk.play("59000", "61000", close="60500", volume="50")
    day = ask(desk, "ticker/24hr", symbol=BTC)

    assert (day["openPrice"], day["highPrice"], day["lowPrice"], day["lastPrice"]) == (
        "60000",
        "61000",
        "59000",
        "60500",
    )
    assert D(day["volume"]) == 100_050


def test_funding_says_its_interval_and_what_settled() -> None:
    desk = Desk()
    terms = FundingTerms(
        symbol=BTC, rate_fraction=D("0.0002"), interval_ms=3_600_000, at_ms=UnixMs(START)
    )
    desk.core.tick(Tick(at_ms=UnixMs(desk.core.now_ms), bars=(), terms=(terms,)))
    premium = ask(desk, "premiumIndex", symbol=BTC)
    (info,) = ask(desk, "fundingInfo")
    desk.settle("0.0002")
    (settled,) = ask(desk, "fundingRate", symbol=BTC)

    assert (premium["lastFundingRate"], premium["markPrice"]) == (
        "0.0002",
        "60000.00000000",
    )
    assert premium["nextFundingTime"] == START + 3_600_000
    assert info["fundingIntervalHours"] == 1
    assert settled["fundingRate"] == "0.0002"


def test_the_stated_rules_are_those_that_are_applied() -> None:
    (btc, _) = ask(Desk(), "exchangeInfo")["symbols"]
    rules = {f["filterType"]: f for f in btc["filters"]}
    desk = Desk()
    step, least = rules["LOT_SIZE"]["stepSize"], rules["MIN_NOTIONAL"]["notional"]
    enough = D(least) / 60_000
    rounded = (enough // D(step) + 1) * D(step)

    assert desk.market("BUY", str(rounded))["status"] == "FILLED"
    assert (
        desk.no(
            "POST",
            "/fapi/v1/order",
            symbol=BTC,
            side="BUY",
            type="MARKET",
            quantity=str(rounded - D(step)),
        )
        == -4164
    )


def test_a_halted_symbol_says_so() -> None:
    desk = Desk()
    desk.dispose(statuses={"BTCUSDT": "BREAK"})

    assert [s["status"] for s in ask(desk, "exchangeInfo")["symbols"]] == [
        "BREAK",
        "TRADING",
    ]


@pytest.mark.skipif(not RECORDED.is_file(), reason="no recorded exchangeInfo beside us")
def test_exchange_info_has_every_field_of_the_recorded_one() -> None:
    recorded = json.loads(RECORDED.read_text())
    theirs = next(s for s in recorded["symbols"] if s["symbol"] == BTC)
    ours = ask(Desk(), "exchangeInfo")
    (btc, _) = ours["symbols"]
    kinds = {f["filterType"] for f in theirs["filters"]}

    assert set(theirs) <= set(btc)
    assert {f["filterType"] for f in btc["filters"]} == kinds
    for filter_ in theirs["filters"]:
        stated = {name for name, value in filter_.items() if value is not None}
        (mine,) = [f for f in btc["filters"] if f["filterType"] == filter_["filterType"]]
        assert stated <= set(mine)
    assert {r["rateLimitType"] for r in recorded["rateLimits"]} == {
        r["rateLimitType"] for r in ours["rateLimits"]
    }
