"""Positions out of a journal: their stops as they moved, and why they were left."""

from decimal import Decimal

import pytest

from bridge_patch.domain.events import Book, Event, FillKind
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Side
from bridge_patch.evidence.books import books_of
from bridge_patch.evidence.trades import ExitReason, Trade
from tests.unit.evidence.journal_events import (
    MINUTE,
    ended,
    fill,
    funding,
    insurance,
    judged,
    reduction,
    run,
    stop,
    trailing,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
ENTRY = fill(10, BUY, "2", "100", fee="2", margin="20")


def trades(*events: Event) -> list[Trade]:
    return books_of([run(), judged(), *events])[Book.GOVERNED].trades


def only(*events: Event) -> Trade:
    (trade,) = trades(*events)
    return trade


def out(at: int, quantity: str, kind: FillKind, **other: str) -> Event:
    values = {"order": "o-2", "realised": "0"} | other
    return fill(at, SELL, quantity, "110", kind=kind, **values)  # type: ignore[arg-type]


def levels(trade: Trade) -> list[tuple[int, Decimal | None]]:
    return [(level.at_ms, level.price_usd) for level in trade.levels]


def test_a_position_from_flat_to_flat_is_one_trade_net_of_every_cost() -> None:
    """20 gain, 2 + 3 fees, 1 paid in funding: 14 net."""
    trade = only(
        ENTRY,
        funding(20, "-1"),
        out(30, "2", FillKind.REDUCE, realised="20", fee="3"),
    )

    assert trade.net_usd == D(14)
    assert (trade.opened_ms, trade.closed_ms, trade.hold_ms) == (10, 30, 20)
    assert (trade.side, trade.quantity_base, trade.margin_usd) == (BUY, D(2), D(20))
    assert trade.leverage == D(10)
    assert trade.policy == POLICIES[HarvestMode.SWING]
    assert trade.exit_price_usd == D(110)


def test_a_position_that_is_open_has_no_end() -> None:
    trade = only(ENTRY)

    assert (trade.closed_ms, trade.hold_ms, trade.exit_price_usd) == (None, None, None)
    assert trade.net_usd == D(-2)


def test_a_second_entry_enlarges_and_averages() -> None:
    """2 at 100 and 1 at 130: 330 / 3 = 110."""
    trade = only(ENTRY, fill(20, BUY, "1", "130", fee="1", margin="13"))

    assert (trade.quantity_base, trade.entry_price_usd) == (D(3), D(110))
    assert (trade.margin_usd, trade.fees_usd) == (D(33), D(3))


def test_an_entry_on_the_other_side_beyond_flat_is_two_trades() -> None:
    """One-way mode: 2 long, then 5 sold, leaves 3 short."""
    first, second = trades(ENTRY, fill(20, SELL, "5", "90", realised="-20", order="o-2"))

    assert (first.closed_ms, first.exits[0].quantity_base) == (20, D(2))
    assert first.exits[0].reason is ExitReason.OPPOSED
    assert (second.side, second.quantity_base) == (SELL, D(3))
    assert second.fees_usd == 0
    assert first.fees_usd == D(3)


def test_two_fills_of_one_order_are_one_exit() -> None:
    """1 at 110 and 1 at 120: 115 on average, and the last fill tells how it ended."""
    trade = only(
        ENTRY,
        out(20, "1", FillKind.REDUCE),
        fill(21, SELL, "1", "120", kind=FillKind.REDUCE, order="o-2"),
    )

    (leg,) = trade.exits
    assert (leg.quantity_base, leg.price_usd, leg.reason) == (
        D(2),
        D(115),
        ExitReason.CLOSE,
    )


def test_the_stop_is_the_level_that_fires_first() -> None:
    """A new stop rests before the old one ends; the trail begins once it is activated."""
    trade = only(
        ENTRY,
        stop(10, "95", order="s-1"),
        stop(20, "97", order="s-2"),
        ended(20, "s-1"),
        trailing(30, None, order="s-3", callback="2"),
        trailing(40, "110", order="s-3", callback="2"),
        ended(50, "s-3"),
        ended(60, "s-2"),
    )

    assert levels(trade) == [
        (10, D(95)),
        (20, D(97)),
        (40, D("107.80")),
        (50, D(97)),
        (60, None),
    ]


def test_a_short_is_mirrored() -> None:
    """For a short the lower of two stops fires first, and moving down is trailing."""
    short = fill(10, SELL, "2", "100", margin="20")
    trade = only(
        short,
        stop(10, "105", order="s-1", side=BUY),
        stop(20, "103", order="s-2", side=BUY),
        fill(30, BUY, "2", "103", kind=FillKind.STOP, realised="-6", order="s-2"),
    )

    assert levels(trade) == [(10, D(105)), (20, D(103))]
    assert trade.exits[0].reason is ExitReason.TRAIL


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([out(20, "2", FillKind.STOP, order="s-1")], ExitReason.STOP),
        (
            [
                stop(15, "98", order="s-2"),
                ended(15, "s-1"),
                out(20, "2", FillKind.STOP, order="s-2"),
            ],
            ExitReason.TRAIL,
        ),
        (
            [
                trailing(15, None, order="s-2", callback="1"),
                out(20, "2", FillKind.STOP, order="s-2"),
            ],
            ExitReason.TRAIL,
        ),
        ([out(20, "1", FillKind.REDUCE)], ExitReason.PART),
        ([out(20, "2", FillKind.REDUCE)], ExitReason.CLOSE),
        ([out(10 + 60 * MINUTE, "2", FillKind.REDUCE)], ExitReason.TIME),
        ([out(9 + 60 * MINUTE, "2", FillKind.REDUCE)], ExitReason.CLOSE),
        ([out(20, "2", FillKind.LIQUIDATION)], ExitReason.LIQUIDATION),
        (
            [
                reduction(20, "x-1", "TRAIL_BREACHED"),
                out(20, "2", FillKind.REDUCE, intent="x-1"),
            ],
            ExitReason.TRAIL,
        ),
        (
            [
                reduction(20, "x-1", "MAX_HOLD<b>"),
                out(20, "2", FillKind.REDUCE, intent="x-1"),
            ],
            ExitReason.CLOSE,
        ),
    ],
)
def test_why_it_was_left(events: list[Event], reason: ExitReason) -> None:
    """A swing may be held for an hour; the exit brain's words count, anybody's do not."""
    trade = only(ENTRY, stop(10, "95", order="s-1"), *events)

    assert trade.exits[-1].reason is reason


def test_insurance_comes_after_the_close_and_belongs_to_it() -> None:
    trade = only(
        ENTRY,
        out(20, "2", FillKind.LIQUIDATION, realised="-18", fee="0"),
        insurance(20, "-2"),
    )

    assert trade.net_usd == D(-22)
    assert trade.liquidated


def test_stops_of_what_is_flat_are_nobodys() -> None:
    trade = only(ENTRY, out(20, "2", FillKind.REDUCE), stop(30, "90", order="s-9"))

    assert trade.levels == []
