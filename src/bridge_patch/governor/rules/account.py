"""Rules about the account: its state, what it lost, what it holds and does not know."""

from __future__ import annotations

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Unknown
from bridge_patch.governor.measures import cents, exposure_of, fresh, loss_below
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


def equity_explained(case: Case) -> Vote:
    """Refuse while equity has jumped by what no fill, price or transfer explains."""
    limits = case.limits
    jump = fresh(
        case, "equity jump", case.snapshot.equity_jump_pct, limits.snapshot_age_max_ms
    )
    if isinstance(jump, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, jump.why)
    most = limits.equity_jump_max_pct
    if -most <= jump <= most:
        return ALLOW
    detail = f"equity moved {cents(jump)} % unexplained, most {most} %"
    return Deny(Reason.EQUITY_JUMPED, detail)


def position_flat(case: Case) -> Vote:
    """Refuse an entry on a symbol that has a position, on either side."""
    holding = case.snapshot.holding
    if isinstance(holding, Unknown):
        return Deny(Reason.POSITION_UNKNOWN, holding.why)
    if holding.quantity_base == 0:
        return ALLOW
    return Deny(Reason.POSITION_OPEN, f"{holding.side} {holding.quantity_base} is open")


def all_protected(case: Case) -> Vote:
    """Refuse new risk while any position is NAKED: protecting it comes first."""
    exposure = exposure_of(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if exposure.naked_positions == 0:
        return ALLOW
    return Deny(Reason.POSITION_NAKED, f"{exposure.naked_positions} positions are NAKED")


def nothing_foreign(case: Case) -> Vote:
    """Refuse new risk beside positions that are not ours: somebody else trades here."""
    exposure = exposure_of(case)
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if exposure.foreign_positions == 0:
        return ALLOW
    detail = f"{exposure.foreign_positions} positions are not ours"
    return Deny(Reason.FOREIGN_POSITION, detail)


def no_unknown_order(case: Case) -> Vote:
    """Refuse beside orders of unknown fate: on the symbol, or where they are many or old.

    A few on other symbols leave room, because each is reserved as if it had filled; but
    after a start every fate has to be known first.
    """
    exposure, limits = exposure_of(case), case.limits
    if isinstance(exposure, Unknown):
        return Deny(Reason.SNAPSHOT_INCOMPLETE, exposure.why)
    if exposure.unknown_on_symbol > 0:
        detail = f"{exposure.unknown_on_symbol} orders on {case.symbol} are UNKNOWN"
        return Deny(Reason.ORDER_UNKNOWN, detail)
    if exposure.unknown_at_start > 0:
        detail = f"{exposure.unknown_at_start} are UNKNOWN since before the start"
        return Deny(Reason.ORDER_UNKNOWN, detail)
    if exposure.unknown_orders > limits.unknown_orders_max:
        detail = f"{exposure.unknown_orders} are UNKNOWN, most {limits.unknown_orders_max}"
        return Deny(Reason.ORDER_UNKNOWN, detail)
    since_ms = exposure.unknown_since_ms
    if since_ms is None or 0 <= case.now_ms - since_ms <= limits.unknown_age_max_ms:
        return ALLOW
    age_ms, most_ms = case.now_ms - since_ms, limits.unknown_age_max_ms
    return Deny(Reason.ORDER_UNKNOWN, f"one is UNKNOWN for {age_ms} ms, most {most_ms}")
