"""The contract facts agree with the exchange's recorded replies, and with themselves."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.instrument_facts import FACTS
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, Unknown

D = Decimal
PAYLOADS = Path(__file__).parents[4] / "shared" / "payloads"
TESTNET = "exchange_info_testnet_2026-03-31.json"
MAIN = "exchange_info_mainnet_2021-12-04.json"
BRACKETS = "leverage_brackets_2025-07-10.json"
LISTED = ListedInstruments()
#: Where a fact departs from the testnet's figure, on purpose; its note says why.
STEP_DEPARTS = {"BTCUSDT"}


def recorded(name: str) -> dict[str, Any]:
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip(f"recorded payloads are not beside the project ({name})")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def filters(name: str, symbol: str) -> dict[str, dict[str, Any]]:
    for entry in recorded(name)["symbols"]:
        if entry["symbol"] == symbol:
            return {f["filterType"]: f for f in entry["filters"]}
    return {}


def listed(symbol: str) -> Instrument:
    found = LISTED.find(Symbol(symbol))
    assert isinstance(found, Instrument)
    return found


def test_the_dozen_that_was_promised_is_listed() -> None:
    majors = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT"}
    others = {"ADAUSDT", "LINKUSDT", "LTCUSDT", "SUIUSDT", "AVAXUSDT", "LAYERUSDT"}

    assert majors | others <= set(LISTED.symbols)


@pytest.mark.parametrize("name", ["btcusdt", "BTC", "BTCUSDT ", "BTCUSD", "", "NOPEUSDT"])
def test_only_an_exact_symbol_is_found(name: str) -> None:
    """A near miss must not be traded as its neighbour."""
    assert LISTED.find(Symbol(name)) == Unknown(f"{name} is not a listed contract")


@pytest.mark.parametrize("symbol", FACTS)
def test_filters_are_those_of_the_newest_recording(symbol: str) -> None:
    instrument, newest = listed(symbol), filters(TESTNET, symbol)

    assert instrument.price_tick == D(newest["PRICE_FILTER"]["tickSize"])
    assert instrument.notional_min == D(newest["MIN_NOTIONAL"]["notional"])
    step = D(newest["MARKET_LOT_SIZE"]["stepSize"])
    least = D(newest["MARKET_LOT_SIZE"]["minQty"])
    if symbol in STEP_DEPARTS:
        assert instrument.quantity_step % step == 0
        assert instrument.quantity_step > step
        assert FACTS[symbol].note
    else:
        assert (instrument.quantity_step, instrument.quantity_min) == (step, least)


@pytest.mark.parametrize("symbol", FACTS)
def test_the_largest_quantity_is_the_smallest_that_was_recorded(symbol: str) -> None:
    figures = [
        D(found[kind]["maxQty"])
        for name in (TESTNET, MAIN)
        if (found := filters(name, symbol))
        for kind in ("LOT_SIZE", "MARKET_LOT_SIZE")
    ]

    assert listed(symbol).quantity_max == min(figures)
    assert ("M" in FACTS[symbol].source.split()) == (len(figures) == 4)


@pytest.mark.parametrize("symbol", FACTS)
def test_brackets_are_those_recorded_with_their_maintenance_amounts(symbol: str) -> None:
    """`cum` is worked out by the exchange's rule, and must come to its own figures."""
    rows = recorded(BRACKETS)["brackets"][symbol]
    expected = [
        (
            row["initialLeverage"],
            D(row["notionalFloor"]),
            D(row["notionalCap"]),
            D(row["maintMarginRatio"]),
            D(row["cum"]),
        )
        for row in rows
    ]
    found = [
        (b.leverage_max, b.notional_floor, b.notional_cap, b.mmr, b.cum)
        for b in listed(symbol).brackets
    ]

    assert found == expected


@pytest.mark.parametrize("symbol", FACTS)
def test_a_contract_is_usable(symbol: str) -> None:
    """Holds without any recording: a typing error in the table is seen everywhere."""
    one = listed(symbol)

    assert one.quantity_min % one.quantity_step == 0
    assert one.quantity_step <= one.quantity_min < one.quantity_max
    assert [b.leverage_max for b in one.brackets] == sorted(
        (b.leverage_max for b in one.brackets), reverse=True
    )
    assert all(b.notional_floor < b.notional_cap for b in one.brackets)
    assert one.brackets[0].mmr < one.brackets[-1].mmr <= D("0.5")
    assert one.brackets[-1].leverage_max == 1
    for bracket in one.brackets:
        assert bracket.mmr * bracket.leverage_max < 1, "liquidated on arrival"
