"""One rule per function: a pure vote on one case, and no rule knows another.

BOUNDS see the proposal as asked and cut it down to its own maxima; CHECKS see the proposal
so bounded. Reducing never comes here: no entry rule can refuse a reduction. The lists are
literal: nothing is discovered, so nothing can fail to be discovered.
"""

from __future__ import annotations

from typing import Final

from bridge_patch.governor.rules.account import (
    all_protected,
    daily_loss,
    drawdown,
    equity_explained,
    no_unknown_order,
    nothing_foreign,
    position_flat,
    trading_state,
)
from bridge_patch.governor.rules.activity import (
    entry_rate,
    exit_reserve,
    losers_latch,
    losers_pause,
    slippage_bearable,
    source_sound,
    symbol_entries,
)
from bridge_patch.governor.rules.identity import (
    exits_alive,
    journal_roomy,
    one_venue,
    same_limits,
    symbol_allowed,
)
from bridge_patch.governor.rules.market import (
    clock_sane,
    depth_enough,
    filters_fresh,
    funding_bearable,
    index_near,
    mark_fresh,
    price_calm,
    price_collar,
    snapshot_fresh,
)
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
from bridge_patch.governor.rules.room import (
    available_balance,
    equity_multiple,
    gross_notional,
    initial_margin,
    net_notional,
    notional_1d,
    notional_1h,
    notional_1m,
    open_positions,
    risk_per_trade,
    side_notional,
    symbol_notional,
    total_notional,
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
    clock_sane,
    filters_fresh,
    one_venue,
    same_limits,
    symbol_allowed,
    exits_alive,
    journal_roomy,
    margin_floor,
    leverage_floor,
    notional_ceiling,
    confidence_floor,
    own_risk_budget,
    price_collar,
    index_near,
    price_calm,
    position_flat,
    open_positions,
    no_unknown_order,
    all_protected,
    nothing_foreign,
    daily_loss,
    drawdown,
    equity_explained,
    losers_latch,
    losers_pause,
    symbol_entries,
    entry_rate,
    exit_reserve,
    source_sound,
    slippage_bearable,
    funding_bearable,
    equity_multiple,
    total_notional,
    symbol_notional,
    side_notional,
    gross_notional,
    net_notional,
    notional_1m,
    notional_1h,
    notional_1d,
    initial_margin,
    available_balance,
    risk_per_trade,
    depth_enough,
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
