"""Every kind of question the Governor can meet, the absurd ones included.

`sane_questions` is built from the limits outward and always permitted, so that no law holds
by refusing everything; `edge_questions` has one thing wrong with it; `wild_questions` is
made of anything at all.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from hypothesis import strategies as st

from bridge_patch.domain.account import Exposure
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.harvest import POLICIES, HarvestPolicy
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import (
    Confidence,
    Proposal,
    RiskBudget,
    Side,
    StopDistance,
)
from bridge_patch.domain.market import FundingTerms
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.governor.case import sigma_move
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.snapshot import Holding, Known, RiskSnapshot
from tests.questions import BTC, FINE, NOTHING_OPEN, NOW, PAPER, Question, tier
from tests.rooms import aged, between, more_limits, roomy, sides_sign, usd

D = Decimal


unit = between("0", "1", 3)
sides = st.sampled_from(Side)


@st.composite
def limits(draw: st.DrawFn, below_min: BelowMin | None = None) -> Limits:
    """Bounds as a person may set them, free of contradictions."""
    margin_min, leverage_min = draw(usd("0.5", "200")), draw(between("1", "10", 1))
    leverage_max = draw(between(leverage_min + 1, "125", 1))
    smallest = margin_min * leverage_min.to_integral_value(ROUND_CEILING)
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
        **draw(more_limits()),
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
    li, exposure, activity = roomy(
        draw, li, exposure, equity=equity, wanted=kept * most_leverage
    )
    snapshot = RiskSnapshot(
        taken_ms=aged(draw, li.snapshot_age_max_ms),
        state=TradingState.RUNNING,
        equity=Known(equity, aged(draw, li.snapshot_age_max_ms)),
        available=Known(available, aged(draw, li.snapshot_age_max_ms)),
        mark=Known(mark, aged(draw, li.mark_age_max_ms)),
        index=Known(mark, aged(draw, li.mark_age_max_ms)),
        volatility=Known(volatility, aged(draw, li.volatility_age_max_ms)),
        shock_sigmas=Known(
            draw(between("0", li.shock_sigmas_max, 2)), aged(draw, li.mark_age_max_ms)
        ),
        turnover_usd=Known(
            kept * most_leverage * 100 / li.turnover_max_pct + draw(usd("0.01", "1E+6")),
            aged(draw, li.mark_age_max_ms),
        ),
        funding=FundingTerms(
            symbol=BTC,
            rate_fraction=draw(between("-0.00000001", "0.00000001", 10)),
            interval_ms=draw(st.sampled_from([0, 3_600_000, 28_800_000])),
            at_ms=aged(draw, li.funding_age_max_ms),
        ),
        instrument=_instrument(
            brackets, mark, kept * whole, notional * 100 / li.order_quantity_max_pct
        ),
        filters_ms=aged(draw, li.filters_age_max_ms),
        holding=Holding(side=None, quantity_base=D(0)),
        exposure=exposure,
        activity=activity,
        day_loss_pct=Known(draw(usd("-5", li.daily_loss_max_pct - D("0.01"))), NOW),
        drawdown_pct=Known(draw(usd("0", li.drawdown_max_pct - D("0.01"))), NOW),
        equity_jump_pct=Known(
            draw(usd(-li.equity_jump_max_pct, li.equity_jump_max_pct)), NOW
        ),
        clock_skew_ms=Known(D(li.clock_skew_max_ms) * draw(sides_sign), NOW),
        exits_ms=aged(draw, li.exits_silence_max_ms),
        journal_has_room=True,
        venues=PAPER,
    )
    room = exposure.notional_usd + kept * most_leverage
    most = max(li.notional_max_usd, notional, room)
    return Question(
        entry=entry, snapshot=snapshot, limits=replace(li, notional_max_usd=most)
    )


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
    held = replace(
        NOTHING_OPEN,
        long_usd=draw(usd("0", "100000")),
        short_usd=draw(usd("0", "100000")),
        margin_usd=draw(usd("0", "5000")),
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
