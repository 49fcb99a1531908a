"""Rules about how old our own readings are."""

from __future__ import annotations

from bridge_patch.domain.intent import Unknown
from bridge_patch.governor.measures import fresh_mark
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
