"""Every call that is made, as a table: its name in ccxt, its cost, what it must return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar, final

from bridge_patch.adapters.venue_ccxt.replies import (
    AccountReply,
    AlgoCancelled,
    AlgoReply,
    Done,
    ExchangeInfo,
    Income,
    LeverageReply,
    ListenKey,
    Mark,
    MultiAssets,
    OrderReply,
    PositionRisk,
    PositionSide,
    ServerTime,
    SymbolBrackets,
    SymbolConfig,
    TradeReply,
)

T_co = TypeVar("T_co", covariant=True)


class Purpose(Enum):
    """What a request is for; it decides how much of the budget it may use."""

    #: It may open something.
    ENTRY = "entry"
    #: It reads.
    READ = "read"
    #: It shrinks, protects, or finds out what became of an order.
    PROTECT = "protect"


@final
@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One endpoint. `signed` ones carry a timestamp and a receive window.

    `weight` is what it costs of the address's budget, `orders` of the account's.
    """

    method: str
    reply: type[T_co]
    weight: int = 1
    orders: int = 0
    signed: bool = True


PLACE: Final = Call("fapiPrivatePostOrder", OrderReply, weight=0, orders=1)
QUERY: Final = Call("fapiPrivateGetOrder", OrderReply)
CANCEL: Final = Call("fapiPrivateDeleteOrder", OrderReply)
OPEN_ORDERS: Final = Call("fapiPrivateGetOpenOrders", list[OrderReply])
OPEN_ORDERS_ALL: Final = Call("fapiPrivateGetOpenOrders", list[OrderReply], weight=40)
ALGO_PLACE: Final = Call("fapiPrivatePostAlgoOrder", AlgoReply, weight=0, orders=1)
ALGO_QUERY: Final = Call("fapiPrivateGetAlgoOrder", AlgoReply)
ALGO_CANCEL: Final = Call("fapiPrivateDeleteAlgoOrder", AlgoCancelled)
ALGO_OPEN: Final = Call("fapiPrivateGetOpenAlgoOrders", list[AlgoReply])
ALGO_OPEN_ALL: Final = Call("fapiPrivateGetOpenAlgoOrders", list[AlgoReply], weight=40)
ALGO_ALL: Final = Call("fapiPrivateGetAllAlgoOrders", list[AlgoReply], weight=5)
TRADES: Final = Call("fapiPrivateGetUserTrades", list[TradeReply], weight=5)
INCOME: Final = Call("fapiPrivateGetIncome", list[Income], weight=30)
LEVERAGE: Final = Call("fapiPrivatePostLeverage", LeverageReply)
SYMBOL_CONFIG: Final = Call("fapiPrivateGetSymbolConfig", list[SymbolConfig], weight=5)
POSITION_SIDE: Final = Call("fapiPrivateGetPositionSideDual", PositionSide, weight=30)
MULTI_ASSETS: Final = Call("fapiPrivateGetMultiAssetsMargin", MultiAssets, weight=30)
POSITIONS: Final = Call("fapiPrivateV3GetPositionRisk", list[PositionRisk], weight=5)
ACCOUNT: Final = Call("fapiPrivateV3GetAccount", AccountReply, weight=5)
MARK: Final = Call("fapiPublicGetPremiumIndex", Mark, signed=False)
TIME: Final = Call("fapiPublicGetTime", ServerTime, signed=False)
INFO: Final = Call("fapiPublicGetExchangeInfo", ExchangeInfo, signed=False)
BRACKETS: Final = Call("fapiPrivateGetLeverageBracket", list[SymbolBrackets])
KEY_MAKE: Final = Call("fapiPrivatePostListenKey", ListenKey, signed=False)
KEY_KEEP: Final = Call("fapiPrivatePutListenKey", Done, signed=False)
KEY_DROP: Final = Call("fapiPrivateDeleteListenKey", Done, signed=False)
