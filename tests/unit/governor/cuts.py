"""What each cap leaves of FINE, and whose it is."""

from dataclasses import dataclass
from decimal import Decimal

from bridge_patch.governor.reasons import Reason
from tests.unit.governor.disturbances import (
    ROOMY,
    TWELVE,
    Disturb,
    both,
    bounds,
    carries,
    did,
    held,
    knows,
    rules_of,
    sized,
    then,
)

D = Decimal
R = Reason


@dataclass(frozen=True)
class Cut:
    """What a cap leaves of 450 x 15, and whose cap it is."""

    disturb: Disturb
    rule: str
    reason: Reason
    margin: str = "450"
    leverage: str = "15"


CUT = {
    "margin": Cut(
        bounds(margin_max_usd=D(400)), "margin_ceiling", R.SIZE_ABOVE_MAX, margin="400"
    ),
    "leverage": Cut(
        bounds(leverage_max=D(10)), "leverage_ceiling", R.LEVERAGE_ABOVE_MAX, leverage="10"
    ),
    "bracket": Cut(
        rules_of(brackets=TWELVE),
        "bracket_ceiling",
        R.LEVERAGE_ABOVE_BRACKET,
        leverage="12",
    ),
    "liquidation": Cut(sized("450", "20"), "liquidation_clearance", R.LIQUIDATION_TOO_NEAR),
    "total": Cut(
        both(ROOMY, held(notional="97000")),
        "total_notional",
        R.TOTAL_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "symbol": Cut(
        carries(symbol_usd=D(7_000)),
        "symbol_notional",
        R.SYMBOL_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "side": Cut(
        carries(long_usd=D(17_000)),
        "side_notional",
        R.SIDE_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "gross": Cut(
        carries(short_usd=D(37_000)),
        "gross_notional",
        R.GROSS_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "net": Cut(
        carries(net_long_usd=D(12_000)),
        "net_notional",
        R.NET_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "minute": Cut(
        did(approved_1m_usd=D(17_000)),
        "notional_1m",
        R.WINDOW_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "hour": Cut(
        did(approved_1h_usd=D(17_000)),
        "notional_1h",
        R.WINDOW_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "day": Cut(
        did(approved_1d_usd=D(97_000)),
        "notional_1d",
        R.WINDOW_NOTIONAL_EXCEEDED,
        margin="200",
    ),
    "depth": Cut(
        knows(turnover_usd=then("30000")), "depth_enough", R.DEPTH_EXCEEDED, margin="200"
    ),
    "posted": Cut(
        held(margin="3700"), "initial_margin", R.INITIAL_MARGIN_EXCEEDED, margin="300"
    ),
    "balance": Cut(
        knows(available=then("309")),
        "available_balance",
        R.BALANCE_INSUFFICIENT,
        margin="300",
    ),
    "risk": Cut(
        bounds(risk_per_trade_max_pct=D(1)),
        "risk_per_trade",
        R.RISK_PER_TRADE_EXCEEDED,
        margin="303.03",
    ),
}
