"""The AI sizer under the name its users import; no logic lives here."""

from bridge_patch.app.contract.ai_sizer import (
    AISizerPolicy,
    HarvestMode,
    SizingConfig,
    get_ai_sizer,
)

__all__ = ["AISizerPolicy", "HarvestMode", "SizingConfig", "get_ai_sizer"]
