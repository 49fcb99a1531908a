"""The watch that others rely on: it sees a position that nothing protects."""

from __future__ import annotations

import pytest

from tests.e2e.watched_exchange import STOP, TICK, Call, WatchedExchange
from tests.unit.app.binance_server.desk import BTC, Desk

OTHER = Call("GET", "/fapi/v3/account", {}, 0)
PLAYED = Call("POST", TICK, {}, 0)


@pytest.fixture
def desk() -> Desk:
    """A short of 0.1 BTC at 60,000 and 20x, liquidated somewhat below 63,000."""
    desk = Desk()
    desk.market("SELL", "0.1")
    return desk


def rest(desk: Desk, trigger: str, **more: str) -> None:
    asked = more or {"closePosition": "true"}
    desk.ok(
        "POST",
        STOP,
        algoType="CONDITIONAL",
        symbol=BTC,
        side="BUY",
        type="STOP_MARKET",
        triggerPrice=trigger,
        clientAlgoId="s",
        **asked,
    )


def test_a_stop_over_all_of_it_and_nearer_than_liquidation_protects(desk: Desk) -> None:
    watched = WatchedExchange(desk.core)
    rest(desk, "61200")
    watched.look(PLAYED)

    assert watched.faults == []


def test_a_fill_has_until_the_next_price_to_get_its_stop(desk: Desk) -> None:
    watched = WatchedExchange(desk.core)
    watched.look(OTHER)

    assert (watched.unprotected, watched.faults) == (1, [])
    watched.look(PLAYED)
    assert len(watched.faults) == 1


def test_a_stop_that_was_let_go_too_early_is_seen_at_once(desk: Desk) -> None:
    watched = WatchedExchange(desk.core)
    rest(desk, "61200")
    watched.look(OTHER)
    desk.ok("DELETE", STOP, symbol=BTC, clientAlgoId="s")
    watched.look(OTHER)

    assert len(watched.faults) == 1


@pytest.mark.parametrize(
    ("trigger", "more"),
    [
        ("63500", {}),
        ("61200", {"quantity": "0.09", "reduceOnly": "true"}),
        ("61200", {"quantity": "0.1", "reduceOnly": "false"}),
    ],
    ids=["beyond-liquidation", "over-a-part-of-it", "may-open"],
)
def test_what_does_not_protect_is_not_taken_for_a_stop(
    desk: Desk, trigger: str, more: dict[str, str]
) -> None:
    watched = WatchedExchange(desk.core)
    rest(desk, trigger, **more)
    watched.look(PLAYED)

    assert len(watched.faults) == 1
