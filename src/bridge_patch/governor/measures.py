"""Measures that several rules take of a case, each defined once."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.governor.votes import ALLOW, CapMargin, Case, Deny, Vote, Warn


def notional_of(case: Case) -> Decimal:
    """Return the exposure of the proposal as it stands, in USD."""
    return case.proposal.margin.usd * case.proposal.leverage.times


def bounded_notional_of(case: Case) -> Decimal:
    """Return the exposure after the person's own maxima: what a tier is looked up at."""
    return min(case.proposal.margin.usd, case.limits.margin_max_usd) * min(
        case.proposal.leverage.times, case.limits.leverage_max
    )


def loss_at_stop(case: Case) -> Decimal:
    """Return what the stop would cost in USD, with both fees and both slippages."""
    if isinstance(case.stop, Unknown):
        return case.proposal.margin.usd
    return notional_of(case) * (case.stop.fraction + case.limits.round_trip_fraction)


def softened(case: Case, reason: Reason, detail: str) -> Vote:
    """Deny, or only warn where a person chose fail-open for this rule."""
    return Warn(reason, detail) if case.limits.fail_open else Deny(reason, detail)


def fresh_positive(case: Case, reading: Reading) -> Decimal | Unknown:
    """Return the reading's value if it is fresh and above zero."""
    if isinstance(reading, Unknown):
        return reading
    age = UnixMs(case.now_ms - reading.at_ms)
    if not 0 <= age <= case.limits.snapshot_age_max_ms:
        return Unknown(f"age {age} ms, most {case.limits.snapshot_age_max_ms}")
    return (
        reading.value if reading.value > 0 else Unknown(f"{reading.value} is not positive")
    )


def loss_below(case: Case, reading: Reading, most: Decimal, reason: Reason) -> Vote:
    """Deny once a fresh loss reading, in percent, has reached its limit."""
    match reading:
        case Known(value, at_ms) if (
            0 <= case.now_ms - at_ms <= case.limits.snapshot_age_max_ms and value < most
        ):
            return ALLOW
        case Known(value, at_ms):
            return Deny(reason, f"{value:.2f} % at {at_ms}, limit {most} %")
        case Unknown(why):
            return Deny(Reason.SNAPSHOT_INCOMPLETE, f"{reason}: {why}")


def margin_within(case: Case, room_usd: Decimal, reason: Reason) -> Vote:
    """Cut the margin down to the room left, or refuse where that is below the minimum."""
    margin, least = case.proposal.margin.usd, case.limits.margin_min_usd
    if margin <= room_usd:
        return ALLOW
    detail = f"margin {margin} > room {room_usd:.2f}"
    if room_usd < least:
        return Deny(reason, f"{detail}, minimum {least}")
    return CapMargin(room_usd, reason, detail)
