"""What a venue states about an account: its own records, before anybody compares them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId


class Service(StrEnum):
    """Where an order rests: a venue may keep conditional ones apart from all others."""

    ORDER = "order"
    CONDITIONAL = "conditional"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRecord:
    """An open position as the venue states it; `isolated` False is cross margin.

    `leverage` is the one in force on the symbol. In hedge mode a symbol has two of these.
    """

    symbol: Symbol
    side: Side
    quantity_base: Decimal
    entry_price_usd: Decimal
    leverage: int
    isolated: bool

    def __post_init__(self) -> None:
        for name in ("quantity_base", "entry_price_usd"):
            _check_positive(name, getattr(self, name))
        if self.leverage < 1:
            msg = f"leverage must be at least 1, was {self.leverage}"
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order that rests; `order_id` is whatever id its sender gave it, "" for none.

    `quantity_base` None closes all there is. `trigger_usd` None is an order that waits for
    no price, or for one that moves.
    """

    symbol: Symbol
    order_id: ClientOrderId
    service: Service
    side: Side
    quantity_base: Decimal | None
    trigger_usd: Decimal | None
    reduce_only: bool

    def __post_init__(self) -> None:
        for name in ("quantity_base", "trigger_usd"):
            value = getattr(self, name)
            if value is not None:
                _check_positive(name, value)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRecords:
    """Everything the venue keeps about an account, at one instant, whole or not at all.

    `orders` are those of every order service. `wallet_usd` is deposits and all that was
    realised, without what is unrealised. `one_way` False is hedge mode; `single_asset`
    False lets other coins stand in for margin.
    """

    at_ms: UnixMs
    wallet_usd: Decimal
    positions: tuple[PositionRecord, ...]
    orders: tuple[OrderRecord, ...]
    one_way: bool
    single_asset: bool

    def __post_init__(self) -> None:
        if not self.wallet_usd.is_finite():
            msg = f"wallet_usd must be finite, was {self.wallet_usd}"
            raise InvalidValueError(msg)


def _check_positive(name: str, value: Decimal) -> None:
    if not (value.is_finite() and value > 0):
        msg = f"{name} must be finite and positive, was {value}"
        raise InvalidValueError(msg)
