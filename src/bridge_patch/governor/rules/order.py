"""Rules about the order by itself: its maxima, minima, stop, budget and venue filters."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.instrument import leverage_for_distance
from bridge_patch.domain.intent import Unknown
from bridge_patch.governor.measures import (
    bounded_notional_of,
    loss_at_stop,
    notional_of,
    softened,
)
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, CapLeverage, CapMargin, Case, Deny, Vote


def margin_ceiling(case: Case) -> Vote:
    """Cut the margin down to the most a position may post."""
    asked, most = case.proposal.margin.usd, case.limits.margin_max_usd
    if asked <= most:
        return ALLOW
    return CapMargin(most, Reason.SIZE_ABOVE_MAX, f"margin {asked} > {most}")


def leverage_ceiling(case: Case) -> Vote:
    """Cut the leverage down to the most a person allowed."""
    asked, most = case.proposal.leverage.times, case.limits.leverage_max
    if asked <= most:
        return ALLOW
    return CapLeverage(most, Reason.LEVERAGE_ABOVE_MAX, f"leverage {asked} > {most}")


def bracket_ceiling(case: Case) -> Vote:
    """Cut the leverage down to what the venue grants a position of this notional."""
    instrument = case.snapshot.instrument
    if isinstance(instrument, Unknown):
        return Deny(Reason.SYMBOL_UNKNOWN, instrument.why)
    asked = case.proposal.leverage.times
    most = Decimal(instrument.bracket_at(bounded_notional_of(case)).leverage_max)
    if asked <= most:
        return ALLOW
    return CapLeverage(most, Reason.LEVERAGE_ABOVE_BRACKET, f"leverage {asked} > {most}")


def liquidation_clearance(case: Case) -> Vote:
    """Keep liquidation several stops and several sigmas away, by cutting the leverage.

    The tier is that of the exposure at the far end of the required distance, and its
    maintenance amount is left out: both err towards a lower leverage.
    """
    instrument, stop, sigma = case.snapshot.instrument, case.stop, case.sigma_move
    if isinstance(instrument, Unknown):
        return Deny(Reason.SYMBOL_UNKNOWN, instrument.why)
    if isinstance(stop, Unknown):
        return Deny(Reason.STOP_UNKNOWN, stop.why)
    if isinstance(sigma, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, f"volatility: {sigma.why}")
    distance = max(case.limits.liquidation_stops_min * stop.fraction, sigma)
    mmr = instrument.bracket_at(bounded_notional_of(case) * (1 + distance)).mmr
    most = leverage_for_distance(case.side, distance, mmr)
    asked = case.proposal.leverage.times
    if asked <= most:
        return ALLOW
    detail = f"leverage {asked} > {most:.2f} for a liquidation {distance:.4f} away"
    if most < case.limits.leverage_min:
        return Deny(
            Reason.LIQUIDATION_TOO_NEAR, f"{detail}, minimum {case.limits.leverage_min}"
        )
    return CapLeverage(most, Reason.LIQUIDATION_TOO_NEAR, detail)


def margin_floor(case: Case) -> Vote:
    """Refuse a margin below the minimum: raising it would add risk."""
    margin, least = case.proposal.margin.usd, case.limits.margin_min_usd
    if margin >= least:
        return ALLOW
    return Deny(Reason.SIZE_BELOW_MIN, f"margin {margin} < {least}")


def leverage_floor(case: Case) -> Vote:
    """Refuse a leverage below the minimum: raising it would add risk."""
    leverage, least = case.proposal.leverage.times, case.limits.leverage_min
    if leverage >= least:
        return ALLOW
    return Deny(Reason.LEVERAGE_BELOW_MIN, f"leverage {leverage} < {least}")


def notional_ceiling(case: Case) -> Vote:
    """Refuse an order whose own exposure is above the bound."""
    notional, most = notional_of(case), case.limits.notional_max_usd
    if notional <= most:
        return ALLOW
    return Deny(Reason.NOTIONAL_EXCEEDED, f"notional {notional} > {most}")


def confidence_floor(case: Case) -> Vote:
    """Refuse a signal the model itself does not believe in; fail-open only warns."""
    floor = case.limits.confidence_min
    if case.confidence >= floor:
        return ALLOW
    return softened(case, Reason.CONFIDENCE_BELOW_FLOOR, f"{case.confidence} < {floor}")


def own_risk_budget(case: Case) -> Vote:
    """Refuse a loss at the stop above the intent's own budget; fail-open only warns.

    With no stop known the loss is the whole margin.
    """
    if case.risk_budget is None:
        return ALLOW
    loss, budget = loss_at_stop(case), case.risk_budget.usd
    if loss <= budget and budget > 0:
        return ALLOW
    return softened(case, Reason.EXCEEDS_RISK_BUDGET, f"loss at stop {loss:.2f} > {budget}")


def quantity_filters(case: Case) -> Vote:
    """Refuse what the venue would not take once the quantity is rounded down."""
    instrument, mark = case.snapshot.instrument, case.snapshot.mark
    if isinstance(instrument, Unknown):
        return Deny(Reason.SYMBOL_UNKNOWN, instrument.why)
    if isinstance(mark, Unknown):
        return Deny(Reason.MARK_STALE, mark.why)
    quantity = notional_of(case) / mark.value // instrument.quantity_step
    quantity *= instrument.quantity_step
    if quantity > instrument.quantity_max:
        return Deny(Reason.QUANTITY_ABOVE_MAX, f"{quantity} > {instrument.quantity_max}")
    if (
        quantity < instrument.quantity_min
        or quantity * mark.value < instrument.notional_min
    ):
        return Deny(
            Reason.QUANTITY_BELOW_MIN,
            f"{quantity} at {mark.value}, least {instrument.quantity_min}"
            f" and {instrument.notional_min} USD",
        )
    return ALLOW
