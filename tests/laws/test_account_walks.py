"""The steps of the account's machine lead somewhere, and its oracle is not fooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import Event, Judged, TradingState, Verdict
from bridge_patch.domain.intent import Side
from tests.laws.account_oracle import Oracle
from tests.laws.account_settings import DOGE, ETH, SETTINGS, SYMBOLS
from tests.laws.account_stage import Stage
from tests.laws.account_trades import Open
from tests.laws.account_walk import Walk, entry, ruin, stranger_of

D = Decimal
BTC = SYMBOLS[0]
SEEDS = (1, 3, 4)


@pytest.fixture(scope="module")
def met() -> Counter[str]:
    """What walks under each of the settings meet, by seeds that do not change."""
    met = ruin()
    for settings in SETTINGS:
        for seed in SEEDS:
            met += Walk(settings, seed).go(110)
    return met


def reached(met: Counter[str], kind: str) -> set[str]:
    return {what.removeprefix(kind) for what in met if what.startswith(kind)}


@pytest.mark.slow
def test_the_steps_lead_to_verdicts_of_every_kind(met: Counter[str]) -> None:
    """Guards the machine: its promises would hold where nothing happens."""
    assert min(met["entry ACCEPT"], met["entry CLAMP"], met["entry REJECT"]) >= 10
    assert min(met["reduction ACCEPT"], met["reduction REJECT"]) >= 10
    assert met["rejudged"] >= 200


@pytest.mark.slow
def test_the_steps_lead_to_many_refusals_and_to_every_latch(met: Counter[str]) -> None:
    assert len(reached(met, "reason ")) >= 20
    assert reached(met, "latch ") >= {
        *("OPERATOR", "DAILY_LOSS", "NEW_DAY", "DRAWDOWN"),
        *("EQUITY_JUMP", "EXPLAINED", "FOREIGN_POSITION", "WALLET_DIFFERS"),
    }


@pytest.mark.slow
def test_the_steps_lead_through_restarts_in_every_state(met: Counter[str]) -> None:
    assert reached(met, "restart ") == set(TradingState)
    assert met["restart"] >= 20


def test_a_ruined_account_waits_for_a_person_through_restarts_and_days() -> None:
    met = ruin()

    assert met["latch DRAWDOWN"] >= met["latch OPERATOR"] == 1
    assert (met["restart HALTED"], met["restart RUNNING"]) == (1, 1)
    assert met["latch NEW_DAY"] == 0
    assert met["reason TRADING_HALTED"] == 1


@pytest.fixture(scope="module")
def told() -> tuple[Stage, list[Event], Judged]:
    """An account at rest, what happened before its first approval, and that approval."""
    stage = Stage("shipped")
    stage.propose(entry(BTC, Side.BUY, (450, 8)))
    events = [stored.event for stored in stage.world.journal.read()]
    stage.end()
    (judged,) = [e for e in events if isinstance(e, Judged)]
    return stage, events[: events.index(judged)], judged


def oracle_of(stage: Stage, before: list[Event]) -> Oracle:
    oracle = Oracle(stage.limits)
    for one in before:
        oracle.take(one, stage.prices)
    return oracle


def test_the_oracle_agrees_with_an_approval_as_it_was(
    told: tuple[Stage, list[Event], Judged],
) -> None:
    stage, before, judged = told
    oracle_of(stage, before).take(judged, stage.prices)

    assert judged.verdict is Verdict.ACCEPT


LIES: dict[str, dict[str, Any]] = {
    "larger than what was asked": {"margin_usd": D("450.01")},
    "an approval is larger": {"leverage": D(9)},
    "quantity at the mark": {"quantity_base": D("0.038")},
    "a refusal states a size": {"verdict": Verdict.REJECT},
    "risk % equity": {"stop_fraction": D("0.9")},
    "does not state its size": {"proposed_leverage": None},
    "symbol named": {"symbol": DOGE},
}


@pytest.mark.parametrize("fault", LIES)
def test_the_oracle_notices_an_approval_told_otherwise(
    fault: str, told: tuple[Stage, list[Event], Judged]
) -> None:
    stage, before, judged = told
    prices = stage.prices | {DOGE: stage.prices[BTC]}

    with pytest.raises(AssertionError, match=fault):
        oracle_of(stage, before).take(replace(judged, **LIES[fault]), prices)


def held(symbol: str, usd: int) -> Callable[[Oracle], None]:
    def hold(oracle: Oracle) -> None:
        price = D(95_000) if symbol == BTC else D(2_500)
        oracle.open[SYMBOLS[SYMBOLS.index(symbol)]] = Open(usd / price, price, D(usd) / 10)

    return hold


def approved(count: int, usd: int) -> Callable[[Oracle, Judged], None]:
    def approve(oracle: Oracle, judged: Judged) -> None:
        oracle.approved += [replace(judged, notional_usd=D(usd))] * count

    return approve


def halted(oracle: Oracle) -> None:
    oracle.state = TradingState.HALTED


def robbed(oracle: Oracle) -> None:
    oracle.wallet -= 1


def crowded(oracle: Oracle) -> None:
    oracle.strangers = [stranger_of(Side.SELL, D(1))]


SECRETS: dict[str, Callable[[Oracle], None]] = {
    "running": halted,
    "state: told": halted,
    "equity: told": robbed,
    "nobody else": crowded,
    "strangers: told": crowded,
    "short: told": crowded,
    "the symbol is not flat": held(BTC, 95),
    "on symbol: told": held(BTC, 95),
    "gross x equity": held(ETH, 40_000),
    "side x equity": held(ETH, 20_000),
    "net x equity": held(ETH, 15_000),
    "margin % equity": held(ETH, 39_000),
}


@pytest.mark.parametrize("fault", SECRETS)
def test_the_oracle_notices_what_the_governor_was_not_told(
    fault: str, told: tuple[Stage, list[Event], Judged]
) -> None:
    stage, before, judged = told
    oracle = oracle_of(stage, before)
    SECRETS[fault](oracle)

    with pytest.raises(AssertionError, match=fault):
        oracle.take(judged, stage.prices)


@pytest.mark.parametrize(
    ("fault", "count", "usd"),
    [
        ("notional within 1m", 1, 17_000),
        ("notional within 1h", 1, 17_000),
        ("notional within 1d", 1, 97_000),
        ("entries within the hour", 5, 1),
    ],
)
def test_the_oracle_notices_what_was_approved_and_not_counted(
    fault: str, count: int, usd: int, told: tuple[Stage, list[Event], Judged]
) -> None:
    stage, before, judged = told
    oracle = oracle_of(stage, before)
    approved(count, usd)(oracle, judged)

    with pytest.raises(AssertionError, match=fault):
        oracle.take(judged, stage.prices)
