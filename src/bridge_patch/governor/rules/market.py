"""Rules about the market and about how old our own readings of it are."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.market import FundingTerms
from bridge_patch.domain.money import HUNDRED, ONE, ZERO
from bridge_patch.governor.measures import cents, fresh, fresh_mark, margin_within, mark_of
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, Case, Deny, Vote


def snapshot_fresh(case: Case) -> Vote:
    """Refuse to judge on a reading from the past, or from the future."""
    age_ms, most = case.now_ms - case.snapshot.taken_ms, case.limits.snapshot_age_max_ms
    if 0 <= age_ms <= most:
        return ALLOW
    return Deny(Reason.SNAPSHOT_STALE, f"snapshot age {age_ms} ms, most {most}")


def mark_fresh(case: Case) -> Vote:
    """Refuse to value an order without a fresh price of our own."""
    mark = fresh_mark(case)
    return Deny(Reason.MARK_STALE, mark.why) if isinstance(mark, Unknown) else ALLOW


def filters_fresh(case: Case) -> Vote:
    """Refuse to order by trading rules that were read too long ago."""
    age_ms, most = case.now_ms - case.snapshot.filters_ms, case.limits.filters_age_max_ms
    if 0 <= age_ms <= most:
        return ALLOW
    return Deny(Reason.FILTERS_STALE, f"trading rules: age {age_ms} ms, most {most}")


def clock_sane(case: Case) -> Vote:
    """Refuse while our clock and the venue's disagree: ages would be wrong."""
    limits = case.limits
    skew = fresh(case, "clock", case.snapshot.clock_skew_ms, limits.snapshot_age_max_ms)
    if isinstance(skew, Unknown):
        return Deny(Reason.CLOCK_SKEWED, skew.why)
    if -limits.clock_skew_max_ms <= skew <= limits.clock_skew_max_ms:
        return ALLOW
    detail = f"clock is {cents(skew)} ms off, most {limits.clock_skew_max_ms}"
    return Deny(Reason.CLOCK_SKEWED, detail)


def price_collar(case: Case) -> Vote:
    """Refuse an entry whose own idea of the price is far from ours: one of us is wrong."""
    if case.reference_price is None:
        return ALLOW
    mark = mark_of(case)
    if isinstance(mark, Unknown):
        return Deny(Reason.MARK_STALE, mark.why)
    stated, most_pct = case.reference_price.usd, case.limits.price_collar_pct
    if abs(stated - mark) * HUNDRED <= mark * most_pct:
        return ALLOW
    detail = f"price {stated} stated, mark {mark}, most {most_pct} % apart"
    return Deny(Reason.PRICE_OUT_OF_COLLAR, detail)


def index_near(case: Case) -> Vote:
    """Refuse while mark and index price are apart: something is being squeezed."""
    limits = case.limits
    mark = mark_of(case)
    if isinstance(mark, Unknown):
        return Deny(Reason.MARK_STALE, mark.why)
    index = fresh(case, "index", case.snapshot.index, limits.mark_age_max_ms)
    if isinstance(index, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, index.why)
    if abs(mark - index) * HUNDRED <= index * limits.index_gap_max_pct:
        return ALLOW
    detail = f"mark {mark}, index {index}, most {limits.index_gap_max_pct} % apart"
    return Deny(Reason.INDEX_DIVERGED, detail)


def price_calm(case: Case) -> Vote:
    """Refuse for a while after a bar that moved many of its own standard deviations."""
    limits = case.limits
    shock = fresh(case, "shock", case.snapshot.shock_sigmas, limits.mark_age_max_ms)
    if isinstance(shock, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, shock.why)
    if shock <= limits.shock_sigmas_max:
        return ALLOW
    detail = f"the price moved {cents(shock)} sigmas, most {limits.shock_sigmas_max}"
    return Deny(Reason.PRICE_SHOCKED, detail)


def depth_enough(case: Case) -> Vote:
    """Fit the order into its share of what just traded: more would move the price."""
    limits = case.limits
    turnover = fresh(case, "turnover", case.snapshot.turnover_usd, limits.mark_age_max_ms)
    if isinstance(turnover, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, turnover.why)
    most_usd = turnover * limits.turnover_max_pct / HUNDRED
    leverage, reason = case.proposal.leverage.times, Reason.DEPTH_EXCEEDED
    return margin_within(case, ZERO, most_usd, leverage, reason)


def funding_bearable(case: Case) -> Vote:
    """Refuse where funding over the longest hold eats too much of what is risked.

    Compared per dollar of exposure: the settlements that fit into the hold, at the rate in
    force, against the loss at the stop with its costs.
    """
    terms, stop = case.snapshot.funding, case.stop
    if isinstance(terms, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, f"funding: {terms.why}")
    if isinstance(stop, Unknown):
        return Deny(Reason.STOP_UNKNOWN, stop.why)
    if terms.interval_ms == 0:
        return ALLOW
    age_ms, most_ms = case.now_ms - terms.at_ms, case.limits.funding_age_max_ms
    if not 0 <= age_ms <= most_ms:
        detail = f"funding: age {age_ms} ms, most {most_ms}"
        return Deny(Reason.SNAPSHOT_INCOMPLETE, detail)
    paid = _funding_paid(case, terms)
    risked = stop.fraction + case.limits.round_trip_fraction
    if paid * HUNDRED <= risked * case.limits.funding_max_risk_pct:
        return ALLOW
    detail = f"funding {cents(paid * 10_000)} bp against a risk of {cents(risked * 10_000)}"
    return Deny(Reason.FUNDING_TOO_DEAR, detail)


def _funding_paid(case: Case, terms: FundingTerms) -> Decimal:
    """Return what this side pays per dollar of exposure; what it would receive is zero."""
    times = -(-case.hold_max_ms // terms.interval_ms)
    return max(ZERO, case.side.sign * terms.rate_fraction) * (ONE * times)
