"""Rules about the account: its state, what it lost, what it holds, what it has room for."""

from __future__ import annotations

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.money import ONE
from bridge_patch.governor.measures import (
    cents,
    exposure_of,
    fresh,
    fresh_equity,
    loss_below,
    margin_within,
    notional_of,
)
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import ALLOW, Case, Deny, Vote


def trading_state(case: Case) -> Vote:
    """Refuse new risk while a person or a breaker has tightened the account."""
    match case.snapshot.state:
        case TradingState.RUNNING:
            return ALLOW
        case TradingState.REDUCING:
            return Deny(Reason.TRADING_REDUCING, "the account is REDUCING")
        case _:
            return Deny(Reason.TRADING_HALTED, "the account is HALTED")


def daily_loss(case: Case) -> Vote:
    """Refuse new risk once today's loss, unrealised included, has reached its limit."""
    return loss_below(
        case,
        "loss today",
        case.snapshot.day_loss_pct,
        case.limits.daily_loss_max_pct,
        Reason.DAILY_LOSS_EXCEEDED,
    )


def drawdown(case: Case) -> Vote:
    """Refuse new risk once equity has fallen too far from its peak."""
    return loss_below(
        case,
        "drawdown",
        case.snapshot.drawdown_pct,
        case.limits.drawdown_max_pct,
        Reason.DRAWDOWN_EXCEEDED,
    )


def position_flat(case: Case) -> Vote:
    """Refuse an entry on a symbol that has a position, on either side."""
    holding = case.snapshot.holding
    if isinstance(holding, Unknown):
        return Deny(Reason.POSITION_UNKNOWN, holding.why)
    if holding.quantity_base == 0:
        return ALLOW
    return Deny(Reason.POSITION_OPEN, f"{holding.side} {holding.quantity_base} is open")


def no_unknown_order(case: Case) -> Vote:
    """Refuse new risk while the fate of any order is unknown."""
    exposure = exposure_of(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if exposure.unknown_orders == 0:
        return ALLOW
    return Deny(Reason.ORDER_UNKNOWN, f"{exposure.unknown_orders} orders are UNKNOWN")


def equity_multiple(case: Case) -> Vote:
    """Refuse an order whose own exposure is too many times the equity."""
    equity = fresh_equity(case)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    notional = notional_of(case)
    most = equity * case.limits.order_notional_max_equity_multiple
    if notional <= most:
        return ALLOW
    return Deny(
        Reason.EQUITY_MULTIPLE_EXCEEDED,
        f"notional {notional} > {cents(most)}, equity {cents(equity)}",
    )


def total_notional(case: Case) -> Vote:
    """Fit the order into what MAX_NOTIONAL_USD leaves beside everything open or unknown."""
    exposure = exposure_of(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    room = case.limits.notional_max_usd - exposure.notional_usd
    leverage = case.proposal.leverage.times
    return margin_within(case, room, leverage, Reason.TOTAL_NOTIONAL_EXCEEDED)


def initial_margin(case: Case) -> Vote:
    """Fit the order into the share of equity that may be posted as margin."""
    exposure, equity = exposure_of(case), fresh_equity(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    room = equity * case.limits.initial_margin_max_pct / 100 - exposure.margin_usd
    return margin_within(case, room, ONE, Reason.INITIAL_MARGIN_EXCEEDED)


def available_balance(case: Case) -> Vote:
    """Fit margin, both fees and the slippage into the balance that is free."""
    snapshot, limits = case.snapshot, case.limits
    available = fresh(case, "available", snapshot.available, limits.snapshot_age_max_ms)
    if isinstance(available, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, available.why)
    per_margin = 1 + limits.round_trip_fraction * case.proposal.leverage.times
    return margin_within(case, available, per_margin, Reason.BALANCE_INSUFFICIENT)


def risk_per_trade(case: Case) -> Vote:
    """Fit the loss at the stop, costs included, into its share of equity."""
    equity = fresh_equity(case)
    if isinstance(equity, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, equity.why)
    if isinstance(case.stop, Unknown):
        return Deny(Reason.STOP_UNKNOWN, case.stop.why)
    most = equity * case.limits.risk_per_trade_max_pct / 100
    per_margin = case.proposal.leverage.times * (
        case.stop.fraction + case.limits.round_trip_fraction
    )
    return margin_within(case, most, per_margin, Reason.RISK_PER_TRADE_EXCEEDED)
