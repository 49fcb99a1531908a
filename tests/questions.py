"""A question to the Governor: an entry, what is known, the limits, the time.

FINE is an ordinary one that is permitted; tests disturb it one thing at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bridge_patch.domain.account import Activity, Exposure, Venues
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    IntentId,
    LiveIntent,
    Mode,
    Proposal,
    ReduceIntent,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
)
from bridge_patch.domain.market import FundingTerms
from bridge_patch.domain.money import Leverage, Margin, Price, Quantity
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.governor.case import case_of
from bridge_patch.governor.judge import Approved, judge
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.ruling import Permitted, Refused, Ruling
from bridge_patch.governor.snapshot import Holding, Known, RiskSnapshot
from bridge_patch.governor.votes import Case
from bridge_patch.governor.weigh import weigh

D = Decimal
BTC = Symbol("BTCUSDT")
NOW = UnixMs(1_746_403_260_000)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything a verdict depends on."""

    entry: Entry
    snapshot: RiskSnapshot
    limits: Limits
    now_ms: UnixMs = NOW

    def case(self, mode: Mode = Mode.LIVE) -> Case:
        case = case_of(
            self.entry,
            mode=mode,
            snapshot=self.snapshot,
            limits=self.limits,
            now_ms=self.now_ms,
        )
        assert isinstance(case, Case), case
        return case

    def ruling(self, mode: Mode = Mode.LIVE) -> Ruling:
        return weigh(self.case(mode))

    def verdict(self) -> Approved | Refused:
        return judge(LiveIntent(self.entry), self.snapshot, self.limits, self.now_ms)

    def asking(self, **changes: Any) -> Question:
        return replace(self, entry=replace(self.entry, **changes))

    def knowing(self, **changes: Any) -> Question:
        return replace(self, snapshot=replace(self.snapshot, **changes))

    def bounded(self, **changes: Any) -> Question:
        return replace(self, limits=replace(self.limits, **changes))

    def sized(self, margin: str | Decimal, leverage: str | Decimal) -> Question:
        return self.asking(proposal=proposal(margin, leverage))


def proposal(margin: str | Decimal, leverage: str | Decimal) -> Proposal:
    return Proposal(margin=Margin(D(margin)), leverage=Leverage(D(leverage)))


def permitted(ruling: Ruling) -> Permitted:
    assert isinstance(ruling, Permitted), ruling
    return ruling


def reasons(ruling: object) -> list[str]:
    """What a refusal says, each reason once."""
    assert isinstance(ruling, Refused), ruling
    return list(dict.fromkeys(str(f.reason) for f in ruling.findings))


#: What is shipped, written out: a changed default has to be changed here too.
SHIPPED = Limits(
    margin_min_usd=D(50),
    margin_max_usd=D(10_000),
    notional_max_usd=D(100_000),
    leverage_min=D(5),
    leverage_max=D(80),
    confidence_min=D(0),
    fail_open=False,
    below_min=BelowMin.REFUSE,
    order_notional_max_equity_multiple=D("1.5"),
    initial_margin_max_pct=D(40),
    risk_per_trade_max_pct=D("2.5"),
    daily_loss_max_pct=D(6),
    drawdown_max_pct=D(20),
    liquidation_stops_min=D(3),
    liquidation_sigmas_min=D(5),
    snapshot_age_max_ms=10_000,
    mark_age_max_ms=2_000,
    volatility_age_max_ms=600_000,
    taker_fee_pct=D("0.05"),
    slippage_pct=D("0.05"),
    symbols=("BTCUSDT", "SOLUSDT"),
    order_quantity_max_pct=D(100),
    turnover_max_pct=D(10),
    symbol_notional_max_equity_multiple=D(1),
    side_notional_max_equity_multiple=D(2),
    gross_notional_max_equity_multiple=D(4),
    net_notional_max_equity_multiple=D("1.5"),
    open_positions_max=10,
    notional_1m_max_equity_multiple=D(2),
    notional_1h_max_equity_multiple=D(2),
    notional_1d_max_equity_multiple=D(10),
    symbol_entries_1h_max=5,
    losers_pause_min=3,
    losers_pause_ms=3_600_000,
    losers_latch_min=5,
    venue_orders_10s_max=300,
    venue_orders_1m_max=1200,
    entry_orders_max_pct=D(25),
    exit_orders_reserve_pct=D(50),
    slippage_1h_max_pct=D("0.5"),
    malformed_max_pct=D(50),
    equity_jump_max_pct=D(5),
    price_collar_pct=D(2),
    index_gap_max_pct=D("0.5"),
    shock_sigmas_max=D(6),
    shock_pause_ms=60_000,
    funding_max_risk_pct=D(10),
    funding_age_max_ms=57_600_000,
    clock_skew_max_ms=500,
    filters_age_max_ms=86_400_000,
    exits_silence_max_ms=10_000,
    unknown_orders_max=2,
    unknown_age_max_ms=60_000,
)


def tier(leverage_max: int, floor: str, cap: str, mmr: str, cum: str) -> Bracket:
    return Bracket(
        leverage_max=leverage_max,
        notional_floor=D(floor),
        notional_cap=D(cap),
        mmr=D(mmr),
        cum=D(cum),
    )


#: BTCUSDT as the reference gives it: the first three tiers of 2025-07-10.
BTC_RULES = Instrument(
    symbol=BTC,
    price_tick=D("0.1"),
    quantity_step=D("0.001"),
    quantity_min=D("0.001"),
    quantity_max=D(120),
    notional_min=D(100),
    brackets=(
        tier(125, "0", "300000", "0.004", "0"),
        tier(100, "300000", "800000", "0.005", "300"),
        tier(75, "800000", "3000000", "0.0065", "1500"),
    ),
)

NOTHING_OPEN = Exposure(
    long_usd=D(0),
    short_usd=D(0),
    net_long_usd=D(0),
    net_short_usd=D(0),
    symbol_usd=D(0),
    margin_usd=D(0),
    open_positions=0,
    naked_positions=0,
    foreign_positions=0,
    unknown_orders=0,
    unknown_on_symbol=0,
    unknown_at_start=0,
    unknown_since_ms=None,
)
NOTHING_DONE = Activity(
    approved_1m_usd=D(0),
    approved_1h_usd=D(0),
    approved_1d_usd=D(0),
    slippage_1h_usd=D(0),
    malformed_pct=D(0),
    symbol_entries_1h=0,
    losers_in_row=0,
    lost_ms=None,
    entries_10s=0,
    entries_1m=0,
    orders_10s=0,
    orders_1m=0,
)
#: What BTCUSDT pays every eight hours.
FUNDING = FundingTerms(
    symbol=BTC, rate_fraction=D("0.0001"), interval_ms=8 * 3_600_000, at_ms=NOW
)
PAPER = Venues(orders="paper", account="paper", prices="paper")

FINE = Question(
    entry=Entry(
        id=IntentId("i-1"),
        symbol=BTC,
        side=Side.BUY,
        confidence=Confidence(D("0.85")),
        proposal=proposal("450", "15"),
        stop=StopDistance(D("0.02")),
        risk_budget=None,
        policy=POLICIES[HarvestMode.TREND_RUNNER],
        reference_price=None,
        created_ms=NOW,
        valid_until_ms=None,
        source="test",
    ),
    snapshot=RiskSnapshot(
        taken_ms=NOW,
        state=TradingState.RUNNING,
        equity=Known(D(10_000), NOW),
        available=Known(D(10_000), NOW),
        mark=Known(D(95_000), NOW),
        index=Known(D(95_000), NOW),
        volatility=Known(D("0.5"), NOW),
        shock_sigmas=Known(D(1), NOW),
        turnover_usd=Known(D(5_000_000), NOW),
        funding=FUNDING,
        instrument=BTC_RULES,
        filters_ms=NOW,
        holding=Holding(side=None, quantity_base=D(0)),
        exposure=NOTHING_OPEN,
        activity=NOTHING_DONE,
        day_loss_pct=Known(D(0), NOW),
        drawdown_pct=Known(D(0), NOW),
        equity_jump_pct=Known(D(0), NOW),
        clock_skew_ms=Known(D(0), NOW),
        exits_ms=NOW,
        journal_has_room=True,
        venues=PAPER,
    ),
    limits=SHIPPED,
)


def position(signed_base: str | Decimal, symbol: Symbol = BTC) -> Position:
    return Position(
        symbol=symbol,
        signed_base=D(signed_base),
        first_base=abs(D(signed_base)),
        entry_price_usd=D(95_000),
        margin_usd=D(450),
        opened_ms=NOW,
    )


def may_be_open(signed_base: str | Decimal, symbol: Symbol = BTC) -> MayBeOpen:
    return MayBeOpen(symbol, D(signed_base))


def reduction(
    side: Side | None = None, quantity: str | Decimal | None = None, stop_at: str = ""
) -> ReduceIntent:
    return ReduceIntent(
        id=IntentId("r-1"),
        symbol=BTC,
        side=side,
        quantity=None if quantity is None else Quantity(D(quantity)),
        stop_at=Price(D(stop_at)) if stop_at else None,
        simulate=False,
        reason="test",
        created_ms=NOW,
        source="test",
    )
