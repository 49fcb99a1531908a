"""What the exchange remembers of orders, trades and money movements, in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Final, final

from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.venue_events import TrailingSet

#: Order ids as long as the exchange's own, so that nobody takes one for an index.
_ORDER_ID_FIRST: Final = 8_389_765_000
_ALGO_ID_FIRST: Final = 2_146_760


class OrderType(StrEnum):
    """What `type` may say, on either service; LIQUIDATION is the exchange's own."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"
    LIQUIDATION = "LIQUIDATION"


class TimeInForce(StrEnum):
    """How long an order lives; GTE_GTC ends with the position."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    GTD = "GTD"
    GTE_GTC = "GTE_GTC"


class WorkingType(StrEnum):
    """Which price triggers; they are the same here, mark being the last price."""

    CONTRACT_PRICE = "CONTRACT_PRICE"
    MARK_PRICE = "MARK_PRICE"


class PositionSide(StrEnum):
    """BOTH in one-way mode, the other two in hedge mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


class Status(StrEnum):
    """How an order stands."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class AlgoStatus(StrEnum):
    """How a conditional order stands; FINISHED is filled or cancelled in matching."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


@final
@dataclass(slots=True, kw_only=True)
class OrderRecord:
    """One order of the matching engine, as it stands; `shown_ms` is when queries see it."""

    order_id: int
    client_id: str
    symbol: Symbol
    side: Side
    kind: OrderType
    original_kind: OrderType
    tif: TimeInForce
    quantity_base: Decimal
    price_usd: Decimal
    reduce_only: bool
    placed_ms: int
    updated_ms: int
    shown_ms: int
    close_all: bool = False
    stop_usd: Decimal = ZERO
    working: WorkingType = WorkingType.CONTRACT_PRICE
    good_till_ms: int = 0
    status: Status = Status.NEW
    executed_base: Decimal = ZERO
    quote_usd: Decimal = ZERO
    amendments: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it still works."""
        return self.status in {Status.NEW, Status.PARTIALLY_FILLED}

    @property
    def left_base(self) -> Decimal:
        """What is not filled yet."""
        return self.quantity_base - self.executed_base

    @property
    def average_usd(self) -> Decimal:
        """The mean price of its fills; zero without one."""
        return self.quote_usd / self.executed_base if self.executed_base else ZERO


@final
@dataclass(slots=True, kw_only=True)
class AlgoRecord:
    """One conditional order; `order_id` is that of the order it became, 0 before."""

    algo_id: int
    client_id: str
    symbol: Symbol
    side: Side
    kind: OrderType
    tif: TimeInForce
    quantity_base: Decimal | None
    price_usd: Decimal
    trigger_usd: Decimal
    working: WorkingType
    price_protect: bool
    reduce_only: bool
    close_all: bool
    placed_ms: int
    updated_ms: int
    shown_ms: int
    good_till_ms: int = 0
    callback_pct: Decimal | None = None
    activate_usd: Decimal = ZERO
    trail: TrailingSet | None = None
    status: AlgoStatus = AlgoStatus.NEW
    order_id: int = 0
    triggered_ms: int = 0
    due_ms: int = 0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for its price."""
        return self.status in {AlgoStatus.NEW, AlgoStatus.TRIGGERING}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """One trade of the account."""

    trade_id: int
    order_id: int
    symbol: Symbol
    side: Side
    price_usd: Decimal
    quantity_base: Decimal
    realised_usd: Decimal
    fee_usd: Decimal
    maker: bool
    at_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeRecord:
    """One movement of the wallet."""

    kind: str
    symbol: Symbol | None
    amount_usd: Decimal
    at_ms: int
    number: int
    trade_id: int | None = None


@final
@dataclass(slots=True)
class Records:
    """All of them, oldest first, and those that are open."""

    orders: dict[int, OrderRecord] = field(default_factory=dict)
    algos: dict[int, AlgoRecord] = field(default_factory=dict)
    trades: list[TradeRecord] = field(default_factory=list)
    incomes: list[IncomeRecord] = field(default_factory=list)
    _open_orders: dict[int, OrderRecord] = field(default_factory=dict)
    _open_algos: dict[int, AlgoRecord] = field(default_factory=dict)
    _order_ids: Iterator[int] = field(default_factory=lambda: count(_ORDER_ID_FIRST))
    _algo_ids: Iterator[int] = field(default_factory=lambda: count(_ALGO_ID_FIRST))
    _client_orders: dict[str, list[OrderRecord]] = field(default_factory=dict)
    _client_algos: dict[str, list[AlgoRecord]] = field(default_factory=dict)

    def next_order_id(self) -> int:
        """Return an id that no order has."""
        return next(self._order_ids)

    def next_algo_id(self) -> int:
        """Return an id that no conditional order has."""
        return next(self._algo_ids)

    def add_order(self, order: OrderRecord) -> None:
        """Remember an order."""
        self.orders[order.order_id] = order
        self._open_orders[order.order_id] = order
        self._client_orders.setdefault(order.client_id, []).append(order)

    def add_algo(self, algo: AlgoRecord) -> None:
        """Remember a conditional order."""
        self.algos[algo.algo_id] = algo
        self._open_algos[algo.algo_id] = algo
        self._client_algos.setdefault(algo.client_id, []).append(algo)

    def open_orders(self, symbol: Symbol | None = None) -> list[OrderRecord]:
        """Return what works, oldest first."""
        for order_id in [i for i, o in self._open_orders.items() if not o.is_open]:
            del self._open_orders[order_id]
        return [o for o in self._open_orders.values() if symbol in {None, o.symbol}]

    def open_algos(self, symbol: Symbol | None = None) -> list[AlgoRecord]:
        """Return what waits, oldest first."""
        for algo_id in [i for i, a in self._open_algos.items() if not a.is_open]:
            del self._open_algos[algo_id]
        return [a for a in self._open_algos.values() if symbol in {None, a.symbol}]

    def order_by_client(self, symbol: Symbol, client_id: str) -> OrderRecord | None:
        """Return the newest order of that client id on the symbol."""
        found = self._client_orders.get(client_id, ())
        return next((o for o in reversed(found) if o.symbol == symbol), None)

    def algo_by_client(self, client_id: str) -> AlgoRecord | None:
        """Return the newest conditional order of that client id."""
        found = self._client_algos.get(client_id)
        return found[-1] if found else None
