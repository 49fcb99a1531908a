"""Rules about what was done lately: how often, how badly, and by whom."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.money import HUNDRED
from bridge_patch.governor.measures import activity_of, cents, fresh_equity
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, Case, Deny, Vote


def entry_rate(case: Case) -> Vote:
    """Refuse where entries take more than their share of the venue's order limits."""
    activity, limits = activity_of(case), case.limits
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    share_pct = limits.entry_orders_max_pct
    if _fits(activity.entries_10s, limits.venue_orders_10s_max, share_pct) and _fits(
        activity.entries_1m, limits.venue_orders_1m_max, share_pct
    ):
        return ALLOW
    detail = f"{activity.entries_10s} entries in 10 s, {activity.entries_1m} in 60 s"
    most = f"of {limits.venue_orders_10s_max} and {limits.venue_orders_1m_max}"
    return Deny(
        Reason.ENTRY_RATE_EXCEEDED, f"{detail}, entries may have {share_pct} % {most}"
    )


def exit_reserve(case: Case) -> Vote:
    """Refuse where all orders together touch what is reserved for reductions."""
    activity, limits = activity_of(case), case.limits
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    share_pct = HUNDRED - limits.exit_orders_reserve_pct
    if _fits(activity.orders_10s, limits.venue_orders_10s_max, share_pct) and _fits(
        activity.orders_1m, limits.venue_orders_1m_max, share_pct
    ):
        return ALLOW
    detail = f"{activity.orders_10s} orders in 10 s, {activity.orders_1m} in 60 s"
    reserve_pct = limits.exit_orders_reserve_pct
    return Deny(Reason.EXIT_RESERVE_TOUCHED, f"{detail}, {reserve_pct} % are for exits")


def symbol_entries(case: Case) -> Vote:
    """Refuse a symbol that was entered often enough within the hour."""
    activity, most = activity_of(case), case.limits.symbol_entries_1h_max
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    if activity.symbol_entries_1h < most:
        return ALLOW
    detail = f"{activity.symbol_entries_1h} entries within the hour, most {most}"
    return Deny(Reason.SYMBOL_ENTRIES_EXCEEDED, detail)


def losers_latch(case: Case) -> Vote:
    """Refuse a symbol that only loses, until a person re-arms it; time does not."""
    activity, least = activity_of(case), case.limits.losers_latch_min
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    if activity.losers_in_row < least:
        return ALLOW
    detail = f"{activity.losers_in_row} losers in a row, {least} latch the symbol"
    return Deny(Reason.LOSERS_LATCHED, detail)


def losers_pause(case: Case) -> Vote:
    """Refuse a symbol for a while after several losers in a row."""
    activity, limits = activity_of(case), case.limits
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    if activity.losers_in_row < limits.losers_pause_min:
        return ALLOW
    if activity.lost_ms is None:
        return Deny(Reason.LOSERS_PAUSED, "nobody knows when the last loser was")
    age_ms = case.now_ms - activity.lost_ms
    if age_ms > limits.losers_pause_ms:
        return ALLOW
    detail = f"{activity.losers_in_row} losers in a row, the last {age_ms} ms ago"
    return Deny(Reason.LOSERS_PAUSED, f"{detail}, pause {limits.losers_pause_ms} ms")


def slippage_bearable(case: Case) -> Vote:
    """Refuse once an hour's entries have cost too much against the prices judged by."""
    activity, equity = activity_of(case), fresh_equity(case)
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    paid, most_pct = activity.slippage_1h_usd, case.limits.slippage_1h_max_pct
    if paid * HUNDRED <= equity * most_pct:
        return ALLOW
    detail = f"slippage {cents(paid)} USD within the hour, most {most_pct} % of equity"
    return Deny(Reason.SLIPPAGE_EXCEEDED, detail)


def source_sound(case: Case) -> Vote:
    """Refuse a source whose last proposals were mostly malformed or absurd."""
    activity, most_pct = activity_of(case), case.limits.malformed_max_pct
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    if activity.malformed_pct <= most_pct:
        return ALLOW
    detail = f"{cents(activity.malformed_pct)} % malformed, most {most_pct} %"
    return Deny(Reason.SOURCE_PAUSED, detail)


def _fits(sent: int, most: int, share_pct: Decimal) -> bool:
    """Tell whether one more order stays within a share of the venue's limit."""
    return (sent + 1) * HUNDRED <= most * share_pct
