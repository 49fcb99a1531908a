"""Where each rule turns: the last value it allows, and the first it does not."""

from dataclasses import dataclass
from decimal import Decimal

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import RiskBudget, Side, StopDistance, UnixMs, Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import account, market, order
from bridge_patch.governor.snapshot import Holding
from bridge_patch.governor.votes import CapLeverage, CapMargin, Deny, Rule
from tests.questions import NOW, tier
from tests.unit.governor.disturbances import (
    TWELVE,
    Disturb,
    asks,
    both,
    bounds,
    held,
    knows,
    rules_of,
    sized,
    then,
)

D = Decimal
R = Reason
UNREAD = Unknown("timeout")
#: Liquidation at 3 stops of 0.78125 % under a rate of 4 %: exactly 16x for a long.
SIXTEEN = both(
    asks(stop=StopDistance(D("0.0078125"))),
    both(
        knows(volatility=then("0.1")),
        rules_of(brackets=(tier(125, "0", "1E+8", "0.04", "0"),)),
    ),
)
#: Two tiers that part at 7,000: 12x, or a rate of 5 %, beyond.
PARTED = rules_of(
    brackets=(tier(50, "0", "6500", "0.004", "0"), tier(12, "6500", "1E+8", "0.004", "0"))
)
STEEPER = rules_of(
    brackets=(tier(50, "0", "7000", "0.004", "0"), tier(50, "7000", "1E+8", "0.05", "0"))
)
WIDE = bounds(margin_max_usd=D(10**6), leverage_max=D(125))
COSTLY = both(
    bounds(taker_fee_pct=D(1), slippage_pct=D(1)),
    both(asks(stop=StopDistance(D("0.01"))), knows(volatility=then("0.1"))),
)


@dataclass(frozen=True)
class Edge:
    """Where a rule turns: `at` it allows, `beyond` it votes so."""

    rule: Rule
    at: Disturb
    beyond: Disturb
    vote: Deny | CapMargin | CapLeverage


def deny(reason: Reason) -> Deny:
    return Deny(reason, "")


def less_margin(reason: Reason, usd: str) -> CapMargin:
    return CapMargin(D(usd), reason, "")


def less_leverage(reason: Reason, times: str) -> CapLeverage:
    return CapLeverage(D(times), reason, "")


EDGES = {
    "margin": Edge(
        order.margin_ceiling,
        sized("10000", "15"),
        sized("10000.01", "15"),
        less_margin(R.SIZE_ABOVE_MAX, "10000"),
    ),
    "leverage": Edge(
        order.leverage_ceiling,
        sized("450", "80"),
        sized("450", "80.1"),
        less_leverage(R.LEVERAGE_ABOVE_MAX, "80"),
    ),
    "bracket": Edge(
        order.bracket_ceiling,
        both(rules_of(brackets=TWELVE), sized("450", "12")),
        both(rules_of(brackets=TWELVE), sized("450", "12.1")),
        less_leverage(R.LEVERAGE_ABOVE_BRACKET, "12"),
    ),
    "a bracket's end": Edge(
        order.bracket_ceiling,
        both(WIDE, sized("2400", "125")),
        both(WIDE, sized("3000", "125")),
        less_leverage(R.LEVERAGE_ABOVE_BRACKET, "100"),
    ),
    "the best of two brackets": Edge(
        order.bracket_ceiling,
        both(PARTED, sized("450", "14.4")),
        both(PARTED, sized("450", "15")),
        less_leverage(R.LEVERAGE_ABOVE_BRACKET, "14.44"),
    ),
    "the last bracket's end": Edge(
        order.bracket_ceiling,
        both(WIDE, sized("40000", "75")),
        both(WIDE, sized("50000", "75")),
        less_leverage(R.LEVERAGE_ABOVE_BRACKET, "60"),
    ),
    "liquidation": Edge(
        order.liquidation_clearance,
        both(SIXTEEN, sized("450", "16")),
        both(SIXTEEN, sized("450", "16.1")),
        less_leverage(R.LIQUIDATION_TOO_NEAR, "16"),
    ),
    "liquidation at the minimum": Edge(
        order.liquidation_clearance,
        both(SIXTEEN, both(bounds(leverage_min=D(16)), sized("450", "16"))),
        both(SIXTEEN, both(bounds(leverage_min=D(16)), sized("450", "16.1"))),
        less_leverage(R.LIQUIDATION_TOO_NEAR, "16"),
    ),
    "liquidation below the minimum": Edge(
        order.liquidation_clearance,
        both(SIXTEEN, sized("450", "16")),
        both(SIXTEEN, both(bounds(leverage_min=D("16.1")), sized("450", "16.1"))),
        deny(R.LIQUIDATION_TOO_NEAR),
    ),
    "liquidation in the tier it falls to": Edge(
        order.liquidation_clearance,
        both(STEEPER, sized("450", "14.6")),
        both(STEEPER, sized("450", "15")),
        less_leverage(R.LIQUIDATION_TOO_NEAR, "14.68"),
    ),
    "liquidation behind stop and costs": Edge(
        order.liquidation_clearance,
        both(COSTLY, sized("450", "18.5")),
        both(COSTLY, sized("450", "19")),
        less_leverage(R.LIQUIDATION_TOO_NEAR, "18.59"),
    ),
    "snapshot": Edge(
        market.snapshot_fresh,
        knows(taken_ms=UnixMs(NOW - 10_000)),
        knows(taken_ms=UnixMs(NOW - 10_001)),
        deny(R.SNAPSHOT_STALE),
    ),
    "mark": Edge(
        market.mark_fresh,
        knows(mark=then("1", 2_000)),
        knows(mark=then("1", 2_001)),
        deny(R.MARK_STALE),
    ),
    "least margin": Edge(
        order.margin_floor,
        sized("50", "15"),
        sized("49.99", "15"),
        deny(R.SIZE_BELOW_MIN),
    ),
    "least leverage": Edge(
        order.leverage_floor,
        sized("450", "5"),
        sized("450", "4.9"),
        deny(R.LEVERAGE_BELOW_MIN),
    ),
    "notional": Edge(
        order.notional_ceiling,
        sized("10000", "10"),
        sized("10000.01", "10"),
        deny(R.NOTIONAL_EXCEEDED),
    ),
    "confidence": Edge(
        order.confidence_floor,
        bounds(confidence_min=D("0.85")),
        bounds(confidence_min=D("0.8501")),
        deny(R.CONFIDENCE_BELOW_FLOOR),
    ),
    "budget": Edge(
        order.own_risk_budget,
        asks(risk_budget=RiskBudget(D("148.5"))),
        asks(risk_budget=RiskBudget(D("148.49"))),
        deny(R.EXCEEDS_RISK_BUDGET),
    ),
    "budget without a stop": Edge(
        order.own_risk_budget,
        asks(risk_budget=RiskBudget(D(450)), stop=UNREAD),
        asks(risk_budget=RiskBudget(D("449.99")), stop=UNREAD),
        deny(R.EXCEEDS_RISK_BUDGET),
    ),
    "holding": Edge(
        account.position_flat,
        knows(holding=Holding(side=None, quantity_base=D(0))),
        knows(holding=Holding(side=Side.SELL, quantity_base=D("1E-18"))),
        deny(R.POSITION_OPEN),
    ),
    "unknown orders": Edge(
        account.no_unknown_order, held(), held(unknown=1), deny(R.ORDER_UNKNOWN)
    ),
    "loss today": Edge(
        account.daily_loss,
        knows(day_loss_pct=then("5.99")),
        knows(day_loss_pct=then("6")),
        deny(R.DAILY_LOSS_EXCEEDED),
    ),
    "drawdown": Edge(
        account.drawdown,
        knows(drawdown_pct=then("19.99")),
        knows(drawdown_pct=then("20")),
        deny(R.DRAWDOWN_EXCEEDED),
    ),
    "equity": Edge(
        account.equity_multiple,
        sized("1000", "15"),
        sized("1000.01", "15"),
        deny(R.EQUITY_MULTIPLE_EXCEEDED),
    ),
    "total": Edge(
        account.total_notional,
        held(notional="93250"),
        held(notional="93250.15"),
        less_margin(R.TOTAL_NOTIONAL_EXCEEDED, "449.99"),
    ),
    "total at the minimum": Edge(
        account.total_notional,
        held(notional="93250"),
        held(notional="99250"),
        less_margin(R.TOTAL_NOTIONAL_EXCEEDED, "50"),
    ),
    "total below the minimum": Edge(
        account.total_notional,
        held(notional="93250"),
        held(notional="99250.01"),
        deny(R.TOTAL_NOTIONAL_EXCEEDED),
    ),
    "posted": Edge(
        account.initial_margin,
        held(margin="3550"),
        held(margin="3550.01"),
        less_margin(R.INITIAL_MARGIN_EXCEEDED, "449.99"),
    ),
    "balance": Edge(
        account.available_balance,
        knows(available=then("463.5")),
        knows(available=then("412")),
        less_margin(R.BALANCE_INSUFFICIENT, "400"),
    ),
    "risk": Edge(
        account.risk_per_trade,
        bounds(risk_per_trade_max_pct=D("1.485")),
        bounds(risk_per_trade_max_pct=D("1.32")),
        less_margin(R.RISK_PER_TRADE_EXCEEDED, "400"),
    ),
    "most of a market order": Edge(
        order.quantity_filters,
        rules_of(quantity_max=D("0.071")),
        rules_of(quantity_max=D("0.0709")),
        deny(R.QUANTITY_ABOVE_MAX),
    ),
    "least quantity": Edge(
        order.quantity_filters,
        rules_of(quantity_min=D("0.071")),
        rules_of(quantity_min=D("0.0711")),
        deny(R.QUANTITY_BELOW_MIN),
    ),
    "least notional": Edge(
        order.quantity_filters,
        rules_of(notional_min=D(6745)),
        rules_of(notional_min=D("6745.01")),
        deny(R.QUANTITY_BELOW_MIN),
    ),
    "a step": Edge(
        order.quantity_filters,
        rules_of(notional_min=D(0), quantity_step=D("0.05"), quantity_min=D("0.01")),
        rules_of(notional_min=D(0), quantity_step=D("0.1"), quantity_min=D("1E-9")),
        deny(R.QUANTITY_BELOW_MIN),
    ),
    "state": Edge(
        account.trading_state,
        knows(state=TradingState.RUNNING),
        knows(state=TradingState.HALTED),
        deny(R.TRADING_HALTED),
    ),
}
