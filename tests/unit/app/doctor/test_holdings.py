"""What is open, held against the journal: both outcomes of each check."""

from dataclasses import replace

import pytest

from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.replies import AlgoReply, OrderReply, PositionRisk
from bridge_patch.app.doctor.finding import Mark
from bridge_patch.app.doctor.holdings import (
    Ours,
    check_holdings,
    check_orders,
    check_positions,
    ours_of,
)
from bridge_patch.domain.events import Event, RunStarted
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.services.ports import Stored
from tests.unit.adapters.lines_samples import FILLED, ORDER, SENDING
from tests.unit.app.doctor.seen import BTC, LOST, REVOKED, SOL, D, healthy
from tests.unit.app.story import RUN

OK, FAULT, NOTE = Mark.OK, Mark.FAULT, Mark.NOTE
NOTHING = Ours(order_ids=frozenset(), positions={})


def stored(*events: Event) -> list[Stored]:
    return [
        Stored(seq=n, event=e, recorded_ms=UnixMs(0), link="", run_id="r")
        for n, e in enumerate(events, 1)
    ]


def at(venue: str) -> RunStarted:
    return replace(RUN, venue=venue)


def ordinary(client_id: str) -> OrderReply:
    return OrderReply(
        order_id=1,
        client_order_id=client_id,
        symbol=BTC,
        status="NEW",
        side="BUY",
        orig_qty=D(1),
        executed_qty=D(0),
    )


def conditional(client_id: str) -> AlgoReply:
    return AlgoReply(
        algo_id=1,
        client_algo_id=client_id,
        symbol=BTC,
        side="SELL",
        algo_status="NEW",
        trigger_price=D(1),
    )


def held(**amounts: str) -> Accepted[list[PositionRisk]]:
    return Accepted(
        [
            PositionRisk(
                symbol=symbol,
                position_side="BOTH",
                position_amt=D(amount),
                entry_price=D(1),
                mark_price=D(1),
                isolated_wallet=D(0),
            )
            for symbol, amount in amounts.items()
        ]
    )


def ours(**amounts: str) -> Ours:
    known = {Symbol(symbol): D(amount) for symbol, amount in amounts.items()}
    return Ours(order_ids=frozenset({"bp-1", "bp-2"}), positions=known)


def test_what_is_ours_is_what_ran_at_this_venue() -> None:
    """A position on paper in the same journal is none at the exchange."""
    there = ours_of(stored(at("binance-demo"), SENDING, FILLED), "binance-demo")
    mixed = ours_of(
        stored(at("paper"), SENDING, FILLED, at("binance-demo")), "binance-demo"
    )

    assert there == Ours(order_ids=frozenset({ORDER}), positions={BTC: D("0.070")})
    assert mixed == NOTHING
    assert ours_of(stored(at("paper"), SENDING, FILLED), "binance-demo") is None
    assert ours_of([], "binance-demo") is None


@pytest.mark.parametrize(
    ("ids", "stops", "known", "mark", "words"),
    [
        ((), (), None, OK, "none"),
        ((), (), NOTHING, OK, "none"),
        (("bp-1",), ("bp-2",), ours(), OK, "1 ordinary, 1 conditional, all ours"),
        (("web-1",), ("bp-2",), ours(), NOTE, "1 ordinary, 1 conditional; 1 not ours"),
        ((), ("web-1",), None, NOTE, "no journal tells which are ours"),
    ],
)
def test_orders_of_both_services_are_counted(
    ids: tuple[str, ...], stops: tuple[str, ...], known: Ours | None, mark: Mark, words: str
) -> None:
    finding = check_orders(
        Accepted([ordinary(i) for i in ids]),
        Accepted([conditional(i) for i in stops]),
        known,
    )

    assert finding.mark is mark
    assert words in finding.found


@pytest.mark.parametrize(
    ("amounts", "known", "mark", "words"),
    [
        ({}, None, OK, "none"),
        ({"BTCUSDT": "0"}, NOTHING, OK, "none"),
        ({"BTCUSDT": "0.5"}, ours(BTCUSDT="0.5"), OK, "1, as the journal has them"),
        ({"BTCUSDT": "0.5"}, ours(BTCUSDT="0.4"), FAULT, "0.5 at the exchange, 0.4 in"),
        ({"BTCUSDT": "-0.5"}, ours(BTCUSDT="0.5"), FAULT, "-0.5 at the exchange"),
        ({}, ours(BTCUSDT="0.4"), FAULT, "0 at the exchange, 0.4 in the journal"),
        ({"BTCUSDT": "0.5"}, None, FAULT, "not ours: BTCUSDT 0.5"),
        ({"SOLUSDT": "-2"}, NOTHING, FAULT, "not ours: SOLUSDT -2"),
        ({"ETHUSDT": "1"}, NOTHING, NOTE, "not ours: ETHUSDT 1"),
    ],
)
def test_positions_are_held_against_the_journal(
    amounts: dict[str, str], known: Ours | None, mark: Mark, words: str
) -> None:
    finding = check_positions(held(**amounts), known, (BTC, SOL))

    assert finding.mark is mark
    assert words in finding.found


@pytest.mark.parametrize("name", ["orders", "algos", "positions"])
@pytest.mark.parametrize("outcome", [REVOKED, LOST])
def test_what_could_not_be_read_is_never_none(name: str, outcome: object) -> None:
    found = check_holdings(healthy(**{name: outcome}), None, (BTC, SOL))

    assert sorted(f.mark for f in found) == [FAULT, OK]
