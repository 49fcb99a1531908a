"""Approvals for tests, had the only way there is: by asking the Governor."""

from decimal import Decimal

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.events import TradingState
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
    UnixMs,
)
from bridge_patch.domain.money import Leverage, Margin, Price, Quantity
from bridge_patch.domain.position import Position
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge, judge_reduction
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.snapshot import Exposure, Holding, Known, RiskSnapshot

D = Decimal
BTC = Symbol("BTCUSDT")
SOL = Symbol("SOLUSDT")
NOW = UnixMs(1_746_403_260_000)

#: Wide enough that what a test proposes is what is approved.
WIDE = Limits(
    margin_min_usd=D(1),
    margin_max_usd=D(100_000),
    notional_max_usd=D(1_000_000),
    leverage_min=D(1),
    leverage_max=D(125),
    confidence_min=D(0),
    fail_open=False,
    below_min=BelowMin.REFUSE,
    order_notional_max_equity_multiple=D(100),
    initial_margin_max_pct=D(100),
    risk_per_trade_max_pct=D(100),
    daily_loss_max_pct=D(100),
    drawdown_max_pct=D(100),
    liquidation_stops_min=D(1),
    liquidation_sigmas_min=D(1),
    snapshot_age_max_ms=1000,
    mark_age_max_ms=1000,
    volatility_age_max_ms=1000,
    taker_fee_pct=D("0.05"),
    slippage_pct=D("0.05"),
)


def instrument(symbol: Symbol) -> Instrument:
    found = ListedInstruments().find(symbol)
    assert isinstance(found, Instrument)
    return found


def snapshot(symbol: Symbol, mark: Decimal, equity: Decimal) -> RiskSnapshot:
    """A calm, flat account."""
    return RiskSnapshot(
        taken_ms=NOW,
        state=TradingState.RUNNING,
        equity=Known(equity, NOW),
        available=Known(equity, NOW),
        mark=Known(mark, NOW),
        volatility=Known(D("0.5"), NOW),
        instrument=instrument(symbol),
        holding=Holding(side=None, quantity_base=D(0)),
        exposure=Exposure(notional_usd=D(0), margin_usd=D(0), unknown_orders=0),
        day_loss_pct=Known(D(0), NOW),
        drawdown_pct=Known(D(0), NOW),
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
