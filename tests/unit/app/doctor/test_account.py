"""Checks of the account, each with both outcomes."""

from typing import Any

import pytest

from bridge_patch.adapters.venue_ccxt.inspection import Heard
from bridge_patch.adapters.venue_ccxt.inspection_calls import (
    AccountConfig,
    Indicator,
    TradingStatus,
)
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.replies import MultiAssets, PositionSide
from bridge_patch.app.doctor.account import (
    check_account,
    check_key,
    check_locks,
    check_margin,
    check_rights,
    check_user_stream,
)
from bridge_patch.app.doctor.finding import Finding, Mark
from tests.unit.app.doctor.seen import (
    BTC,
    LOST,
    REVOKED,
    SOL,
    account,
    configs,
    healthy,
    rights,
    user,
)

OK, FAULT, NOTE = Mark.OK, Mark.FAULT, Mark.NOTE
NAMES = ("config", "rights", "sides", "assets", "symbols", "status")


def checked(**changes: Any) -> dict[str, Finding]:
    return {f.check: f for f in check_account(healthy(**changes), (BTC, SOL))}


def locked(where: str, *, is_locked: bool = True) -> Accepted[TradingStatus]:
    rule = Indicator(indicator="UFR", is_locked=is_locked, planned_recover_time=1_000)
    return Accepted(TradingStatus(indicators={where: [rule]}))


def test_a_healthy_account_is_well_in_every_line() -> None:
    found = checked()

    assert len(found) == len(NAMES)
    assert {f.mark for f in found.values()} == {OK}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("outcome", [REVOKED, LOST])
def test_what_could_not_be_read_is_a_fault(name: str, outcome: object) -> None:
    faults = [f for f in checked(**{name: outcome}).values() if f.mark is FAULT]

    assert len(faults) == 1
    assert faults[0].cause in {"-2015", "NO_REPLY"}


@pytest.mark.parametrize(
    ("name", "reading", "check", "remedy"),
    [
        ("sides", PositionSide(dual_side_position=True), "position mode", "One-way"),
        ("assets", MultiAssets(multi_assets_margin=True), "asset mode", "Single-Asset"),
    ],
)
def test_a_mode_that_is_not_ours_is_a_fault(
    name: str, reading: object, check: str, remedy: str
) -> None:
    finding = checked(**{name: Accepted(reading)})[check]

    assert finding.mark is FAULT
    assert remedy in finding.remedy


def test_an_account_that_may_not_trade_is_a_fault() -> None:
    assert check_key(Accepted(AccountConfig(can_trade=False))).mark is FAULT


@pytest.mark.parametrize(
    ("changes", "mark", "words"),
    [
        ({}, OK, "no withdrawals"),
        ({"enable_withdrawals": True}, FAULT, "MAY WITHDRAW"),
        ({"enable_withdrawals": True, "enable_futures": False}, FAULT, "MAY WITHDRAW"),
        ({"enable_futures": False}, FAULT, "may only read"),
        ({"ip_restrict": False}, NOTE, "from any address"),
        ({"enable_internal_transfer": True}, NOTE, "internal transfers"),
        ({"enable_spot_and_margin_trading": True}, NOTE, "spot trading"),
    ],
)
def test_a_key_may_read_and_trade_futures_and_no_more(
    changes: dict[str, bool], mark: Mark, words: str
) -> None:
    finding = check_rights(rights(**changes))

    assert finding.mark is mark
    assert words in finding.found


def test_where_no_host_tells_the_rights_a_person_is_asked_to_look() -> None:
    assert check_rights(None).mark is NOTE
    assert "cannot withdraw" in check_rights(None).remedy


@pytest.mark.parametrize(
    ("kinds", "mark"),
    [
        ({}, OK),
        ({"SOLUSDT": "CROSSED"}, FAULT),
        ({"SOLUSDT": "isolated"}, OK),
        ({"ETHUSDT": "CROSSED"}, OK),
    ],
)
def test_what_is_traded_is_isolated(kinds: dict[str, str], mark: Mark) -> None:
    assert check_margin(configs(**kinds), (BTC, SOL)).mark is mark


def test_a_traded_symbol_whose_margin_is_not_stated_is_a_fault() -> None:
    assert check_margin(Accepted([]), (BTC,)).mark is FAULT


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        (locked("BTCUSDT"), FAULT),
        (locked("ACCOUNT"), FAULT),
        (locked("ETHUSDT"), NOTE),
        (locked("BTCUSDT", is_locked=False), OK),
    ],
)
def test_a_quant_rule_that_locks_what_is_traded_is_a_fault(
    status: Accepted[TradingStatus], mark: Mark
) -> None:
    assert check_locks(status, (BTC, SOL)).mark is mark


def test_a_lock_says_until_when() -> None:
    found = check_locks(locked("BTCUSDT"), (BTC,)).found

    assert found == "BTCUSDT locked by UFR until 1970-01-01 00:00:01 UTC"


@pytest.mark.parametrize("at_ms", [10**17, -(10**17), 10**30])
def test_a_lock_until_no_date_is_a_fault_all_the_same(at_ms: int) -> None:
    rule = Indicator(indicator="UFR", is_locked=True, planned_recover_time=at_ms)
    status = Accepted(TradingStatus(indicators={"BTCUSDT": [rule]}))
    finding = check_locks(status, (BTC,))

    assert finding.mark is FAULT
    assert finding.found == f"BTCUSDT locked by UFR until {at_ms} ms"


OPEN = Heard(connected=True)


@pytest.mark.parametrize(
    ("changes", "mark", "words"),
    [
        ({}, OK, "alive: 1 events"),
        ({"heard": OPEN}, NOTE, "nothing proves it"),
        ({"heard": OPEN, "after": account("90")}, FAULT, "is silent"),
        ({"heard": OPEN, "after": LOST}, FAULT, "could not be read"),
        ({"heard": Heard()}, FAULT, "no stream"),
        ({"heard": Heard(connected=True, told=1, why="it ended")}, FAULT, "it ended"),
        ({"key": REVOKED}, FAULT, "-2015"),
    ],
)
def test_an_open_socket_proves_no_stream(
    changes: dict[str, Any], mark: Mark, words: str
) -> None:
    finding = check_user_stream(user(**changes), listen_sec=3)

    assert finding.mark is mark
    assert words in finding.found
