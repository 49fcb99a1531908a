"""What "it paid" means, bar by bar."""

from decimal import Decimal

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding
from bridge_patch.policy.baseline import HOLD_MS, Outcome, Trial, begun
from tests.laws.markets import minute_bar

D = Decimal
DECIDED = minute_bar(0, "100")


def trial(side: Side = Side.BUY, *, factor: str = "1", cost: str = "0.002") -> Trial:
    return begun(
        side=side,
        bar=DECIDED,
        factor=D(factor),
        cost_fraction=D(cost),
        raw=0.4,
        forecast=None,
    )


def ended(start: Trial, *bars: Bar, last: str) -> Outcome | None:
    """Follow a trial through these bars, still ones at 100, and a last one."""
    known = {bar.open_ms: bar for bar in bars}
    now: Trial | Outcome | None = start
    for minute in range(1, 61):
        bar = minute_bar(minute, last if minute == 60 else "100")
        assert isinstance(now, Trial)
        now = now.after(known.get(bar.open_ms, bar))
        if now is None:
            return None
    assert isinstance(now, Outcome)
    return now


def test_it_pays_when_the_move_exceeds_the_costs() -> None:
    """+0.3 % in an hour less 0.2 % of costs."""
    outcome = ended(trial(), last="100.3")

    assert outcome is not None
    assert outcome.paid
    assert outcome.net_fraction == pytest.approx(0.001, abs=1e-12)
    assert outcome.ended_ms - outcome.decided_ms == HOLD_MS == 3_600_000


def test_a_move_that_only_pays_the_costs_did_not_pay() -> None:
    outcome = ended(trial(), last="100.2")

    assert outcome is not None
    assert outcome.net_fraction == 0
    assert not outcome.paid


def test_a_short_gains_where_a_long_loses() -> None:
    outcome = ended(trial(Side.SELL), last="99.7")

    assert outcome is not None
    assert outcome.net_fraction == pytest.approx(0.001, abs=1e-12)


@pytest.mark.parametrize(
    ("side", "bar", "net"),
    [
        # The stop is 2 % away at factor 1.
        (Side.BUY, minute_bar(30, "100", low="98"), -0.022),
        (Side.SELL, minute_bar(30, "100", high="102"), -0.022),
        # It opened beyond the stop: the open is what was to be had.
        (Side.BUY, minute_bar(30, "100", open_="97"), -0.032),
        (Side.SELL, minute_bar(30, "100", open_="103"), -0.032),
    ],
)
def test_a_stop_that_is_reached_ends_it_however_well_it_goes_on(
    side: Side, bar: Bar, net: float
) -> None:
    outcome = ended(trial(side), bar, last=str(100 + 5 * side.sign))

    assert outcome is not None
    assert outcome.net_fraction == pytest.approx(net, abs=1e-12)


def test_a_stop_that_is_almost_reached_does_nothing() -> None:
    outcome = ended(trial(), minute_bar(30, "100", low="98.01"), last="105")

    assert outcome is not None
    assert outcome.paid


def test_the_stop_widens_with_volatility() -> None:
    """2 % x 2.5 = 5 %."""
    assert trial(factor="2.5").stop_usd == 95
    assert trial(Side.SELL, factor="2.5").stop_usd == 105


def test_only_the_first_stop_counts() -> None:
    bars = minute_bar(10, "100", low="98"), minute_bar(20, "100", open_="90")
    outcome = ended(trial(), *bars, last="100")

    assert outcome is not None
    assert outcome.net_fraction == pytest.approx(-0.022, abs=1e-12)


@pytest.mark.parametrize(("side", "net"), [(Side.BUY, 0.0005), (Side.SELL, -0.0045)])
def test_longs_pay_the_funding_that_settles_while_they_are_open(
    side: Side, net: float
) -> None:
    """0.05 %: a long's +0.3 % less 0.2 % leaves 0.05 %; a short's -0.3 % receives it."""
    settled = trial(side).settled(funding(DECIDED.close_ms))
    outcome = ended(settled, last="100.3")

    assert outcome is not None
    assert outcome.net_fraction == pytest.approx(net, abs=1e-12)


def test_funding_before_the_decision_or_after_the_stop_is_not_paid() -> None:
    stopped = trial().after(minute_bar(1, "90"))
    assert isinstance(stopped, Trial)

    assert trial().settled(funding(DECIDED.close_ms - 1)) == trial()
    assert stopped.settled(funding(DECIDED.close_ms + 120_000)) == stopped


def funding(at_ms: int) -> Funding:
    return Funding(symbol=DECIDED.symbol, at_ms=UnixMs(at_ms), rate_fraction=D("0.0005"))


def test_a_stopped_trial_is_known_no_earlier_than_any_other() -> None:
    """If losses were told early, the past would always look worse than it was."""
    stopped = trial().after(minute_bar(1, "90"))

    assert isinstance(stopped, Trial)
    assert stopped.exit_usd is not None


def test_a_hole_in_the_hold_leaves_no_outcome() -> None:
    assert trial().after(minute_bar(2, "100")) is None


def test_bars_that_do_not_meet_the_end_leave_no_outcome() -> None:
    """A trial of sixty minutes cannot be followed in bars of forty."""
    odd = minute_bar(1, "100")
    long_bar = Bar(
        symbol=odd.symbol,
        open_ms=odd.open_ms,
        close_ms=UnixMs(odd.open_ms + HOLD_MS + 1),
        open=D(100),
        high=D(100),
        low=D(100),
        close=D(100),
        volume=D(1),
    )

    assert trial().after(long_bar) is None


def test_an_outcome_before_its_decision_is_nonsense() -> None:
    with pytest.raises(InvalidValueError, match="end after"):
        Outcome(
            symbol=Symbol("BTCUSDT"),
            decided_ms=UnixMs(10),
            ended_ms=UnixMs(10),
            raw=0.5,
            forecast=None,
            net_fraction=0,
        )
