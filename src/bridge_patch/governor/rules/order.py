"""Rules about the order by itself: its maxima, minima, stop, budget and venue filters."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.instrument import leverage_for_distance
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.money import HUNDRED, ONE, floor_to
from bridge_patch.governor.measures import (
    bounded_of,
    cents,
    fresh,
    loss_at_stop,
    mark_of,
    most_leverage,
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
    margin, asked = bounded_of(case)
    notional = margin * asked
    tier = instrument.bracket_at(notional)
    if asked <= tier.leverage_max and notional <= tier.notional_cap:
        return ALLOW
    most = most_leverage(instrument, margin, lambda tier: Decimal(tier.leverage_max))
    detail = f"leverage {asked} > {cents(most)} at margin {margin}"
    return CapLeverage(most, Reason.LEVERAGE_ABOVE_BRACKET, detail)


def liquidation_clearance(case: Case) -> Vote:
    """Keep liquidation several stops and several sigmas away, by cutting the leverage.

    It is never nearer than the stop with its costs. The tier is that of the exposure at the
    far end of the required distance, and its maintenance amount is left out: both err
    towards a lower leverage.
    """
    instrument, stop, sigma = case.snapshot.instrument, case.stop, _fresh_sigma(case)
    if isinstance(instrument, Unknown):
        return Deny(Reason.SYMBOL_UNKNOWN, instrument.why)
    if isinstance(stop, Unknown):
        return Deny(Reason.STOP_UNKNOWN, stop.why)
    if isinstance(sigma, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, sigma.why)
    limits, side = case.limits, case.side
    distance = max(
        limits.liquidation_stops_min * stop.fraction,
        limits.liquidation_sigmas_min * sigma,
        stop.fraction + limits.round_trip_fraction,
    )
    margin, asked = bounded_of(case)
    posted = margin * (ONE + distance)
    tier = instrument.bracket_at(posted * asked)
    if asked <= leverage_for_distance(side, distance, tier.mmr):
        return ALLOW
    most = most_leverage(
        instrument, posted, lambda tier: leverage_for_distance(side, distance, tier.mmr)
    )
    far = f"keeps liquidation {cents(distance * HUNDRED)} % away"
    detail = f"leverage {asked}, at most {cents(most)} {far}"
    if most < limits.leverage_min:
        return Deny(Reason.LIQUIDATION_TOO_NEAR, f"{detail}, minimum {limits.leverage_min}")
    return CapLeverage(most, Reason.LIQUIDATION_TOO_NEAR, detail)


def _fresh_sigma(case: Case) -> Decimal | Unknown:
    """Return the sigma of the hold, if the volatility behind it is young enough."""
    volatility = fresh(
        case, "volatility", case.snapshot.volatility, case.limits.volatility_age_max_ms
    )
    sigma = volatility if isinstance(volatility, Unknown) else case.sigma_move
    if isinstance(sigma, Unknown) or sigma > 0:
        return sigma
    return Unknown(f"volatility: a sigma of {sigma} is not positive")


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
    """Refuse a signal the model itself does not believe in; fail-open only warns.

    A confidence of zero is no signal, whatever the floor.
    """
    confidence, floor = case.confidence, case.limits.confidence_min
    if confidence >= floor and confidence > 0:
        return ALLOW
    detail = f"confidence {confidence} < {floor}"
    if confidence > 0:
        return softened(case, Reason.CONFIDENCE_BELOW_FLOOR, detail)
    return Deny(Reason.CONFIDENCE_BELOW_FLOOR, f"confidence {confidence} is no signal")


def own_risk_budget(case: Case) -> Vote:
    """Refuse a loss at the stop above the intent's own budget; fail-open only warns.

    With no stop known the loss is the whole margin. A budget of zero allows nothing.
    """
    if case.risk_budget is None:
        return ALLOW
    loss, budget = loss_at_stop(case), case.risk_budget.usd
    if loss <= budget:
        return ALLOW
    detail = f"loss at stop {cents(loss)} > {budget}"
    if budget > 0:
        return softened(case, Reason.EXCEEDS_RISK_BUDGET, detail)
    return Deny(Reason.EXCEEDS_RISK_BUDGET, detail)


def quantity_filters(case: Case) -> Vote:
    """Refuse what the venue would not take once the quantity is rounded down."""
    instrument, mark = case.snapshot.instrument, mark_of(case)
    if isinstance(instrument, Unknown):
        return Deny(Reason.SYMBOL_UNKNOWN, instrument.why)
    if isinstance(mark, Unknown):
        return Deny(Reason.MARK_STALE, mark.why)
    quantity = floor_to(notional_of(case) / mark, instrument.quantity_step)
    most = instrument.quantity_max * case.limits.order_quantity_max_pct / HUNDRED
    if quantity > most:
        return Deny(Reason.QUANTITY_ABOVE_MAX, f"{quantity} > {most}")
    least, least_usd = instrument.quantity_min, instrument.notional_min
    if quantity >= least and quantity * mark >= least_usd:
        return ALLOW
    return Deny(
        Reason.QUANTITY_BELOW_MIN,
        f"{quantity} at {mark}, least {least} and {least_usd} USD",
    )
