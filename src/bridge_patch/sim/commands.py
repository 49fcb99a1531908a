"""What can be asked of the exchange: plain numbers, judged by nobody."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, final

from bridge_patch.domain.intent import IntentId, Side, Symbol
from bridge_patch.domain.order import ClientOrderId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Set the symbol's leverage, then send one market order that may open.

    The margin is not asked for: the exchange posts what was traded ÷ `leverage`.
    """

    symbol: Symbol
    side: Side
    quantity_base: Decimal
    leverage: int
    order_id: ClientOrderId
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce:
    """Send one reduce-only market order; what exceeds the position expires unfilled."""

    symbol: Symbol
    side: Side
    quantity_base: Decimal
    order_id: ClientOrderId
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ArmStop:
    """Rest a close-all stop-market order; `side` is opposite to the position's."""

    symbol: Symbol
    side: Side
    stop_price_usd: Decimal
    order_id: ClientOrderId
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ArmTrailing:
    """Rest a close-all trailing stop; `side` is opposite to the position's.

    From `activation_usd` on, or from now where that is None, the order keeps the best price
    seen and fires where the price comes back from it by `callback_pct` (1 = 1 %).
    """

    symbol: Symbol
    side: Side
    callback_pct: Decimal
    activation_usd: Decimal | None
    order_id: ClientOrderId
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Take one resting order away."""

    symbol: Symbol
    order_id: ClientOrderId


Command: TypeAlias = Enter | Reduce | ArmStop | ArmTrailing | Cancel
