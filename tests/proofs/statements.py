"""What is true of an order that a rule allows, in words of its own.

Nothing here calls a rule or one of its measures; amounts are multiplied out, never divided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.governor.votes import Case

Promise = Callable[[Case], Any]
#: A reading, a record or a stop that may be Unknown; the promise says which it takes.
Maybe = Any


def margin(case: Case) -> Any:
    return case.proposal.margin.usd


def leverage(case: Case) -> Any:
    return case.proposal.leverage.times


def notional(case: Case) -> Any:
    return margin(case) * leverage(case)


def known(*readings: Maybe) -> bool:
    return not any(isinstance(reading, Unknown) for reading in readings)


def aged(case: Case, at_ms: Any, most_ms: Any) -> Any:
    """Neither old nor from the future."""
    age: Any = case.now_ms - at_ms
    return (age >= 0) & (age <= most_ms)


def fresh(case: Case, reading: Maybe, most_ms: Any) -> Any:
    return known(reading) and aged(case, reading.at_ms, most_ms)


def equity(case: Case) -> Maybe:
    return case.snapshot.equity


def sound_equity(case: Case) -> Any:
    return fresh(case, equity(case), case.limits.snapshot_age_max_ms)


def costs(case: Case) -> Any:
    """Fees and slippage of both market orders, per dollar of exposure."""
    return 2 * (case.limits.taker_fee_pct + case.limits.slippage_pct) / 100


def capped(case: Case) -> Any:
    """What margin and leverage are where the two ceilings allow as well."""
    limits = case.limits
    return (margin(case) <= limits.margin_max_usd) & (leverage(case) <= limits.leverage_max)


def tier_of(case: Case) -> Any:
    """The first tier whose cap is not exceeded, and the last beyond all."""
    instrument: Maybe = case.snapshot.instrument
    *lower, last = instrument.brackets
    return next((tier for tier in lower if notional(case) <= tier.notional_cap), last)


def in_bracket(case: Case) -> Any:
    if not known(case.snapshot.instrument):
        return False
    if not capped(case):
        return True  # not this rule's business: a ceiling refuses
    tier = tier_of(case)
    return (leverage(case) <= tier.leverage_max) & (notional(case) <= tier.notional_cap)


def liquidation_far(case: Case) -> Any:
    """(1/L - m) / (1 - side m) >= distance, multiplied out; m of the tier it falls into."""
    stop: Maybe = case.stop
    sigma: Maybe = case.sigma_move
    if not known(case.snapshot.instrument, stop, sigma):
        return False
    if not fresh(case, case.snapshot.volatility, case.limits.volatility_age_max_ms):
        return False
    if not capped(case):
        return True
    limits, mmr = case.limits, tier_of(case).mmr
    sign = 1 if case.side is Side.BUY else -1
    distance = (1 - mmr * leverage(case)) / (1 - sign * mmr)

    def beyond(move: Any) -> Any:
        return distance >= move * leverage(case)

    return (
        beyond(limits.liquidation_stops_min * stop.fraction)
        & beyond(limits.liquidation_sigmas_min * sigma)
        & beyond(stop.fraction + costs(case))
    )


def budget_kept(case: Case) -> Any:
    budget, stop = case.risk_budget, case.stop
    if budget is None:
        return True
    if isinstance(stop, Unknown):
        return margin(case) <= budget.usd
    return notional(case) * (stop.fraction + costs(case)) <= budget.usd


def sure(case: Case) -> Any:
    return (case.confidence >= case.limits.confidence_min) & positive(case.confidence)


def positive(value: Any) -> Any:
    return value > 0


def orderable(case: Case) -> Any:
    """Something remains of the order once it is cut down to the venue's step, in range."""
    mark: Maybe = case.snapshot.mark
    instrument: Maybe = case.snapshot.instrument
    if not known(mark, instrument) or not positive(mark.value):
        return False
    step = instrument.quantity_step
    quantity = notional(case) / mark.value // step * step
    share = case.limits.order_quantity_max_pct
    return (
        (quantity >= instrument.quantity_min)
        & (quantity * 100 <= instrument.quantity_max * share)
        & (quantity * mark.value >= instrument.notional_min)
    )
