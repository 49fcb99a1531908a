"""Approvals for tests, had the only way there is: by asking the Governor."""

from dataclasses import replace
from decimal import Decimal

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    IntentId,
    LiveIntent,
    Proposal,
    ReduceIntent,
    Side,
    StopDistance,
    Symbol,
)
from bridge_patch.domain.money import Leverage, Margin, Price, Quantity
from bridge_patch.domain.position import Position
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge, judge_reduction
from bridge_patch.governor.snapshot import Known, RiskSnapshot
from tests.questions import FINE, NOW, SHIPPED

D = Decimal
BTC = Symbol("BTCUSDT")
SOL = Symbol("SOLUSDT")

#: Wide enough that what a test proposes is what is approved.
WIDE = replace(
    SHIPPED,
    margin_min_usd=D(1),
    margin_max_usd=D(100_000),
    notional_max_usd=D(1_000_000),
    leverage_min=D(1),
    leverage_max=D(125),
    order_notional_max_equity_multiple=D(100),
    symbol_notional_max_equity_multiple=D(100),
    side_notional_max_equity_multiple=D(100),
    gross_notional_max_equity_multiple=D(100),
    net_notional_max_equity_multiple=D(100),
    notional_1m_max_equity_multiple=D(100),
    notional_1h_max_equity_multiple=D(100),
    notional_1d_max_equity_multiple=D(100),
    initial_margin_max_pct=D(100),
    risk_per_trade_max_pct=D(100),
    daily_loss_max_pct=D(100),
    drawdown_max_pct=D(100),
    liquidation_stops_min=D(1),
    liquidation_sigmas_min=D(1),
    snapshot_age_max_ms=1000,
    mark_age_max_ms=1000,
    volatility_age_max_ms=1000,
    symbols=tuple(ListedInstruments().symbols),
)


def instrument(symbol: Symbol) -> Instrument:
    found = ListedInstruments().find(symbol)
    assert isinstance(found, Instrument)
    return found


def snapshot(symbol: Symbol, mark: Decimal, equity: Decimal) -> RiskSnapshot:
    """A calm, flat account."""
    return replace(
        FINE.snapshot,
        equity=Known(equity, NOW),
        available=Known(equity, NOW),
        mark=Known(mark, NOW),
        index=Known(mark, NOW),
        turnover_usd=Known(D(10**9), NOW),
        instrument=instrument(symbol),
    )


def entry_approval(
    *,
    symbol: Symbol = BTC,
    side: Side = Side.BUY,
    margin: str = "1000",
    leverage: str = "10",
    mark: str = "95000",
    equity: str = "10000",
    intent: str = "i-1",
) -> Approved:
    entry = Entry(
        id=IntentId(intent),
        symbol=symbol,
        side=side,
        confidence=Confidence(D("0.9")),
        proposal=Proposal(margin=Margin(D(margin)), leverage=Leverage(D(leverage))),
        stop=StopDistance(D("0.005")),
        risk_budget=None,
        policy=None,
        reference_price=None,
        created_ms=NOW,
        valid_until_ms=None,
        source="test",
    )
    verdict = judge(LiveIntent(entry), snapshot(symbol, D(mark), D(equity)), WIDE, NOW)
    assert isinstance(verdict, Approved), verdict
    return verdict


def reduction_approval(
    *,
    position: Position,
    quantity: str | None = None,
    stop_at: str | None = None,
    intent: str = "r-1",
) -> ApprovedReduction:
    wish = ReduceIntent(
        id=IntentId(intent),
        symbol=position.symbol,
        side=None,
        quantity=None if quantity is None else Quantity(D(quantity)),
        stop_at=None if stop_at is None else Price(D(stop_at)),
        simulate=False,
        reason="test",
        created_ms=NOW,
        source="test",
    )
    verdict = judge_reduction(wish, position, instrument(position.symbol))
    assert isinstance(verdict, ApprovedReduction), verdict
    return verdict
