"""What only an inspection asks: calls that read, and what they must return."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from bridge_patch.adapters.venue_ccxt.calls import Call
from bridge_patch.adapters.venue_ccxt.replies import WireReply


class KeyRights(WireReply, frozen=True):
    """What a key may do; `ip_restrict` is whether it is bound to addresses."""

    ip_restrict: bool
    enable_reading: bool
    enable_withdrawals: bool
    enable_futures: bool
    enable_internal_transfer: bool = False
    permits_universal_transfer: bool = False
    enable_margin: bool = False
    enable_spot_and_margin_trading: bool = False
    enable_vanilla_options: bool = False


class AccountConfig(WireReply, frozen=True):
    """Whether the account may trade; its `canWithdraw` is about transfers, not the key."""

    can_trade: bool


class BracketReply(WireReply, frozen=True):
    """One tier of the leverage table, notionals in USD."""

    initial_leverage: int
    notional_floor: Decimal
    notional_cap: Decimal
    maint_margin_ratio: Decimal


class SymbolBrackets(WireReply, frozen=True):
    """A symbol's tiers for this account; `notional_coef` scales them where it stands."""

    symbol: str
    brackets: list[BracketReply]
    notional_coef: Decimal | None = None


class Indicator(WireReply, frozen=True):
    """One quant rule, and whether it has locked what it is about."""

    indicator: str
    is_locked: bool = False
    planned_recover_time: int = 0


class TradingStatus(WireReply, frozen=True):
    """The quant rules, by symbol, or under ACCOUNT."""

    indicators: dict[str, list[Indicator]] = msgspec.field(default_factory=dict)


KEY_RIGHTS: Final = Call("sapiGetAccountApiRestrictions", KeyRights)
ACCOUNT_CONFIG: Final = Call("fapiPrivateGetAccountConfig", AccountConfig, weight=5)
BRACKETS: Final = Call("fapiPrivateGetLeverageBracket", list[SymbolBrackets])
TRADING_STATUS: Final = Call("fapiPrivateGetApiTradingStatus", TradingStatus, weight=10)
