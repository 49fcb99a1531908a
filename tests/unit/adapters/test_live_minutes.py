"""Bars in any order become ticks in one order, whole, and none twice."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.feeds.live_minutes import GRACE_MS, OVERDUE_MS, Gap, Minutes
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick

BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
MINUTE_MS = 60_000
START_MS = UnixMs(1_795_972_800_000)


def bar(symbol: Symbol, n: int) -> Bar:
    """The n-th minute, which opens n minutes after the start."""
    one, open_ms = Decimal(100 + n), UnixMs(START_MS + n * MINUTE_MS)
    return Bar(
        symbol=symbol,
        open_ms=open_ms,
        close_ms=UnixMs(open_ms + MINUTE_MS),
        open=one,
        high=one,
        low=one,
        close=one,
        volume=one,
    )


def after(n: int, more_ms: int = 0) -> UnixMs:
    """The close of the n-th minute, and a little."""
    return UnixMs(START_MS + (n + 1) * MINUTE_MS + more_ms)


def begun() -> Minutes:
    minutes = Minutes((BTC, SOL))
    minutes.begin(START_MS)
    return minutes


def played(ticks: tuple[Tick, ...]) -> list[tuple[int, list[str]]]:
    return [
        (tick.at_ms - START_MS, [f"{b.symbol[:3]}{b.close}" for b in tick.bars])
        for tick in ticks
    ]


def test_a_tick_goes_out_once_every_symbol_has_its_bar() -> None:
    minutes = begun()
    minutes.take(bar(SOL, 0))
    assert minutes.due(after(0, 10)) == ()
    minutes.take(bar(BTC, 0))

    assert played(minutes.due(after(0, 20))) == [(MINUTE_MS, ["BTC100", "SOL100"])]
    assert minutes.due(after(0, 30)) == ()


def test_a_bar_is_not_played_before_our_own_clock_has_closed_it() -> None:
    """Where we run behind the exchange, a reading would be from the future."""
    minutes = begun()
    minutes.take(bar(BTC, 0))
    minutes.take(bar(SOL, 0))

    assert minutes.due(after(0, -1)) == ()
    assert len(minutes.due(after(0))) == 1


def test_a_late_bar_is_waited_for_a_moment_and_then_makes_a_tick_of_its_own() -> None:
    minutes = begun()
    minutes.take(bar(BTC, 0))
    assert minutes.due(after(0, GRACE_MS - 1)) == ()
    assert played(minutes.due(after(0, GRACE_MS))) == [(MINUTE_MS, ["BTC100"])]
    minutes.take(bar(SOL, 0))

    assert played(minutes.due(after(0, GRACE_MS + 1))) == [(MINUTE_MS + 1, ["SOL100"])]


def test_what_comes_again_or_is_of_the_past_is_passed_over_and_counted() -> None:
    minutes = begun()
    for one in (bar(BTC, -1), bar(BTC, 0), bar(BTC, 0), bar(SOL, 0), bar(SOL, 2)):
        minutes.take(one)
    minutes.take(bar(SOL, 2))

    assert minutes.passed_over == 3
    assert len(minutes.due(after(3))) == 1


def test_a_missing_minute_holds_back_those_behind_it_until_it_is_there() -> None:
    """A gap is never skipped in silence: it has a name, and somebody has to fill it."""
    minutes = begun()
    for n in (0, 1, 2, 3):
        minutes.take(bar(BTC, n))
    for n in (0, 3):
        minutes.take(bar(SOL, n))
    ticks = minutes.due(after(3, GRACE_MS))
    assert [len(tick.bars) for tick in ticks] == [2, 1, 1, 1]
    (gap,) = minutes.gaps(after(3))
    assert gap == Gap(SOL, bar(SOL, 1).open_ms, bar(SOL, 3).open_ms)

    minutes.take(bar(SOL, 2))
    assert minutes.due(after(3, GRACE_MS)) == ()
    minutes.take(bar(SOL, 1))
    filled = minutes.due(after(3, GRACE_MS))

    assert [str(tick.bars[0].close) for tick in filled] == ["101", "102", "103"]
    assert [t.at_ms - ticks[-1].at_ms for t in filled] == [1, 2, 3]


def test_a_bar_that_does_not_come_is_a_gap_after_a_while() -> None:
    minutes = begun()
    assert minutes.gaps(after(0, OVERDUE_MS - 1)) == ()
    gaps = minutes.gaps(after(0, OVERDUE_MS))

    assert {(gap.symbol, gap.until_ms - gap.open_ms) for gap in gaps} == {
        (BTC, MINUTE_MS),
        (SOL, MINUTE_MS),
    }


def test_behind_minutes_that_the_exchange_does_not_have_it_goes_on() -> None:
    minutes = begun()
    for n in (1, 3, 4):
        minutes.take(bar(BTC, n))
    minutes.without(Gap(BTC, START_MS, bar(BTC, 4).open_ms))

    closes = [str(t.bars[0].close) for t in minutes.due(after(9))]
    assert closes == ["101", "103", "104"]
    assert all(
        gap.symbol != BTC or gap.open_ms > START_MS for gap in minutes.gaps(after(9))
    )


def test_what_comes_before_the_past_is_known_is_kept() -> None:
    minutes = Minutes((BTC,))
    minutes.take(bar(BTC, 1))
    minutes.take(bar(BTC, 0))
    assert minutes.due(after(5)) == ()
    minutes.begin(bar(BTC, 1).open_ms)

    assert played(minutes.due(after(5))) == [(2 * MINUTE_MS, ["BTC101"])]


@given(
    st.lists(
        st.tuples(st.sampled_from([BTC, SOL]), st.integers(0, 7)), min_size=1, max_size=60
    ),
    st.data(),
)
def test_in_whatever_order_they_come_ticks_only_go_forward(
    came: list[tuple[Symbol, int]], data: st.DataObject
) -> None:
    """Each bar at most once, each symbol's in order without a hole, time strictly on."""
    minutes, ticks, now_ms = begun(), list[Tick](), int(START_MS)
    for symbol, n in came:
        minutes.take(bar(symbol, n))
        now_ms += data.draw(st.integers(0, 90_000))
        ticks += minutes.due(UnixMs(now_ms))
    ticks += minutes.due(after(20))

    times = [tick.at_ms for tick in ticks]
    assert times == sorted(set(times))
    for symbol in (BTC, SOL):
        opens = [b.open_ms for tick in ticks for b in tick.bars if b.symbol == symbol]
        whole = {n for s, n in came if s == symbol}
        first_lacking = next(n for n in range(9) if n not in whole)
        assert opens == [START_MS + n * MINUTE_MS for n in range(first_lacking)]
