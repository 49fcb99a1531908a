"""The fields of a trade.intent: their names, ranges and words, stated once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

import msgspec

from bridge_patch.adapters.wire.form import NOT_NEGATIVE, POSITIVE, SHARE, Span
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs

SCHEMAS: Final = ("1.0", "1.1", "1.2")
#: What this project writes.
SCHEMA_OURS: Final = "1.2"
#: How a message that names no schema is read; 1.1 includes 1.0.
SCHEMA_ABSENT: Final = "1.1"

ACTIONS: Final = ("BUY", "SELL", "CLOSE")
MODES: Final = tuple(mode.value for mode in Mode)

#: How far a message's clock may be ahead of ours.
INTENT_FUTURE_TOLERANCE_MS: Final = 1000
#: More names than this in one message is not a trade.intent.
NAMES_MAX: Final = 1000

_LEVERAGE: Final = Span("from 1 to 125", Decimal(1), Decimal(125))
_STOP_PCT: Final = Span(
    "above 0 and below 100", Decimal(0), Decimal(100), least_open=True, most_open=True
)

NUMBERS: Final[Mapping[str, Span]] = MappingProxyType(
    {
        "confidence": SHARE,
        "position_size_usd": POSITIVE,
        "leverage": _LEVERAGE,
        "ai_size_usd": POSITIVE,
        "ai_leverage": _LEVERAGE,
        "risk_budget_usd": NOT_NEGATIVE,
        "entry_price": POSITIVE,
        "stop_loss": POSITIVE,
        "take_profit": POSITIVE,
        "stop_loss_pct": _STOP_PCT,
        "take_profit_pct": POSITIVE,
        "quantity": POSITIVE,
        "stop_move_to": POSITIVE,
    }
)
#: Texts and the most characters each may have.
TEXTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "symbol": 24,
        "intent_id": 128,
        "source": 128,
        "reason": 2000,
        "limits_hash": 64,
        "build": 64,
    }
)
WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"action": ACTIONS, "side": ACTIONS, "schema": SCHEMAS, "mode": MODES}
)
INSTANTS: Final = ("timestamp", "valid_until")
POLICIES: Final = ("harvest_policy", "ai_harvest_policy")
FLAGS: Final = ("reduce_only",)

#: Every name that means something to us; others are allowed and kept in the record.
FIELDS: Final = (*WORDS, *TEXTS, *NUMBERS, *INSTANTS, *POLICIES, *FLAGS)
REQUIRED: Final = ("symbol", "confidence", "timestamp")
#: Also required of an entry that says it is of schema 1.0.
REQUIRED_IN_1_0: Final = ("position_size_usd", "leverage")

#: Where the judged margin, leverage and policy come from: the first that is stated.
MARGIN_FROM: Final[Mapping[Mode, tuple[str, str]]] = MappingProxyType(
    {
        Mode.LIVE: ("position_size_usd", "ai_size_usd"),
        Mode.SHADOW: ("ai_size_usd", "position_size_usd"),
    }
)
LEVERAGE_FROM: Final[Mapping[Mode, tuple[str, str]]] = MappingProxyType(
    {Mode.LIVE: ("leverage", "ai_leverage"), Mode.SHADOW: ("ai_leverage", "leverage")}
)
POLICY_FROM: Final[Mapping[Mode, tuple[str, str]]] = MappingProxyType(
    {
        Mode.LIVE: ("harvest_policy", "ai_harvest_policy"),
        Mode.SHADOW: ("ai_harvest_policy", "harvest_policy"),
    }
)


@final
class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What a trade.intent says, checked; None where it says nothing.

    The names are the payload's. `action` has taken in `side`, and `intent_id` is derived
    from the content where the message has none.
    """

    schema: str
    intent_id: IntentId
    symbol: Symbol
    action: str
    confidence: Decimal
    timestamp: UnixMs
    position_size_usd: Decimal | None
    leverage: Decimal | None
    ai_size_usd: Decimal | None
    ai_leverage: Decimal | None
    harvest_policy: HarvestPolicy | None
    ai_harvest_policy: HarvestPolicy | None
    risk_budget_usd: Decimal | None
    entry_price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    stop_loss_pct: Decimal | None
    take_profit_pct: Decimal | None
    quantity: Decimal | None
    stop_move_to: Decimal | None
    reduce_only: bool | None
    reason: str | None
    source: str | None
    mode: Mode | None
    valid_until: UnixMs | None
    limits_hash: str | None
    build: str | None

    @property
    def side(self) -> Side | None:
        """The side of a BUY or SELL; None for CLOSE."""
        return None if self.action == "CLOSE" else Side(self.action)

    @property
    def reduces(self) -> bool:
        """Tell whether this can only shrink a position; CLOSE does, flag or no flag."""
        return self.action == "CLOSE" or self.reduce_only is True
