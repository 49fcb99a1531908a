"""What protecting a position came to, where a stop was not enough."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import final

from bridge_patch.domain.intent import IntentId, Symbol, UnixMs


class CloseCause(StrEnum):
    """Why a whole position is closed though no policy asked for it."""

    STOP_FAILED = "STOP_FAILED"
    NAKED_TOO_LONG = "NAKED_TOO_LONG"
    LIQUIDATION_NEAR = "LIQUIDATION_NEAR"
    DUST = "DUST"
    OPERATOR = "OPERATOR"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CloseForced:
    """A position is about to be closed whole; written with the order that does it.

    Once for each attempt. `naked_since_ms` is None where a stop covers the position.
    """

    at_ms: UnixMs
    intent_id: IntentId
    symbol: Symbol
    cause: CloseCause
    why: str
    naked_since_ms: UnixMs | None = None
