"""Checks of the symbols, each with both outcomes."""

from typing import Any

import pytest

from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.replies import ExchangeInfo, Income, SymbolInfo
from bridge_patch.app.doctor.finding import Finding, Mark
from bridge_patch.app.doctor.symbols import (
    check_age,
    check_brackets,
    check_filters,
    check_symbols,
    tier_at,
)
from tests.unit.app.doctor.seen import (
    BTC,
    LOST,
    OLD,
    REVOKED,
    SOL,
    TABLE,
    D,
    configs,
    healthy,
    info,
    tiers,
    wanted,
)

OK, FAULT = Mark.OK, Mark.FAULT
BOOKED = Income(symbol="BTCUSDT", income=D(1), time=1)


def filters(*listed: SymbolInfo, **changes: Any) -> dict[str, Finding]:
    stated = Accepted(ExchangeInfo(rate_limits=[], symbols=list(listed)))
    return {f.check: f for f in check_filters(stated, wanted(**changes))}


def test_healthy_symbols_are_well_in_every_line() -> None:
    found = tuple(check_symbols(healthy(), wanted()))

    assert [f.mark for f in found] == [OK] * 5


@pytest.mark.parametrize("name", ["info", "brackets", "symbols", "bookings"])
def test_what_could_not_be_read_is_a_fault(name: str) -> None:
    found = check_symbols(healthy(**{name: REVOKED}), wanted())

    assert [f.cause for f in found if f.mark is FAULT] == ["-2015"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tick": "0.3"}, "tick 0.3, ours is 0.1"),
        ({"step": "0.01"}, "LOT_SIZE step 0.01, ours is 0.001"),
        ({"least": "0.002"}, "MARKET_LOT_SIZE from 0.002, ours from 0.001"),
        ({"most": "119"}, "LOT_SIZE to 119, ours to 120"),
        ({"notional": "101"}, "notional from 101, ours from 100"),
    ],
)
def test_a_filter_that_asks_more_than_our_table_is_a_fault(
    changes: dict[str, str], words: str
) -> None:
    """An order that fits the table would be refused at the venue."""
    finding = filters(info(BTC, **changes), info(SOL))["symbol BTCUSDT"]

    assert finding.mark is FAULT
    assert words in finding.found


@pytest.mark.parametrize(
    "changes",
    [{"tick": "0.05"}, {"step": "0.0001"}, {"most": "1000"}, {"notional": "5"}],
)
def test_a_filter_that_asks_less_is_well(changes: dict[str, str]) -> None:
    found = filters(info(BTC, **changes), info(SOL))

    assert {f.mark for f in found.values()} == {OK}


@pytest.mark.parametrize("status", ["SETTLING", "BREAK", "CLOSE", "PENDING_TRADING", ""])
def test_a_symbol_that_does_not_trade_is_a_fault(status: str) -> None:
    found = filters(info(BTC, status), info(SOL))

    assert found["symbol BTCUSDT"].mark is FAULT
    assert "SYMBOLS" in found["symbol BTCUSDT"].remedy
    assert found["symbol SOLUSDT"].mark is OK


def test_a_symbol_that_is_not_listed_there_or_here_is_a_fault() -> None:
    unknown = SymbolInfo(symbol=OLD, status="TRADING", filters=[])
    found = filters(unknown, instruments={s: TABLE.find(s) for s in (BTC, OLD)})

    assert [f.mark for f in found.values()] == [FAULT, FAULT]
    assert "not listed at the exchange" in found["symbol BTCUSDT"].found
    assert "not a listed contract" in found["symbol OLDUSDT"].found


def test_a_symbol_that_states_no_lot_size_is_a_fault() -> None:
    bare = SymbolInfo(symbol=BTC, status="TRADING", filters=[])

    assert "no lot size" in filters(bare, info(SOL))["symbol BTCUSDT"].found


def bracketed(*stated: Any, **changes: Any) -> list[Finding]:
    return list(check_brackets(Accepted(list(stated)), wanted(**changes)))


@pytest.mark.parametrize(
    ("most", "asked", "mark"),
    [(20, 80, FAULT), (79, 80, FAULT), (80, 80, OK), (20, 20, OK), (20, 21, FAULT)],
)
def test_a_bracket_below_what_may_be_asked_for_is_a_fault(
    most: int, asked: int, mark: Mark
) -> None:
    found = bracketed(tiers(BTC, most=most), tiers(SOL), leverage_max=asked)

    assert [f.mark for f in found] == [mark, OK]
    assert mark is OK or f"{most}x at most at 100000 USD" in found[0].found


def test_our_own_table_caps_what_may_be_asked_for() -> None:
    """SOL has 75x from 50,000 USD on: nobody asks for the 80x of the settings there."""
    assert [f.mark for f in bracketed(tiers(BTC), tiers(SOL, most=80))] == [OK, OK]


def test_tiers_beyond_what_a_position_may_be_do_not_matter() -> None:
    low = tiers(BTC)
    kept = [t for t in low.brackets if t.notional_floor < 100_000]
    short = tiers(BTC)
    short.brackets[:] = kept

    assert bracketed(short, tiers(SOL))[0].mark is OK
    assert bracketed(short, tiers(SOL), notional_max_usd=D(400_000))[0].mark is FAULT


def test_a_factor_narrows_the_tiers_and_never_widens_them() -> None:
    """At a tenth BTC's tiers end at 30,000, 80,000 and so on: no 80x for 100,000 USD."""
    narrow, wide = tiers(BTC, notional_coef=D("0.1")), tiers(BTC, notional_coef=D(9))

    assert tier_at(narrow, D(40_000)) == narrow.brackets[1]
    assert tier_at(wide, D(300_001)) == wide.brackets[1]
    assert bracketed(narrow, tiers(SOL))[0].mark is FAULT


def test_a_higher_maintenance_rate_is_a_fault() -> None:
    """Positions would be liquidated nearer than the Governor believes."""
    finding = bracketed(tiers(BTC, rate=D("0.02")), tiers(SOL))[0]

    assert finding.mark is FAULT
    assert "maintenance 0.02 at 100000 USD, ours is 0.004" in finding.found


def test_a_symbol_without_tiers_is_a_fault() -> None:
    assert [f.mark for f in bracketed(tiers(BTC))] == [OK, FAULT]


@pytest.mark.parametrize(
    ("high", "bookings", "asked", "mark"),
    [
        (20, [], 20, OK),
        (20, [], 21, FAULT),
        (20, [], 80, FAULT),
        (21, [], 80, OK),
        (20, [BOOKED], 80, OK),
    ],
)
def test_more_than_20x_needs_a_sign_that_the_account_is_not_young(
    high: int, bookings: list[Income], asked: int, mark: Mark
) -> None:
    """No reading tells an account's age; what shows nothing is taken for young."""
    standing = configs(BTCUSDT=high)
    finding = check_age(standing, Accepted(bookings), wanted(leverage_max=asked))

    assert finding.mark is mark


def test_at_20x_the_age_need_not_be_known() -> None:
    assert check_age(LOST, LOST, wanted(leverage_max=20)).mark is OK
