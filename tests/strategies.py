"""Every kind of question the Governor can meet, the absurd ones included.

`sane_questions` is built from the limits outward and always permitted, so that no law holds
by refusing everything; `edge_questions` has one thing wrong with it; `wild_questions` is
made of anything at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from hypothesis import strategies as st

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.harvest import POLICIES, HarvestPolicy
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import (
    Confidence,
    Proposal,
    RiskBudget,
    Side,
    StopDistance,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.governor.case import sigma_move
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.snapshot import Exposure, Holding, Known, RiskSnapshot
from tests.questions import BTC, FINE, NOW, Question, tier

D = Decimal
Draw = Callable[[st.SearchStrategy[Any]], Any]


def between(low: Decimal | str, high: Decimal | str, places: int) -> st.SearchStrategy[D]:
    """Decimals of a grid, as whole numbers of its steps: quick to draw and to shrink."""
    step = D(1).scaleb(-places)
    least = int((D(low) / step).to_integral_value(ROUND_CEILING))
    most = max(least, int((D(high) / step).to_integral_value(ROUND_FLOOR)))
    return st.integers(least, most).map(lambda n: n * step)


def usd(low: Decimal | str, high: Decimal | str) -> st.SearchStrategy[D]:
    return between(low, high, 2)


unit = between("0", "1", 3)
sides = st.sampled_from(Side)


@st.composite
def limits(draw: st.DrawFn, below_min: BelowMin | None = None) -> Limits:
    """Bounds as a person may set them, free of contradictions."""
    margin_min, leverage_min = draw(usd("0.5", "200")), draw(between("1", "10", 1))
    leverage_max = draw(between(leverage_min + 1, "125", 1))
    smallest = margin_min * leverage_min
    return Limits(
        margin_min_usd=margin_min,
        margin_max_usd=margin_min + draw(usd("0", "20000")),
        notional_max_usd=smallest + draw(usd("0", "500000")),
        leverage_min=leverage_min,
        leverage_max=leverage_max,
        confidence_min=draw(between("0", "1", 2)),
        fail_open=draw(st.booleans()),
        below_min=below_min or BelowMin.REFUSE,
        order_notional_max_equity_multiple=draw(between("0.5", "20", 1)),
        initial_margin_max_pct=draw(between("1", "100", 0)),
        risk_per_trade_max_pct=draw(between("0.5", "100", 1)),
        daily_loss_max_pct=draw(between("1", "100", 0)),
        drawdown_max_pct=draw(between("1", "100", 0)),
        liquidation_stops_min=draw(between("1", "5", 1)),
        liquidation_sigmas_min=draw(between("0.5", "10", 1)),
        snapshot_age_max_ms=draw(st.integers(1, 60_000)),
        mark_age_max_ms=draw(st.integers(1, 10_000)),
        volatility_age_max_ms=draw(st.integers(1, 900_000)),
        taker_fee_pct=draw(between("0", "0.1", 2)),
        slippage_pct=draw(between("0", "0.2", 2)),
    )


@st.composite
def ladders(draw: st.DrawFn, leverage_least: int) -> tuple[Bracket, ...]:
    """One to three tiers that tighten, the last of which still grants `leverage_least`."""
    count = draw(st.integers(1, 3))
    leverages = sorted(draw(st.integers(leverage_least, 125)) for _ in range(count))
    rates = sorted(draw(between("0.002", "0.02", 4)) for _ in range(count))
    caps = [*sorted(draw(usd("1000", "500000")) for _ in range(count - 1)), D(10**8)]
    made, floor, cum, before = [], D(0), D(0), D(0)
    for most, cap, rate in zip(reversed(leverages), caps, rates, strict=True):
        cum += floor * (rate - before)
        if cap > floor:
            made.append(tier(most, str(floor), str(cap), str(rate), str(cum)))
            floor, before = cap, rate
    return tuple(made)


@st.composite
def sane_questions(draw: st.DrawFn, below_min: BelowMin | None = None) -> Question:
    """A question no rule refuses. Margin and leverage run to twice their maxima, and rooms
    down to a part of what is asked, so that every cap is met."""
    li = draw(limits(below_min))
    whole = int(li.leverage_min.to_integral_value(ROUND_CEILING))
    brackets = draw(ladders(whole))
    margin = draw(usd(li.margin_min_usd, 2 * li.margin_max_usd))
    leverage = draw(between(D(whole), 2 * li.leverage_max, 1))
    most_margin, most_leverage = (
        min(margin, li.margin_max_usd),
        min(leverage, li.leverage_max),
    )
    kept = draw(usd(li.margin_min_usd, most_margin))
    notional = most_margin * most_leverage
    policy = draw(st.sampled_from([*POLICIES.values()]))
    stop, volatility = draw(_stops(li, brackets, whole, policy))
    equity, available, exposure = draw(
        _rooms(li, kept=kept, notional=notional, leverage=most_leverage, stop=stop)
    )
    entry = replace(
        FINE.entry,
        side=draw(sides),
        confidence=Confidence(draw(between(max(li.confidence_min, D("0.01")), "1", 2))),
        proposal=Proposal(margin=Margin(margin), leverage=Leverage(leverage)),
        stop=StopDistance(stop),
        risk_budget=draw(_budgets(notional * (stop + li.round_trip_fraction))),
        policy=policy,
    )
    mark = draw(between("0.01", kept * whole * 250, 2))
    snapshot = RiskSnapshot(
        taken_ms=_aged(draw, li.snapshot_age_max_ms),
        state=TradingState.RUNNING,
        equity=Known(equity, _aged(draw, li.snapshot_age_max_ms)),
        available=Known(available, _aged(draw, li.snapshot_age_max_ms)),
        mark=Known(mark, _aged(draw, li.mark_age_max_ms)),
        volatility=Known(volatility, _aged(draw, li.volatility_age_max_ms)),
        instrument=_instrument(brackets, mark, kept * whole, notional),
        holding=Holding(side=None, quantity_base=D(0)),
        exposure=exposure,
        day_loss_pct=Known(draw(usd("-5", li.daily_loss_max_pct - D("0.01"))), NOW),
        drawdown_pct=Known(draw(usd("0", li.drawdown_max_pct - D("0.01"))), NOW),
    )
    room = exposure.notional_usd + kept * most_leverage
    most = max(li.notional_max_usd, notional, room)
    return Question(
        entry=entry, snapshot=snapshot, limits=replace(li, notional_max_usd=most)
    )


def _aged(draw: Draw, most_ms: int) -> UnixMs:
    return UnixMs(NOW - draw(st.sampled_from([0, most_ms])))


@st.composite
def _stops(
    draw: st.DrawFn,
    li: Limits,
    brackets: tuple[Bracket, ...],
    leverage: int,
    policy: HarvestPolicy,
) -> tuple[D, D]:
    """A stop and a volatility that leave room for `leverage` before liquidation."""
    mmr = brackets[-1].mmr
    farthest = (1 / D(leverage) - mmr) / (1 + mmr) * D("0.999")
    widest = min(farthest / li.liquidation_stops_min, farthest - li.round_trip_fraction)
    stop = draw(between("0.0001", widest, 4))
    one = sigma_move(Known(D(1), NOW), policy.hold_max_sec)
    assert isinstance(one, Decimal)
    return stop, draw(
        between("0.001", min(D(4), farthest / li.liquidation_sigmas_min / one), 3)
    )


@st.composite
def _rooms(
    draw: st.DrawFn, li: Limits, *, kept: D, notional: D, leverage: D, stop: D
) -> tuple[D, D, Exposure]:
    """An account in which a margin of `kept` fits every limit, and often little more."""
    held = Exposure(
        notional_usd=draw(usd("0", "200000")),
        margin_usd=draw(usd("0", "5000")),
        unknown_orders=0,
    )
    costs = li.round_trip_fraction
    equity = max(
        notional / li.order_notional_max_equity_multiple,
        (kept + held.margin_usd) * 100 / li.initial_margin_max_pct,
        kept * leverage * (stop + costs) * 100 / li.risk_per_trade_max_pct,
    )
    available = kept * (1 + costs * leverage)
    more = draw(st.sampled_from([D(0), D(1), D(100_000)]))
    up = D("0.01")
    return (
        (equity + more).quantize(up, ROUND_CEILING),
        (available + more).quantize(up, ROUND_CEILING),
        held,
    )


def _budgets(loss: D) -> st.SearchStrategy[RiskBudget | None]:
    enough = usd(loss + D("0.01"), loss + 100)
    return st.none() | enough.map(RiskBudget)


def _instrument(
    brackets: tuple[Bracket, ...], mark: D, smallest: D, largest: D
) -> Instrument:
    """Filters that take any notional from `smallest` to `largest` at this mark."""
    step = D(1).scaleb((smallest / mark / 4).adjusted())
    return Instrument(
        symbol=BTC,
        price_tick=D("0.01"),
        quantity_step=step,
        quantity_min=step,
        quantity_max=largest / mark + step,
        notional_min=smallest / 2,
        brackets=brackets,
    )


#: Anything a Decimal can be.
anything = st.decimals() | st.sampled_from(
    [D(t) for t in ("0", "-1", "NaN", "Infinity", "-Infinity", "1E+5000", "1E-5000")]
)
positive = st.decimals("1E-30", allow_nan=False, allow_infinity=False) | st.sampled_from(
    [D(t) for t in ("1", "100", "1E+5000", "1E+999999", "1E-5000", "1E-999999")]
)
ages = st.sampled_from([0, 1, 5_000, 10**9, -1])
wild_readings = st.builds(Unknown, st.just("timeout")) | st.builds(
    Known, anything, ages.map(lambda age: UnixMs(NOW - age))
)
unknowns = st.builds(Unknown, st.just("timeout"))
WILD_READINGS: dict[str, st.SearchStrategy[Any]] = {
    "taken_ms": ages.map(lambda age: UnixMs(NOW - age)),
    "state": st.sampled_from(TradingState),
    "equity": wild_readings,
    "available": wild_readings,
    "mark": wild_readings,
    "volatility": wild_readings,
    "instrument": unknowns,
    "holding": unknowns
    | st.builds(Holding, side=sides | st.none(), quantity_base=anything),
    "exposure": unknowns
    | st.builds(
        Exposure,
        notional_usd=anything,
        margin_usd=anything,
        unknown_orders=st.integers(-1, 2),
    ),
    "day_loss_pct": wild_readings,
    "drawdown_pct": wild_readings,
}
WILD_WISHES: dict[str, st.SearchStrategy[Any]] = {
    "side": sides,
    "confidence": st.builds(Confidence, unit),
    "proposal": st.builds(
        Proposal,
        margin=st.builds(Margin, positive),
        leverage=st.builds(Leverage, positive),
    ),
    "stop": unknowns | st.builds(StopDistance, between("0.0001", "0.9999", 4)),
    "risk_budget": st.none() | st.builds(RiskBudget, usd("0", "1000")),
}


@st.composite
def edge_questions(draw: st.DrawFn) -> Question:
    """A sane question with one thing about it replaced by anything at all."""
    question = draw(sane_questions())
    what = draw(st.sampled_from([*WILD_READINGS, *WILD_WISHES, "limits"]))
    if what == "limits":
        return replace(question, limits=draw(limits()))
    if what in WILD_READINGS:
        return question.knowing(**{what: draw(WILD_READINGS[what])})
    return question.asking(**{what: draw(WILD_WISHES[what])})


@st.composite
def wild_questions(draw: st.DrawFn) -> Question:
    """Anything, about an instrument that is listed or not."""
    question = Question(
        entry=replace(FINE.entry, **draw(st.fixed_dictionaries(WILD_WISHES))),
        snapshot=RiskSnapshot(**draw(st.fixed_dictionaries(WILD_READINGS))),
        limits=draw(limits()),
    )
    if draw(st.booleans()):
        return question.knowing(instrument=FINE.snapshot.instrument)
    return question


questions = st.one_of(sane_questions(), edge_questions(), wild_questions())
