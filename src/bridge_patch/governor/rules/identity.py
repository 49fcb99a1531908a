"""Rules about who and where: symbols, limits, venue, and the other half of the system."""

from __future__ import annotations

from bridge_patch.domain.intent import Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, Case, Deny, Vote


def symbol_allowed(case: Case) -> Vote:
    """Refuse a symbol that a person did not name."""
    if case.symbol in case.limits.symbols:
        return ALLOW
    named = ",".join(case.limits.symbols)
    return Deny(Reason.SYMBOL_NOT_ALLOWED, f"{case.symbol} is not among {named}")


def same_limits(case: Case) -> Vote:
    """Refuse what was sized under other limits than it is judged by."""
    stated = case.stated_limits
    if stated in ("", case.limits.digest()):
        return ALLOW
    ours = case.limits.digest()
    detail = (
        f"sized under limits {stated}, judged under {ours}: restart all on one env file"
    )
    return Deny(Reason.LIMITS_MISMATCH, detail)


def one_venue(case: Case) -> Vote:
    """Refuse unless orders, account and prices are of one and the same venue."""
    venues = case.snapshot.venues
    if venues.orders == venues.account == venues.prices:
        return ALLOW
    detail = f"orders {venues.orders}, account {venues.account}, prices {venues.prices}"
    return Deny(Reason.VENUE_MISMATCH, detail)


def exits_alive(case: Case) -> Vote:
    """Refuse what nobody would take off again: the exit path must be alive."""
    seen_ms, most_ms = case.snapshot.exits_ms, case.limits.exits_silence_max_ms
    if isinstance(seen_ms, Unknown):
        return Deny(Reason.EXITS_SILENT, f"exits: {seen_ms.why}")
    age_ms = case.now_ms - seen_ms
    if 0 <= age_ms <= most_ms:
        return ALLOW
    return Deny(Reason.EXITS_SILENT, f"exits silent for {age_ms} ms, most {most_ms}")


def journal_roomy(case: Case) -> Vote:
    """Refuse while the room left in the journal must be kept for reductions."""
    if case.snapshot.journal_has_room:
        return ALLOW
    return Deny(Reason.JOURNAL_CRAMPED, "the journal's room is kept for reductions")
