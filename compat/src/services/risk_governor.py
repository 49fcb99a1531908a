"""The Risk Governor under the name its users import; no logic lives here."""

from bridge_patch.app.contract.risk_governor import (
    GovernorConfig,
    RiskGovernor,
    get_risk_governor,
)

__all__ = ["GovernorConfig", "RiskGovernor", "get_risk_governor"]
