"""The honest signal speaks when there is something to say, and says why when not."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.instrument import CostRates
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, Tick
from bridge_patch.policy.baseline import Outcome
from bridge_patch.policy.calibration import Calibrator, Forecast
from bridge_patch.policy.signal import Abstention, CalibratedMomentum, Look
from bridge_patch.policy.signal_report import SignalReport, evaluate_signal, told
from tests.laws.markets import market, minute_bar

D = Decimal
NAMES = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT")


def walked(ticks: list[Tick], signal: CalibratedMomentum | None = None) -> list[Look]:
    signal = signal or CalibratedMomentum()
    return [look for tick in ticks for look in signal.looks(tick)]


def minutes(*closes: str) -> list[Tick]:
    bars = [minute_bar(minute, close) for minute, close in enumerate(closes)]
    return [Tick(at_ms=bar.close_ms, bars=(bar,)) for bar in bars]


def first_reasons(looks: list[Look]) -> Counter[Abstention]:
    return Counter(look.objections[0] for look in looks if look.objections)


@pytest.fixture(scope="module")
def edge() -> tuple[list[Look], SignalReport]:
    """Return what comes of a market whose next hour can be told, half of the days."""
    ticks = market(NAMES, 600, seed=1, drift=1.2)
    return walked(ticks), evaluate_signal(ticks)


def test_it_speaks_where_there_is_an_edge(edge: tuple[list[Look], SignalReport]) -> None:
    """Guards everything below: a signal that is always silent keeps every promise."""
    looks, report = edge
    said = [look for look in looks if look.confidence is not None]

    assert len(said) == report.opinions > 200
    assert {look.side for look in said} == set(Side)
    assert report.opinions + sum(report.abstained.values()) == report.looks == len(looks)


def test_it_was_right_at_least_as_often_as_it_said(
    edge: tuple[list[Look], SignalReport],
) -> None:
    """The confidence is a lower bound, so the opinions that ended beat their mean."""
    looks, report = edge
    said = [look.confidence for look in looks if look.confidence is not None]
    ended = report.opinions_ended

    assert ended.paid / ended.n > float(sum(said) / len(said)) > 0.5
    assert ended.net_mean_fraction is not None
    assert report.decided.net_mean_fraction is not None
    assert ended.net_mean_fraction > report.decided.net_mean_fraction


def test_a_confidence_is_the_lower_bound_rounded_down(
    edge: tuple[list[Look], SignalReport],
) -> None:
    for look in edge[0]:
        if look.confidence is not None:
            assert look.forecast is not None
            assert 0.5 < look.confidence <= look.forecast.lower
            assert look.forecast.lower - float(look.confidence) < 1e-4
            assert look.forecast.lower <= look.forecast.probability


def test_nothing_is_said_before_400_outcomes_and_400_tested_forecasts(
    edge: tuple[list[Look], SignalReport],
) -> None:
    """200 hours of four symbols at least, and the volatility's two hours before."""
    looks = edge[0]
    opinions = [at for at, look in enumerate(looks) if not look.objections]
    silent = first_reasons(looks[: opinions[0]])

    assert silent[Abstention.CALIBRATION_TOO_FEW] >= 400
    assert silent[Abstention.CALIBRATION_UNPROVEN] >= 400


def test_on_a_market_without_an_edge_it_stays_silent() -> None:
    """2,400 chances to be wrong, and costs that no coin can pay."""
    report = evaluate_signal(market(NAMES, 600, seed=2, drift=0))

    assert report.opinions == 0
    assert report.objections[Abstention.LOWER_BOUND_TOO_LOW] > 1000
    assert report.decided.net_mean_fraction == pytest.approx(-0.002, abs=0.0005)


def test_costs_are_what_turns_a_coin_into_a_loss() -> None:
    free = CostRates(taker_fraction=D(0), slippage_fraction=D(0))
    ticks = market(NAMES, 300, seed=2, drift=0)
    costly, costless = evaluate_signal(ticks), evaluate_signal(ticks, lambda _: free)

    assert costless.decided.paid > costly.decided.paid
    assert costless.decided.paid / costless.decided.n == pytest.approx(0.5, abs=0.05)


def test_the_first_hours_of_a_symbol_are_unknown_and_then_too_short() -> None:
    """Looks end the hours: 60 bars, 120, 180, 240, and then 240 minutes have passed."""
    looks = walked(minutes(*(str(100 + n % 2) for n in range(300))))

    assert [look.objections for look in looks] == [
        (Abstention.VOLATILITY_UNKNOWN,),
        (Abstention.VOLATILITY_OUT_OF_RANGE,),
        (Abstention.VOLATILITY_OUT_OF_RANGE,),
        (Abstention.VOLATILITY_OUT_OF_RANGE,),
        (Abstention.VOLATILITY_OUT_OF_RANGE,),
    ]
    looks = walked(minutes(*(str(100 + D(n % 2) / 10) for n in range(300))))
    assert [look.objections for look in looks] == [
        (Abstention.VOLATILITY_UNKNOWN,),
        (Abstention.HISTORY_TOO_SHORT,),
        (Abstention.HISTORY_TOO_SHORT,),
        (Abstention.HISTORY_TOO_SHORT,),
        (Abstention.CALIBRATION_TOO_FEW,),
    ]


def test_a_market_that_stands_still_or_boils_is_out_of_range() -> None:
    """No hard stop can be set where the sizer trusts no volatility: 12.5 to 200 %."""
    still = walked(minutes(*["100"] * 300))
    boiling = walked(minutes(*(str(100 + n % 2) for n in range(300))))

    for looks in (still, boiling):
        assert looks[-1].objections == (Abstention.VOLATILITY_OUT_OF_RANGE,)


def test_an_older_tick_is_not_looked_at() -> None:
    """Also where it brings a symbol that has not been seen: time only goes forward."""
    signal = CalibratedMomentum()
    newer, older = minute_bar(119, "100"), minute_bar(59, "100", symbol="ETHUSDT")
    assert len(signal.looks(Tick(at_ms=newer.close_ms, bars=(newer,)))) == 1

    assert signal.looks(Tick(at_ms=older.close_ms, bars=(older,))) == ()


def test_a_market_without_direction_gives_no_side() -> None:
    """Up and down by the same, and the close in the middle of it: a score of nothing."""
    bars = [minute_bar(n, "100", high="100.1", low="99.9") for n in range(299)]
    jumps = [minute_bar(n, "100.1" if n % 2 else "99.9") for n in range(300)]
    both = [
        jump if n % 15 in {1, 2} else bar
        for n, (bar, jump) in enumerate(zip(bars, jumps, strict=False))
    ]
    last = minute_bar(299, "100", high="100.1", low="99.9")
    looks = walked([Tick(at_ms=bar.close_ms, bars=(bar,)) for bar in [*both, last]])

    assert looks[-1].objections == (Abstention.NO_DIRECTION,)


def test_forecasts_that_failed_silence_it() -> None:
    """It learns on trends that last and is then judged on a market that turns them over."""
    taught = market(NAMES, 150, seed=3, drift=1.2)
    shift = taught[-1].at_ms - taught[0].at_ms + 300_000
    turned = [
        Tick(at_ms=UnixMs(t.at_ms + shift), bars=tuple(moved(bar, shift) for bar in t.bars))
        for t in market(NAMES, 250, seed=4, drift=0)
    ]
    looks = walked([*taught, *turned])

    assert first_reasons(looks)[Abstention.CALIBRATION_FAILED] > 100


def moved(bar: Bar, by_ms: int) -> Bar:
    return Bar(
        symbol=bar.symbol,
        open_ms=UnixMs(bar.open_ms + by_ms),
        close_ms=UnixMs(bar.close_ms + by_ms),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
    )


def test_the_reasons_keep_their_names_and_their_order() -> None:
    """Tables and dashboards know these words; each is reached by a test above."""
    assert list(Abstention) == [
        Abstention.VOLATILITY_UNKNOWN,
        Abstention.VOLATILITY_OUT_OF_RANGE,
        Abstention.HISTORY_TOO_SHORT,
        Abstention.NO_DIRECTION,
        Abstention.CALIBRATION_TOO_FEW,
        Abstention.CALIBRATION_UNPROVEN,
        Abstention.CALIBRATION_FAILED,
        Abstention.LOWER_BOUND_TOO_LOW,
    ]


def test_a_hole_voids_what_was_on_its_way_and_teaches_nothing() -> None:
    ended: list[Outcome] = []
    signal = CalibratedMomentum(resolved=lambda outcome, _: ended.append(outcome))
    ticks = minutes(*(str(100 + D(n % 2) / 10) for n in range(420)))
    walked(ticks[:330] + ticks[331:], signal)

    assert (signal.voided, ended) == (1, [])
    assert signal.calibrator.resolved == 0


def test_funding_counts_against_the_trial_it_came_into_and_only_once() -> None:
    """An absurd rate, both ways: one settlement makes or breaks the hour it falls into."""
    ticks = minutes(*(str(100 + D(n % 2) / 10) for n in range(420)))
    settled = UnixMs(ticks[300].bars[0].open_ms)
    nets: list[list[float]] = []

    def keep(outcome: Outcome, spoke: bool) -> None:
        nets[-1].append(outcome.net_fraction)

    for rate in ("0.5", "-0.5"):
        nets.append([])
        signal = CalibratedMomentum(resolved=keep)
        paid = Funding(symbol=Symbol("BTCUSDT"), at_ms=settled, rate_fraction=D(rate))
        other = replace(paid, symbol=Symbol("ETHUSDT"))
        walked(ticks[:300], signal)
        twice = replace(ticks[300], fundings=(paid, other))
        walked([twice, twice, *ticks[301:]], signal)
        assert signal.fundings == 1

    (high, *rest), (low, *same) = nets
    assert abs(high - low) == pytest.approx(1)
    assert rest == same
    assert len(rest) == 1


def test_what_was_seen_before_changes_nothing_when_it_comes_again() -> None:
    """A start goes over the last day once more: nothing may be learned twice."""
    ticks = market(NAMES[:1], 40, seed=5, drift=1)
    once = CalibratedMomentum()
    expected = walked(ticks, once)
    again = CalibratedMomentum()
    looks = walked(ticks[:300], again)
    looks += walked(ticks[100:300], again)
    looks += walked(ticks[300:], again)

    assert looks == expected
    assert again.calibrator.resolved == once.calibrator.resolved > 20


def test_the_order_of_a_tick_s_bars_does_not_matter() -> None:
    ticks = market(NAMES, 60, seed=6, drift=1)
    turned = [Tick(at_ms=t.at_ms, bars=tuple(reversed(t.bars))) for t in ticks]
    small = Calibrator(outcomes_min=40)
    other = Calibrator(outcomes_min=40)

    assert walked(ticks, CalibratedMomentum(calibrator=small)) == walked(
        turned, CalibratedMomentum(calibrator=other)
    )


def test_a_look_without_a_forecast_or_with_an_objection_has_no_confidence() -> None:
    bare = Look(symbol=Symbol("AAAUSDT"), at_ms=UnixMs(0), objections=())
    objected = Look(
        symbol=Symbol("AAAUSDT"),
        at_ms=UnixMs(0),
        objections=(Abstention.CALIBRATION_FAILED,),
        forecast=Forecast(0.7, 0.6),
    )

    assert bare.confidence is None
    assert objected.confidence is None


def test_a_bound_that_rounds_to_one_half_is_not_above_it() -> None:
    signal = CalibratedMomentum()

    objections = signal._objections(Forecast(0.7, 0.50009))
    assert Abstention.LOWER_BOUND_TOO_LOW in objections
    objections = signal._objections(Forecast(0.7, 0.5001001))
    assert Abstention.LOWER_BOUND_TOO_LOW not in objections


def test_the_report_is_told_with_every_reason_and_both_tables(
    edge: tuple[list[Look], SignalReport],
) -> None:
    text = "\n".join(told(edge[1]))

    assert all(reason in text for reason in edge[1].abstained)
    assert "raw: forecast" in text
    assert "calibrated: forecast" in text
    assert "AAAUSDT 0.200%" in text
    assert f"opinions {edge[1].opinions}" in text


def test_a_report_on_nothing_is_a_report() -> None:
    empty = evaluate_signal([])

    assert (empty.looks, empty.opinions, empty.raw, empty.calibrated) == (0, 0, None, None)
    assert next(told(empty)).startswith("momentum-calibrated, baseline-1")
