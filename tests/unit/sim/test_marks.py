"""Marks between bars: they value, trade and fire; a bar then knows what they have done."""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.market import Mark
from bridge_patch.domain.venue_events import Filled, FillKind
from bridge_patch.sim.marks import MARK_GAP_MAX_MS
from tests.unit.sim.scenery import BTC, MINUTE, Trader, bar

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
NOON = 1 * MINUTE


def mark(trader: Trader, usd: str, at_ms: int) -> list[Filled]:
    one = Mark(symbol=BTC, mark_usd=D(usd), index_usd=D(usd), at_ms=UnixMs(at_ms))
    return [e for e in trader.exchange.on_mark(one) if isinstance(e, Filled)]


def marked_through(trader: Trader, minute: int, usd: str = "60000") -> None:
    """A mark every five seconds, up to the end of a minute."""
    for at_ms in range((minute - 1) * MINUTE, minute * MINUTE, 5_000):
        mark(trader, usd, at_ms)


def fills(trader: Trader, low: str, minute: int) -> list[Filled]:
    one = bar(low, "60000", minute=minute, close="60000")
    return [e for e in trader.bar(one) if isinstance(e, Filled)]


def test_a_market_order_trades_at_the_newest_mark_and_at_its_time() -> None:
    trader = Trader("60000")
    mark(trader, "60100", NOON + 20_000)
    (filled,) = [e for e in trader.enter(BUY, "0.1") if isinstance(e, Filled)]

    assert filled.price_usd == 60_100
    assert filled.at_ms == NOON + 20_000


def test_equity_follows_the_mark_and_not_the_close() -> None:
    trader = Trader("60000")
    trader.enter(BUY, "1")
    before = trader.exchange.equity_usd()
    mark(trader, "60100", NOON + 5_000)
    assert trader.exchange.equity_usd() == before + 100
    trader.bar(bar("60000", "60050", minute=2, close="60020"))

    assert trader.exchange.equity_usd() == before + 100


@pytest.mark.parametrize(
    ("side", "stop", "usd", "kind"),
    [
        (BUY, "59000", "58900", FillKind.STOP),
        (SELL, "61000", "61100", FillKind.STOP),
        (BUY, None, "57000", FillKind.LIQUIDATION),
        (SELL, None, "63000", FillKind.LIQUIDATION),
    ],
)
def test_what_a_mark_reaches_fires_at_it(
    side: Side, stop: str | None, usd: str, kind: FillKind
) -> None:
    trader = Trader("60000")
    trader.enter(side, "1")
    if stop:
        trader.stop(side.opposite, stop, order="stop")
    assert mark(trader, "60000", NOON + 1_000) == []
    (filled,) = mark(trader, usd, NOON + 2_000)

    assert filled.kind is kind
    assert BTC not in trader.exchange.positions


def test_a_mark_that_is_not_newer_moves_nothing() -> None:
    trader = Trader("60000")
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="stop")
    mark(trader, "60000", NOON + 2_000)

    assert mark(trader, "58000", NOON + 2_000) == []
    assert mark(trader, "58000", NOON + 1_000) == []


def test_a_bar_that_marks_have_played_fires_nothing_again() -> None:
    """A traded spike that the mark did not follow fires nothing at a venue either."""
    trader = Trader("60000")
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="stop")
    marked_through(trader, 2)

    assert fills(trader, "58000", 2) == []


def test_a_bar_is_played_where_marks_were_silent_in_it() -> None:
    """An outage of ours is none of the market's: what was missed is taken at its worst."""
    trader = Trader("60000")
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="stop")
    marked_through(trader, 2)
    mark(trader, "60000", 3 * MINUTE + MARK_GAP_MAX_MS + 1)
    (filled,) = fills(trader, "58000", 3)

    assert filled.kind is FillKind.STOP


def test_the_extremes_of_a_bar_say_nothing_of_a_position_that_is_younger() -> None:
    trader = Trader("60000")
    mark(trader, "60000", NOON + 30_000)
    trader.enter(BUY, "1")
    trader.stop(SELL, "59000", order="stop")

    assert fills(trader, "58000", 2) == []
    assert len(mark(trader, "58500", 2 * MINUTE + 1)) == 1


def test_a_bar_that_comes_behind_a_later_mark_is_still_taken_in() -> None:
    """The close of a minute is told a moment after the first mark of the next one."""
    trader = Trader("60000")
    mark(trader, "60010", 2 * MINUTE + 400)
    trader.bar(bar("60000", minute=2, volume="2"))

    assert trader.exchange.now_ms == 2 * MINUTE + 400
    assert trader.exchange.last_usd(BTC) == 60_010
    (filled,) = [e for e in trader.enter(BUY, "1") if isinstance(e, Filled)]
    assert filled.quantity_base == D("0.2")
