"""The trade.intent schema under the name its users import; no logic lives here."""

from bridge_patch.app.contract.trade_intent import (
    HarvestPolicy,
    TradeIntent,
    validate_trade_intent,
)

__all__ = ["HarvestPolicy", "TradeIntent", "validate_trade_intent"]
