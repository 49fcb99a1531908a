"""What each call must return before it is believed: the fields that we use, typed.

Replies to placing and cancelling carry no average price since July 2026: it is not asked
for here, and what is missing is not zero.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


def finite(struct: msgspec.Struct) -> None:
    """Raise ValueError where a number of this struct is none."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, Decimal) and not value.is_finite():
            msg = f"{name} must be finite"
            raise ValueError(msg)


class WireReply(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A reply, or a part of one; numbers are finite, unknown fields are let be."""

    def __post_init__(self) -> None:
        finite(self)


class OrderReply(WireReply, frozen=True):
    """An order at the ordinary service, as placing, cancelling and asking return it."""

    order_id: int
    client_order_id: str
    symbol: str
    status: str
    side: str
    orig_qty: Decimal
    executed_qty: Decimal
    reduce_only: bool = False
    update_time: int = 0


class AlgoReply(WireReply, frozen=True):
    """A conditional order at the algo service."""

    algo_id: int
    client_algo_id: str
    symbol: str
    side: str
    algo_status: str
    trigger_price: Decimal
    close_position: bool = False
    reduce_only: bool = False
    quantity: Decimal = Decimal(0)
    actual_order_id: str = ""
    actual_qty: Decimal | None = None
    update_time: int = 0

    @property
    def order_id(self) -> int | None:
        """Return the id of the real order that it became, if it has."""
        return int(self.actual_order_id) if self.actual_order_id.isdecimal() else None


class AlgoCancelled(WireReply, frozen=True):
    """The answer to the cancel of a conditional order."""

    algo_id: int
    client_algo_id: str
    code: str


class TradeReply(WireReply, frozen=True):
    """One of our trades. It names the order by the venue's number only."""

    id: int
    order_id: int
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    realized_pnl: Decimal
    commission: Decimal
    commission_asset: str
    time: int


class LeverageReply(WireReply, frozen=True):
    """The leverage of a symbol, as just set."""

    symbol: str
    leverage: int


class SymbolConfig(WireReply, frozen=True):
    """How a symbol is set up for this account."""

    symbol: str
    margin_type: str
    leverage: int


class PositionSide(WireReply, frozen=True):
    """Whether the account is in hedge mode."""

    dual_side_position: bool


class MultiAssets(WireReply, frozen=True):
    """Whether several assets back all positions together."""

    multi_assets_margin: bool


class PositionRisk(WireReply, frozen=True):
    """A position, or a symbol with open orders and none.

    A liquidation price of zero means that the exchange does not say.
    """

    symbol: str
    position_side: str
    position_amt: Decimal
    entry_price: Decimal
    mark_price: Decimal
    isolated_wallet: Decimal
    liquidation_price: Decimal = Decimal(0)


class AccountPosition(WireReply, frozen=True):
    """A position in the account's own words: to compare."""

    symbol: str
    position_side: str
    position_amt: Decimal


class AccountAsset(WireReply, frozen=True):
    """A balance of one asset."""

    asset: str
    wallet_balance: Decimal


class AccountReply(WireReply, frozen=True):
    """The account: what it is worth and what is free, in USD."""

    total_wallet_balance: Decimal
    total_margin_balance: Decimal
    available_balance: Decimal
    assets: list[AccountAsset]
    positions: list[AccountPosition]


class Mark(WireReply, frozen=True):
    """The mark price of a symbol."""

    symbol: str
    mark_price: Decimal
    time: int


class ServerTime(WireReply, frozen=True):
    """The venue's clock."""

    server_time: int


class ListenKey(WireReply, frozen=True):
    """The key of a user stream."""

    listen_key: str


class Income(WireReply, frozen=True):
    """A booking: for us, funding."""

    symbol: str
    income: Decimal
    time: int


class RateLimit(WireReply, frozen=True):
    """One limit of the venue: so much in so many of these intervals."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class Filter(WireReply, frozen=True):
    """A rule of a symbol; of kinds that we do not know only the name is read."""

    filter_type: str
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    step_size: Decimal | None = None
    tick_size: Decimal | None = None
    notional: Decimal | None = None


class SymbolInfo(WireReply, frozen=True):
    """A symbol's trading rules."""

    symbol: str
    status: str
    filters: list[Filter]


class ExchangeInfo(WireReply, frozen=True):
    """All trading rules and limits."""

    rate_limits: list[RateLimit]
    symbols: list[SymbolInfo]


class Tier(WireReply, frozen=True):
    """One leverage bracket; notionals in USD, the ratio a fraction."""

    initial_leverage: int
    notional_floor: Decimal
    notional_cap: Decimal
    maint_margin_ratio: Decimal
    cum: Decimal


class SymbolBrackets(WireReply, frozen=True):
    """A symbol's leverage brackets for this account, and what scales them, if anything."""

    symbol: str
    brackets: list[Tier]
    notional_coef: Decimal | None = None


class Done(WireReply, frozen=True):
    """A reply of which nothing is used: it has to be an object."""
