"""Where the rules about the order by itself turn."""

from decimal import Decimal

from bridge_patch.domain.intent import RiskBudget, StopDistance, Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import order
from tests.questions import tier
from tests.unit.governor.disturbances import (
    TWELVE,
    asks,
    both,
    bounds,
    knows,
    rules_of,
    sized,
    then,
)
from tests.unit.governor.edge import Edge, deny, less_leverage, less_margin

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
    "a share of the venue's largest": Edge(
        order.quantity_filters,
        both(rules_of(quantity_max=D("0.142")), bounds(order_quantity_max_pct=D(50))),
        both(rules_of(quantity_max=D("0.1418")), bounds(order_quantity_max_pct=D(50))),
        deny(R.QUANTITY_ABOVE_MAX),
    ),
}
