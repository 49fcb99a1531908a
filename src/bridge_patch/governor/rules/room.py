"""Rules about room: what an account-wide limit leaves beside all that is there already."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.domain.money import HUNDRED, ONE, ZERO
from bridge_patch.governor.measures import (
    activity_of,
    cents,
    exposure_of,
    fresh,
    fresh_equity,
    margin_within,
    notional_of,
)
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, Case, Deny, Vote


def equity_multiple(case: Case) -> Vote:
    """Refuse an order whose own exposure is too many times the equity."""
    equity = fresh_equity(case)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    notional = notional_of(case)
    most = equity * case.limits.order_notional_max_equity_multiple
    if notional <= most:
        return ALLOW
    detail = f"notional {notional} > {cents(most)}, equity {cents(equity)}"
    return Deny(Reason.EQUITY_MULTIPLE_EXCEEDED, detail)


def total_notional(case: Case) -> Vote:
    """Fit the order into what MAX_NOTIONAL_USD leaves beside everything open or unknown."""
    exposure = exposure_of(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    used_usd, most_usd = exposure.notional_usd, case.limits.notional_max_usd
    leverage, reason = case.proposal.leverage.times, Reason.TOTAL_NOTIONAL_EXCEEDED
    return margin_within(case, used_usd, most_usd, leverage, reason)


def symbol_notional(case: Case) -> Vote:
    """Fit the order into its symbol's share, beside what stands on it in doubt."""
    most = case.limits.symbol_notional_max_equity_multiple
    reason = Reason.SYMBOL_NOTIONAL_EXCEEDED
    return _beside_open(case, lambda open_: open_.symbol_usd, most, reason)


def side_notional(case: Case) -> Vote:
    """Fit the order into its side's share: all symbols count as one correlated bucket."""
    most, buys = case.limits.side_notional_max_equity_multiple, case.side is Side.BUY
    reason = Reason.SIDE_NOTIONAL_EXCEEDED
    return _beside_open(
        case, lambda open_: open_.long_usd if buys else open_.short_usd, most, reason
    )


def gross_notional(case: Case) -> Vote:
    """Fit the order into the account's gross exposure, both sides added."""
    most = case.limits.gross_notional_max_equity_multiple
    reason = Reason.GROSS_NOTIONAL_EXCEEDED
    return _beside_open(case, lambda open_: open_.notional_usd, most, reason)


def net_notional(case: Case) -> Vote:
    """Fit the order into the account's net exposure on its side, at its worst."""
    most, buys = case.limits.net_notional_max_equity_multiple, case.side is Side.BUY
    reason = Reason.NET_NOTIONAL_EXCEEDED
    return _beside_open(
        case,
        lambda open_: open_.net_long_usd if buys else open_.net_short_usd,
        most,
        reason,
    )


def open_positions(case: Case) -> Vote:
    """Refuse one more position where there are enough; orders in doubt count."""
    exposure, most = exposure_of(case), case.limits.open_positions_max
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if exposure.open_positions < most:
        return ALLOW
    detail = f"{exposure.open_positions} positions are open, most {most}"
    return Deny(Reason.OPEN_POSITIONS_EXCEEDED, detail)


def initial_margin(case: Case) -> Vote:
    """Fit the order into the share of equity that may be posted as margin."""
    exposure, equity = exposure_of(case), fresh_equity(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    most_usd = equity * case.limits.initial_margin_max_pct / HUNDRED
    reason = Reason.INITIAL_MARGIN_EXCEEDED
    return margin_within(case, exposure.margin_usd, most_usd, ONE, reason)


def available_balance(case: Case) -> Vote:
    """Fit margin, both fees and the slippage into the balance that is free."""
    snapshot, limits = case.snapshot, case.limits
    available = fresh(case, "available", snapshot.available, limits.snapshot_age_max_ms)
    if isinstance(available, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, available.why)
    per_margin = 1 + limits.round_trip_fraction * case.proposal.leverage.times
    return margin_within(case, ZERO, available, per_margin, Reason.BALANCE_INSUFFICIENT)


def risk_per_trade(case: Case) -> Vote:
    """Fit the loss at the stop, costs included, into its share of equity."""
    equity = fresh_equity(case)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    if isinstance(case.stop, Unknown):
        return Deny(Reason.STOP_UNKNOWN, case.stop.why)
    most_usd = equity * case.limits.risk_per_trade_max_pct / HUNDRED
    per_margin = case.proposal.leverage.times * (
        case.stop.fraction + case.limits.round_trip_fraction
    )
    return margin_within(case, ZERO, most_usd, per_margin, Reason.RISK_PER_TRADE_EXCEEDED)


def notional_1m(case: Case) -> Vote:
    """Fit the order into the new notional of a minute: splitting an order gains nothing."""
    most = case.limits.notional_1m_max_equity_multiple
    return _beside_new(case, lambda lately: lately.approved_1m_usd, most)


def notional_1h(case: Case) -> Vote:
    """Fit the order into the new notional of an hour."""
    most = case.limits.notional_1h_max_equity_multiple
    return _beside_new(case, lambda lately: lately.approved_1h_usd, most)


def notional_1d(case: Case) -> Vote:
    """Fit the order into the new notional of 24 hours."""
    most = case.limits.notional_1d_max_equity_multiple
    return _beside_new(case, lambda lately: lately.approved_1d_usd, most)


def _beside_open(
    case: Case, used: Callable[[Exposure], Decimal], multiple: Decimal, reason: Reason
) -> Vote:
    """Fit the order into a multiple of equity beside what the account carries."""
    exposure = exposure_of(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    return _within_equity(case, used(exposure), multiple, reason)


def _beside_new(case: Case, used: Callable[[Activity], Decimal], multiple: Decimal) -> Vote:
    """Fit the order into a multiple of equity beside what was approved lately."""
    activity = activity_of(case)
    if isinstance(activity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, activity.why)
    reason = Reason.WINDOW_NOTIONAL_EXCEEDED
    return _within_equity(case, used(activity), multiple, reason)


def _within_equity(
    case: Case, used_usd: Decimal, multiple: Decimal, reason: Reason
) -> Vote:
    """Cut the margin until its exposure fits a multiple of equity beside what is used."""
    equity = fresh_equity(case)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    most_usd, leverage = equity * multiple, case.proposal.leverage.times
    return margin_within(case, used_usd, most_usd, leverage, reason)
