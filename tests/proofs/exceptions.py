"""Where a worse world is more lenient on purpose, and which limits no rule reads."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_CUTS: Final = "it cuts before the order's own notional is compared"
_RISKS: Final = "funding is compared with the loss at the stop, which this makes larger"
#: Where a worse world is more lenient on purpose, and why. Each is shown to be one.
EXCEPTIONS: Final[MappingProxyType[tuple[str, str], str]] = MappingProxyType(
    {
        ("margin_ceiling", "lower limits.margin_max_usd"): _CUTS,
        ("leverage_ceiling", "lower limits.leverage_max"): _CUTS,
        ("bracket_ceiling", "lower limits.margin_max_usd"): _CUTS,
        ("bracket_ceiling", "lower limits.leverage_max"): _CUTS,
        ("liquidation_clearance", "lower limits.margin_max_usd"): _CUTS,
        ("liquidation_clearance", "lower limits.leverage_max"): _CUTS,
        ("liquidation_clearance", "higher limits.liquidation_stops_min"): _CUTS,
        ("liquidation_clearance", "higher limits.liquidation_sigmas_min"): _CUTS,
        ("liquidation_clearance", "higher limits.taker_fee_pct"): _CUTS,
        ("liquidation_clearance", "higher limits.slippage_pct"): _CUTS,
        ("liquidation_clearance", "wider stop"): _CUTS,
        ("liquidation_clearance", "higher sigma_move"): _CUTS,
        ("own_risk_budget", "unread stop"): "with no stop the loss is the whole margin",
        ("funding_bearable", "higher limits.taker_fee_pct"): _RISKS,
        ("funding_bearable", "higher limits.slippage_pct"): _RISKS,
        ("funding_bearable", "wider stop"): _RISKS,
    }
)
#: Directions that no rule looks at: enforced where the snapshot or the case is made.
ELSEWHERE: Final = frozenset({"higher limits.shock_pause_ms"})
