"""Marks between bars: what they change in our view of the market, and what they do not."""

from decimal import Decimal

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Mark, Tick
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.market import BAR_LATE_MAX_MS, MarketView
from tests.simulation.rig import BTC, CALM, MINUTE_MS, at, calm, minute

D = Decimal


def mark(usd: Decimal | int, at_ms: int, index: Decimal | int | None = None) -> Mark:
    index_usd = D(usd if index is None else index)
    return Mark(symbol=BTC, mark_usd=D(usd), index_usd=index_usd, at_ms=UnixMs(at_ms))


def marked(*marks: Mark) -> MarketView:
    """A view of a calm market and of what came behind it."""
    view = MarketView()
    for tick in calm():
        view.on_tick(tick)
    for one in marks:
        view.on_tick(Tick(at_ms=one.at_ms, bars=(), marks=(one,)))
    return view


@pytest.mark.parametrize("usd", [D(0), D(-1), D("NaN"), D("Infinity")])
def test_a_mark_that_is_no_price_cannot_be_made(usd: Decimal) -> None:
    for figures in ((usd, D(1)), (D(1), usd)):
        with pytest.raises(InvalidValueError, match="finite and positive"):
            Mark(symbol=BTC, mark_usd=figures[0], index_usd=figures[1], at_ms=minute(1))


def test_mark_and_index_are_the_venues_own_and_as_old_as_it_said() -> None:
    view = marked(mark(95_010, minute(CALM) + 1_000, 95_040))

    assert view.mark(BTC) == Known(D(95_010), UnixMs(minute(CALM) + 1_000))
    assert view.index(BTC) == Known(D(95_040), UnixMs(minute(CALM) + 1_000))


def test_a_bar_never_stands_in_for_a_mark_that_has_fallen_silent() -> None:
    """An old mark has to look old: the close of a bar would make it look alive."""
    view = marked(mark(95_010, minute(CALM) + 1_000))
    view.on_tick(at(CALM + 1, {BTC: 94_000}))

    assert view.mark(BTC) == Known(D(95_010), UnixMs(minute(CALM) + 1_000))


def test_an_older_mark_changes_nothing() -> None:
    view = marked(mark(95_010, minute(CALM) + 2_000), mark(90_000, minute(CALM) + 1_000))

    assert view.mark(BTC) == Known(D(95_010), UnixMs(minute(CALM) + 2_000))


def test_a_mark_confirms_the_newest_bar_until_the_next_one_is_overdue() -> None:
    """Where klines stop and marks go on, turnover and shocks age, and entries refuse."""
    latest_ms = minute(CALM) + MINUTE_MS + BAR_LATE_MAX_MS - 1
    lively, stopped = marked(mark(95_000, latest_ms)), marked(mark(95_000, latest_ms + 1))

    for reading in (lively.turnover_usd(BTC), lively.shock_sigmas(BTC, 60_000)):
        assert isinstance(reading, Known)
        assert reading.at_ms == latest_ms
    for reading in (stopped.turnover_usd(BTC), stopped.shock_sigmas(BTC, 60_000)):
        assert isinstance(reading, Known)
        assert reading.at_ms == minute(CALM)


def test_a_leap_within_a_bar_is_a_shock_at_once_and_stays_one() -> None:
    """A crash does not wait for the minute to close; and it is not over when marks are."""
    calm_now = marked(mark(95_000, minute(CALM) + 1_000)).shock_sigmas(BTC, 60_000)
    leapt = marked(
        mark(94_000, minute(CALM) + 1_000), mark(95_000, minute(CALM) + 2_000)
    ).shock_sigmas(BTC, 60_000)

    assert isinstance(calm_now, Known)
    assert isinstance(leapt, Known)
    assert calm_now.value < 3
    assert leapt.value > 10


def test_marks_leave_the_volatility_to_the_bars() -> None:
    plain = marked()
    shaken = marked(mark(80_000, minute(CALM) + 500), mark(110_000, minute(CALM) + 900))

    assert shaken.volatility(BTC) == plain.volatility(BTC)
    plain.on_tick(at(CALM + 1, {BTC: 95_050}))
    shaken.on_tick(at(CALM + 1, {BTC: 95_050}))
    assert shaken.volatility(BTC) == plain.volatility(BTC)


def test_a_mark_of_a_symbol_without_bars_is_a_price_and_nothing_else() -> None:
    view = MarketView()
    view.on_tick(Tick(at_ms=minute(1), bars=(), marks=(mark(95_000, minute(1)),)))

    assert view.mark(BTC) == Known(D(95_000), minute(1))
    assert isinstance(view.turnover_usd(BTC), Unknown)
    assert isinstance(view.shock_sigmas(BTC, 60_000), Unknown)


def test_only_a_tick_that_tells_nothing_says_that_the_market_is_over() -> None:
    assert Tick(at_ms=minute(1), bars=()).over
    assert not Tick(at_ms=minute(1), bars=(), marks=(mark(1, minute(1)),)).over
    assert not at(1, {BTC: 95_000}).over
