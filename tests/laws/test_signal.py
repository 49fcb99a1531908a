"""The honest signal cannot see the future; and a signal that can is caught."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import Window
from bridge_patch.domain.intent import Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.policy.baseline import HOLD_MS, Outcome
from bridge_patch.policy.calibration import BINS, Calibrator, fit, wilson
from bridge_patch.policy.signal import CalibratedMomentum, Look
from bridge_patch.policy.volatility_gate import gate_volatility
from bridge_patch.policy.volatility_range import Estimator, variance_per_bar
from tests.e2e.harness import MARKET, needs_market
from tests.laws.markets import market

#: Everything a signal is given at once, so that it could look ahead if it would.
Walk: TypeAlias = Callable[[Sequence[Tick]], tuple[Look, ...]]
#: How many ticks the altered future goes on for.
AFTER = 40


def signal() -> CalibratedMomentum:
    """A signal that learns fast and speaks early, so that opinions are compared too."""
    quick = Calibrator(outcomes_min=40, refit_ms=12 * HOLD_MS)
    return CalibratedMomentum(calibrator=quick, forecasts_min=40)


def honest(ticks: Sequence[Tick]) -> tuple[Look, ...]:
    one = signal()
    return tuple(look for tick in ticks for look in one.looks(tick))


def peeking(ticks: Sequence[Tick]) -> tuple[Look, ...]:
    """The same signal with ONE future bar leaked: each close is the next bar's."""
    one, found = signal(), list[Look]()
    for now, later in zip(ticks, [*ticks[1:], ticks[-1]], strict=True):
        ahead = {bar.symbol: bar.close for bar in later.bars}
        bars = tuple(closing_at(bar, ahead.get(bar.symbol, bar.close)) for bar in now.bars)
        found += one.looks(Tick(at_ms=now.at_ms, bars=bars))
    return tuple(found)


def closing_at(bar: Bar, close: Decimal) -> Bar:
    return replace(bar, close=close, high=max(bar.high, close), low=min(bar.low, close))


def in_hindsight(ticks: Sequence[Tick]) -> tuple[Look, ...]:
    """The same looks, but calibrated on every outcome there is, those to come included."""
    ended: list[Outcome] = []
    one = replace(signal(), resolved=lambda outcome, _: ended.append(outcome))
    looks = [look for tick in ticks for look in one.looks(tick)]
    best = fit(ended, UnixMs(0)) if len(ended) >= BINS else None
    return tuple(
        replace(look, forecast=best.forecast(look.raw))
        if best is not None and look.raw is not None
        else look
        for look in looks
    )


def mixed(bars: Sequence[Bar], chance: random.Random) -> list[Bar]:
    """Give each time another time's prices."""
    other = chance.sample(bars, len(bars))
    return [
        replace(bar, open=o.open, high=o.high, low=o.low, close=o.close)
        for bar, o in zip(bars, other, strict=True)
    ]


def crashed(bars: Sequence[Bar], chance: random.Random) -> list[Bar]:
    fall = Decimal(chance.randint(50, 95)) / 100
    return [
        replace(
            bar,
            open=bar.open * fall,
            high=bar.high * fall,
            low=bar.low * fall,
            close=bar.close * fall,
        )
        for bar in bars
    ]


def altered(ticks: Sequence[Tick], chance: random.Random) -> list[Tick]:
    """Return the same times with another future: mixed, crashed, or none at all."""
    change = chance.choice([mixed, crashed, None])
    if change is None:
        return []
    made: dict[tuple[Symbol, int], Bar] = {}
    for symbol in {bar.symbol for tick in ticks for bar in tick.bars}:
        bars = [bar for tick in ticks for bar in tick.bars if bar.symbol == symbol]
        made |= {(symbol, bar.close_ms): bar for bar in change(bars, chance)}
    return [
        replace(tick, bars=tuple(made[bar.symbol, bar.close_ms] for bar in tick.bars))
        for tick in ticks
    ]


def check_no_look_ahead(walk: Walk, ticks: Sequence[Tick], cuts: Sequence[int]) -> int:
    """Alter all bars after many times t: no look at or before t may change.

    Return how many looks were compared that had a forecast.
    """
    chance, forecasts = random.Random(7), 0
    whole = walk(ticks)
    for cut in cuts:
        t = ticks[cut - 1].at_ms
        after = altered(ticks[cut : cut + AFTER], chance)
        seen = [look for look in walk([*ticks[:cut], *after]) if look.at_ms <= t]
        known = [look for look in whole if look.at_ms <= t]
        forecasts += sum(look.forecast is not None for look in known)

        assert seen == known, f"a bar after {t} changed what was seen until then"
    return forecasts


@pytest.fixture(scope="module")
def ticks() -> list[Tick]:
    return market(("AAAUSDT", "BBBUSDT"), 240, seed=9, drift=2.5, bars_an_hour=4)


def cuts(ticks: Sequence[Tick], n: int) -> list[int]:
    """Return many places: hours' ends, where looks are made, one bar earlier, and any.

    One bar earlier shows a look that is dated before the last bar it used.
    """
    chance = random.Random(9)
    ends = [at + 1 for at, tick in enumerate(ticks[:-1]) if tick.at_ms % HOLD_MS == 0]
    looked = chance.sample(ends, n)
    earlier = [cut - 1 for cut in looked if cut > 1]
    return sorted(looked + earlier + chance.sample(range(1, len(ticks)), n))


def test_the_generated_market_leads_to_opinions_on_both_sides(ticks: list[Tick]) -> None:
    """Guards the law: looks that come to nothing would hide a leak."""
    opinions = [look.side for look in honest(ticks) if look.confidence is not None]

    assert min(opinions.count(side) for side in Side) > 20


def test_no_bar_after_a_moment_changes_what_was_seen_until_then(ticks: list[Tick]) -> None:
    """Look-ahead is how a backtest earns money that no account ever sees."""
    assert check_no_look_ahead(honest, ticks, cuts(ticks, 20)) > 1000


@pytest.mark.parametrize("leaky", [peeking, in_hindsight])
def test_a_planted_leak_is_caught(leaky: Walk, ticks: list[Tick]) -> None:
    """One future bar in the features, or one future outcome in the fit, turns it red."""
    with pytest.raises(AssertionError, match="changed what was seen"):
        check_no_look_ahead(leaky, ticks, cuts(ticks, 4))


def test_the_leak_of_one_bar_is_caught_at_almost_every_hour(ticks: list[Tick]) -> None:
    """Not by luck: the altered next bar shows in the very look that used it."""
    ends = [at + 1 for at, tick in enumerate(ticks[:-1]) if tick.at_ms % HOLD_MS == 0]
    caught = 0
    for cut in ends[100:200:10]:
        try:
            check_no_look_ahead(peeking, ticks, [cut])
        except AssertionError:
            caught += 1

    assert caught >= 9  # of ten


@needs_market
def test_no_recorded_bar_after_a_moment_changes_what_was_seen_until_then() -> None:
    """The same on real minutes of two symbols, through the fall of LAYER."""
    start = 1_746_403_200_000  # 2025-05-05
    window = Window(start_ms=UnixMs(start), end_ms=UnixMs(start + 60 * HOLD_MS))
    names = [Symbol("BTCUSDT"), Symbol("LAYERUSDT")]
    real = list(replay(MARKET, names, window))

    assert check_no_look_ahead(honest, real, cuts(real, 4)) > 50
    with pytest.raises(AssertionError, match="changed what was seen"):
        check_no_look_ahead(peeking, real, cuts(real, 4))


@given(share=st.floats(0, 1), n=st.integers(1, 10_000))
def test_an_interval_holds_its_share_and_narrows_with_n(share: float, n: int) -> None:
    low, high = wilson(share, n)
    wide_low, wide_high = wilson(share, max(n // 2, 1))

    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    assert wide_low <= low + 1e-12
    assert wide_high >= high - 1e-12


@given(
    raws=st.lists(st.floats(0, 1), min_size=20, max_size=60),
    chance=st.randoms(use_true_random=False),
    asked=st.floats(0, 1),
)
def test_a_forecast_is_a_probability_and_never_below_its_lower_bound(
    raws: list[float], chance: random.Random, asked: float
) -> None:
    """Whatever came of whatever was said: constant, separable, or all alike."""
    outcomes = [
        Outcome(
            symbol=Symbol("BTCUSDT"),
            decided_ms=UnixMs(hour * HOLD_MS),
            ended_ms=UnixMs((hour + 1) * HOLD_MS),
            raw=raw,
            forecast=None,
            net_fraction=chance.choice([-0.01, 0.01]),
        )
        for hour, raw in enumerate(raws)
    ]
    forecast = fit(outcomes, UnixMs(0)).forecast(asked)

    assert 0 <= forecast.lower <= forecast.probability <= 1


_move = st.tuples(
    st.floats(-0.1, 0.1), st.floats(0, 0.1), st.floats(-0.1, 0), st.floats(0, 1)
).map(lambda m: (m[0], m[1], m[2], m[2] + m[3] * (m[1] - m[2])))


@given(moves=st.lists(_move, min_size=2, max_size=30), estimator=st.sampled_from(Estimator))
def test_a_variance_is_never_negative_and_grows_with_the_square_of_the_moves(
    moves: list[tuple[float, float, float, float]], estimator: Estimator
) -> None:
    once = variance_per_bar(estimator, moves)
    doubled = [(2 * g, 2 * u, 2 * d, 2 * c) for g, u, d, c in moves]

    assert once >= -1e-18
    assert variance_per_bar(estimator, doubled) == pytest.approx(4 * once, abs=1e-15)


@given(st.lists(st.decimals(0, 10, places=6), min_size=1, max_size=5))
def test_the_gate_is_never_below_any_reading(readings: list[Decimal]) -> None:
    gate = gate_volatility(readings)

    assert not isinstance(gate, Unknown)
    assert gate in readings
    assert all(gate >= reading for reading in readings)
