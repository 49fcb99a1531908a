"""The exchange's whole state, and what every part of it needs to look up or to tell.

Nothing here waits or knows a socket. User events collect in `outbox` while a request or a
stretch of market is worked on, and go out together (`flush`), so that what one request
caused is told in one go.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.app.binance_server.clock import ExchangeClock
from bridge_patch.app.binance_server.conditions import Conditions
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.records import OrderRecord, Records
from bridge_patch.app.binance_server.streams import Hub
from bridge_patch.app.binance_server.wire import Json
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.market import Bar, Funding, FundingTerms
from bridge_patch.domain.money import ONE, ZERO
from bridge_patch.domain.position import Position
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.exchange import Exchange, Listing
from bridge_patch.sim.trades import Scene

LEVERAGE_DEFAULT: Final = 20
BARS_KEPT: Final = 5_000
_TOLD_KEPT: Final = 10_000


@final
@dataclass(frozen=True, slots=True)
class UserEvent:
    """One event of the account's stream; numbers grow by one."""

    number: int
    kind: str
    at_ms: int
    payload: Json


@final
@dataclass(slots=True)
class AccountModes:
    """How the account is set up; what is not named has the exchange's defaults."""

    dual_side: bool = False
    multi_assets: bool = False
    crossed: dict[Symbol, bool] = field(default_factory=dict)
    leverages: dict[Symbol, int] = field(default_factory=dict)
    crossed_default: bool = True
    changed_ms: int = 0
    listen_key: str = ""
    listen_key_until_ms: int = 0
    countdowns: dict[Symbol, int] = field(default_factory=dict)
    gained_usd: dict[Symbol, Decimal] = field(default_factory=dict)
    updated_ms: dict[Symbol, int] = field(default_factory=dict)
    called: set[Symbol] = field(default_factory=set)

    def is_crossed(self, symbol: Symbol) -> bool:
        """Tell whether the symbol is in cross margin; a new account is."""
        return self.crossed.get(symbol, self.crossed_default)

    def leverage(self, symbol: Symbol) -> int:
        """Return the leverage that is set."""
        return self.leverages.get(symbol, LEVERAGE_DEFAULT)


@final
@dataclass(slots=True, kw_only=True)
class Venue:
    """Everything that one simulated exchange with one account knows."""

    clock: ExchangeClock
    exchange: Exchange
    listing: Listing
    symbols: tuple[Symbol, ...]
    costs: Costs
    hub: Hub = field(default_factory=Hub)
    records: Records = field(default_factory=Records)
    modes: AccountModes = field(default_factory=AccountModes)
    conditions: Conditions = field(default_factory=Conditions)
    bars: dict[Symbol, deque[Bar]] = field(default_factory=dict)
    terms: dict[Symbol, FundingTerms] = field(default_factory=dict)
    settled: deque[Funding] = field(default_factory=lambda: deque(maxlen=_TOLD_KEPT))
    outbox: list[UserEvent] = field(default_factory=list)
    told: deque[UserEvent] = field(default_factory=lambda: deque(maxlen=_TOLD_KEPT))
    numbered: int = 0

    @property
    def now_ms(self) -> int:
        """The exchange's time."""
        return self.clock.now_ms

    def instrument(self, symbol: Symbol | None) -> Instrument:
        """Return the contract's rules, or refuse what is not listed."""
        found = self.listing.find(symbol) if symbol in self.symbols and symbol else None
        if found is None or isinstance(found, Unknown):
            raise Refusal(-1121)
        return found

    def scene(self, symbol: Symbol) -> Scene:
        """Return what a decision may look at; refuse a symbol without a price."""
        self.instrument(symbol)
        scene = self.exchange.scene(symbol)
        if scene is None:
            raise Refusal(-1112)
        volume = self.conditions.volume_base
        return scene if volume is None else replace(scene, volume_base=volume)

    def last_usd(self, symbol: Symbol) -> Decimal | None:
        """Return the last price, which stands in for the mark; None before the first."""
        last = self.exchange.last_usd(symbol)
        return None if isinstance(last, Unknown) else last

    def position(self, symbol: Symbol) -> Position | None:
        """Return what is open."""
        return self.exchange.positions.get(symbol)

    def held_usd(self, besides: OrderRecord | None = None) -> Decimal:
        """Return what resting entries would take at once: their margin and the fee."""
        return self.reserved_usd(besides, fee_fraction=self.costs.taker_fraction)

    def reserved_usd(
        self, besides: OrderRecord | None = None, *, fee_fraction: Decimal = ZERO
    ) -> Decimal:
        """Return the margin that resting entries hold; what only closes holds none."""
        total = ZERO
        closing: dict[Symbol, Decimal] = {}
        for order in self.records.open_orders():
            if order is besides or order.reduce_only:
                continue
            left, position = order.left_base, self.position(order.symbol)
            if position is not None and position.side is not order.side:
                covered = closing.setdefault(order.symbol, position.quantity_base)
                closing[order.symbol] = max(covered - left, ZERO)
                left = max(left - covered, ZERO)
            share = ONE / self.modes.leverage(order.symbol) + fee_fraction
            total += left * order.price_usd * share
        return total

    def available_usd(self) -> Decimal:
        """Return what is free for new margin."""
        return self.exchange.available_usd() - self.reserved_usd()

    def emit(self, kind: str, payload: dict[str, Json]) -> None:
        """Tell the account's stream, stamped with type and event time."""
        self.numbered += 1
        stamped = {"e": kind, "E": self.clock.stated_ms, **payload}
        self.outbox.append(UserEvent(self.numbered, kind, self.now_ms, stamped))

    def flush(self) -> int:
        """Hand what collected to the streams; return how many events that were."""
        batch, self.outbox = self.outbox, []
        self.told.extend(batch)
        sent = list(batch)
        if self.conditions.reorder_events:
            # Across types the order is lost; within one type it is kept.
            sent.sort(key=lambda event: event.kind, reverse=True)
        for event in sent:
            if self.conditions.silent_user_stream and event.kind != "listenKeyExpired":
                continue
            for _ in range(2 if self.conditions.duplicate_events else 1):
                self.hub.push_user(self.modes.listen_key, event.kind, event.payload)
        return len(batch)
