"""Rules about how old our own readings are."""

from __future__ import annotations

from bridge_patch.domain.intent import Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, Case, Deny, Vote


def snapshot_fresh(case: Case) -> Vote:
    """Refuse to judge on a reading from the past, or from the future."""
    age = case.now_ms - case.snapshot.taken_ms
    if 0 <= age <= case.limits.snapshot_age_max_ms:
        return ALLOW
    return Deny(
        Reason.SNAPSHOT_STALE,
        f"snapshot age {age} ms, most {case.limits.snapshot_age_max_ms}",
    )


def mark_fresh(case: Case) -> Vote:
    """Refuse to value an order without a fresh price of our own."""
    mark = case.snapshot.mark
    if isinstance(mark, Unknown):
        return Deny(Reason.MARK_STALE, mark.why)
    age = case.now_ms - mark.at_ms
    if 0 <= age <= case.limits.mark_age_max_ms and mark.value > 0:
        return ALLOW
    return Deny(Reason.MARK_STALE, f"mark age {age} ms, most {case.limits.mark_age_max_ms}")
