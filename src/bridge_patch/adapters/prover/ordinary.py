"""An ordinary entry on a quiet day, to begin a search from; nothing about it is special."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bridge_patch.domain.account import Activity, Exposure, Venues
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import Mode, Proposal, Side, StopDistance, Symbol, UnixMs
from bridge_patch.domain.market import FundingTerms
from bridge_patch.domain.money import ZERO, Leverage, Margin
from bridge_patch.governor.case import LEVERAGE_QUANTUM, sigma_move
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Holding, Known, RiskSnapshot
from bridge_patch.governor.votes import Case

_NOW: Final = UnixMs(1_746_403_260_000)
_HOLD_SEC: Final = 3600
_NOTHING: Final = Exposure(
    long_usd=ZERO,
    short_usd=ZERO,
    net_long_usd=ZERO,
    net_short_usd=ZERO,
    symbol_usd=ZERO,
    margin_usd=ZERO,
    open_positions=0,
    naked_positions=0,
    foreign_positions=0,
    unknown_orders=0,
    unknown_on_symbol=0,
    unknown_at_start=0,
    unknown_since_ms=None,
)
_QUIET: Final = Activity(
    approved_1m_usd=ZERO,
    approved_1h_usd=ZERO,
    approved_1d_usd=ZERO,
    slippage_1h_usd=ZERO,
    malformed_pct=ZERO,
    symbol_entries_1h=0,
    losers_in_row=0,
    lost_ms=None,
    entries_10s=0,
    entries_1m=0,
    orders_10s=0,
    orders_1m=0,
)


def ordinary_case(limits: Limits) -> Case:
    """Return a small entry on the first symbol that the limits name."""
    symbol = Symbol(limits.symbols[0])
    volatility = Known(Decimal("0.5"), _NOW)
    return Case(
        symbol=symbol,
        side=Side.BUY,
        confidence=max(Decimal("0.85"), limits.confidence_min),
        proposal=Proposal(
            margin=Margin(limits.margin_min_usd),
            leverage=Leverage(limits.leverage_min.to_integral_value()),
        ),
        reference_price=None,
        stated_limits="",
        stop=StopDistance(Decimal("0.02")),
        hold_max_ms=_HOLD_SEC * 1000,
        sigma_move=sigma_move(volatility, _HOLD_SEC),
        risk_budget=None,
        snapshot=_snapshot(symbol, volatility),
        limits=limits,
        leverage_quantum=LEVERAGE_QUANTUM[Mode.LIVE],
        now_ms=_NOW,
    )


def _snapshot(symbol: Symbol, volatility: Known) -> RiskSnapshot:
    zero, price = Known(ZERO, _NOW), Known(Decimal(100), _NOW)
    rich = Known(Decimal(10_000_000), _NOW)
    return RiskSnapshot(
        taken_ms=_NOW,
        state=TradingState.RUNNING,
        equity=rich,
        available=rich,
        mark=price,
        index=price,
        volatility=volatility,
        shock_sigmas=zero,
        turnover_usd=Known(Decimal(1_000_000_000), _NOW),
        funding=FundingTerms(
            symbol=symbol, rate_fraction=ZERO, interval_ms=8 * 3_600_000, at_ms=_NOW
        ),
        instrument=_instrument(symbol),
        filters_ms=_NOW,
        holding=Holding(side=None, quantity_base=ZERO),
        exposure=_NOTHING,
        activity=_QUIET,
        day_loss_pct=zero,
        drawdown_pct=zero,
        equity_jump_pct=zero,
        clock_skew_ms=zero,
        exits_ms=_NOW,
        journal_has_room=True,
        venues=Venues(orders="venue", account="venue", prices="venue"),
    )


def _instrument(symbol: Symbol) -> Instrument:
    return Instrument(
        symbol=symbol,
        price_tick=Decimal("0.01"),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(10_000_000),
        notional_min=Decimal(5),
        brackets=(
            Bracket(
                leverage_max=125,
                notional_floor=ZERO,
                notional_cap=Decimal(1_000_000_000),
                mmr=Decimal("0.004"),
                cum=ZERO,
            ),
        ),
    )
