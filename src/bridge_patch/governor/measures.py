"""Measures that several rules take of a case, each defined once.

A measure that cannot be taken is Unknown, and its text says which reading was unusable.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.money import CENT
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.snapshot import Reading
from bridge_patch.governor.votes import ALLOW, CapMargin, Case, Deny, Vote, Warn

#: Beyond this many digits before the point an amount is shown as it is.
_DIGITS_MAX: Final = 20


def notional_of(case: Case) -> Decimal:
    """Return the exposure of the proposal as it stands, in USD."""
    return case.proposal.margin.usd * case.proposal.leverage.times


def bounded_of(case: Case) -> tuple[Decimal, Decimal]:
    """Return margin and leverage under the person's own maxima: what a tier is found by."""
    proposal, limits = case.proposal, case.limits
    return (
        min(proposal.margin.usd, limits.margin_max_usd),
        min(proposal.leverage.times, limits.leverage_max),
    )


def most_leverage(
    instrument: Instrument, margin_usd: Decimal, allowed: Callable[[Bracket], Decimal]
) -> Decimal:
    """Return the largest leverage that the tier of the notional it makes still allows.

    `allowed` falls from tier to tier, so that the best of the tiers' own answers fits.
    """
    return max(
        min(allowed(tier), tier.notional_cap / margin_usd) for tier in instrument.brackets
    )


def loss_at_stop(case: Case) -> Decimal:
    """Return what the stop would cost in USD, with both fees and both slippages.

    With no stop known the loss is the whole margin.
    """
    if isinstance(case.stop, Unknown):
        return case.proposal.margin.usd
    return notional_of(case) * (case.stop.fraction + case.limits.round_trip_fraction)


def softened(case: Case, reason: Reason, detail: str) -> Vote:
    """Deny, or only warn where a person chose fail-open for this rule."""
    return Warn(reason, detail) if case.limits.fail_open else Deny(reason, detail)


def fresh(case: Case, name: str, reading: Reading, age_max_ms: int) -> Decimal | Unknown:
    """Return the reading's value if it is finite, and neither old nor from the future."""
    if isinstance(reading, Unknown):
        return Unknown(f"{name}: {reading.why}")
    age_ms = case.now_ms - reading.at_ms
    if not 0 <= age_ms <= age_max_ms:
        return Unknown(f"{name}: age {age_ms} ms, most {age_max_ms}")
    if not reading.value.is_finite():
        return Unknown(f"{name}: {reading.value} is not finite")
    return reading.value


def fresh_equity(case: Case) -> Decimal | Unknown:
    """Return the account's equity in USD; zero or less leaves no room anywhere."""
    return fresh(case, "equity", case.snapshot.equity, case.limits.snapshot_age_max_ms)


def fresh_mark(case: Case) -> Decimal | Unknown:
    """Return our own price of the symbol, above zero and young enough to value an order."""
    mark = fresh(case, "mark", case.snapshot.mark, case.limits.mark_age_max_ms)
    if isinstance(mark, Unknown) or mark > 0:
        return mark
    return Unknown(f"mark: {mark} is not positive")


def mark_of(case: Case) -> Decimal | Unknown:
    """Return our own price, if it is one at all; how old it may be is another's rule."""
    mark = case.snapshot.mark
    if isinstance(mark, Unknown):
        return Unknown(f"mark: {mark.why}")
    if mark.value.is_finite() and mark.value > 0:
        return mark.value
    return Unknown(f"mark: {mark.value} is not finite and positive")


def exposure_of(case: Case) -> Exposure | Unknown:
    """Return what the account already carries, or why nobody knows."""
    exposure = case.snapshot.exposure
    if isinstance(exposure, Unknown):
        return Unknown(f"exposure: {exposure.why}")
    return exposure


def activity_of(case: Case) -> Activity | Unknown:
    """Return what was done lately, or why nobody knows."""
    activity = case.snapshot.activity
    if isinstance(activity, Unknown):
        return Unknown(f"activity: {activity.why}")
    return activity


def loss_below(
    case: Case, name: str, reading: Reading, most_pct: Decimal, reason: Reason
) -> Vote:
    """Deny once a loss, in percent, has reached its limit, or cannot be read."""
    loss = fresh(case, name, reading, case.limits.snapshot_age_max_ms)
    if isinstance(loss, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, loss.why)
    if loss < most_pct:
        return ALLOW
    return Deny(reason, f"{name} {cents(loss)} %, limit {most_pct} %")


def margin_within(
    case: Case, used_usd: Decimal, most_usd: Decimal, per_margin: Decimal, reason: Reason
) -> Vote:
    """Cut the margin until margin x `per_margin` fits beside what is used; or refuse.

    The comparison multiplies, so that the quotient's rounding never lets anything through.
    """
    margin, least = case.proposal.margin.usd, case.limits.margin_min_usd
    room_usd = most_usd - used_usd
    if margin * per_margin <= room_usd:
        return ALLOW
    fits = room_usd / per_margin
    asked = f"margin {margin} > room {cents(fits)}"
    used = f"{cents(used_usd)} of {cents(most_usd)} USD are used"
    if fits < least:
        return Deny(reason, f"{asked}, minimum {least}: {used}")
    return CapMargin(fits, reason, f"{asked}: {used}")


def cents(value: Decimal) -> str:
    """Show a number cut down to two decimals; an absurdly large one as it is.

    >>> cents(Decimal("49.999")), cents(Decimal("1E+999999"))
    ('49.99', '1E+999999')
    """
    plain = value.is_finite() and value.adjusted() < _DIGITS_MAX
    return f"{value.quantize(CENT, ROUND_FLOOR) if plain else value}"
