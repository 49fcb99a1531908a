"""One rule per function: a pure vote on one case, and no rule knows another.

BOUNDS see the proposal as asked and cut it down to its own maxima; CHECKS see the proposal
so bounded. Reducing never comes here: no entry rule can refuse a reduction. The lists are
literal: nothing is discovered, so nothing can fail to be discovered.
"""

from __future__ import annotations

from typing import Final

from bridge_patch.governor.rules.account import (
    available_balance,
    daily_loss,
    drawdown,
    equity_multiple,
    initial_margin,
    no_unknown_order,
    position_flat,
    risk_per_trade,
    total_notional,
    trading_state,
)
from bridge_patch.governor.rules.market import mark_fresh, snapshot_fresh
from bridge_patch.governor.rules.order import (
    bracket_ceiling,
    confidence_floor,
    leverage_ceiling,
    leverage_floor,
    liquidation_clearance,
    margin_ceiling,
    margin_floor,
    notional_ceiling,
    own_risk_budget,
    quantity_filters,
)
from bridge_patch.governor.votes import Rule

BOUNDS: Final[tuple[Rule, ...]] = (
    margin_ceiling,
    leverage_ceiling,
    bracket_ceiling,
    liquidation_clearance,
)
CHECKS: Final[tuple[Rule, ...]] = (
    trading_state,
    snapshot_fresh,
    mark_fresh,
    margin_floor,
    leverage_floor,
    notional_ceiling,
    confidence_floor,
    own_risk_budget,
    position_flat,
    no_unknown_order,
    daily_loss,
    drawdown,
    equity_multiple,
    total_notional,
    initial_margin,
    available_balance,
    risk_per_trade,
    quantity_filters,
)
#: The contract's own rules (spec 1.3), for a question asked without an account.
CONTRACT_BOUNDS: Final[tuple[Rule, ...]] = (margin_ceiling, leverage_ceiling)
CONTRACT_CHECKS: Final[tuple[Rule, ...]] = (
    margin_floor,
    leverage_floor,
    notional_ceiling,
    confidence_floor,
    own_risk_budget,
)
