"""What is open in one book, and which stops rest for it: a fold of its events."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.early_exits import EarlyExits
from bridge_patch.domain.events import (
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
    StopArmed,
    TrailingSet,
    VenueEvent,
)
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.money import HUNDRED, ONE, ZERO
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position, apply_funding
from bridge_patch.services.plans import RestingStop


@final
@dataclass(slots=True)
class Holdings:
    """Positions of one book, by symbol, with who opened them and what protects them."""

    positions: dict[Symbol, Position] = field(default_factory=dict)
    opened_by: dict[Symbol, IntentId] = field(default_factory=dict)
    prices: dict[Symbol, Decimal] = field(default_factory=dict)
    stops: defaultdict[Symbol, dict[ClientOrderId, RestingStop]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    early: EarlyExits = field(default_factory=EarlyExits)

    def apply(self, event: VenueEvent) -> None:
        """Fold one event of the book."""
        match event:
            case Filled():
                self._filled(event)
            case StopArmed():
                self.stops[event.symbol][event.order_id] = RestingStop(
                    order_id=event.order_id,
                    side=event.side,
                    price_usd=event.stop_price_usd,
                    quantity_base=event.quantity_base,
                )
            case TrailingSet():
                self._trailing(event)
            case OrderEnded():
                self.stops[event.symbol].pop(event.order_id, None)
            case FundingPaid():
                if position := self.positions.get(event.symbol):
                    self.positions[event.symbol] = apply_funding(position, event)
            case _:
                pass

    def stop_price_usd(self, symbol: Symbol) -> Decimal | None:
        """Return the price of the stop that fires first; None where none covers it all."""
        position, stops = self.positions[symbol], self.stops[symbol].values()
        covering = (stop.price_usd for stop in stops if stop.covers(position))
        sign = position.side.sign
        return max(covering, key=lambda price: sign * price, default=None)

    def naked(self) -> tuple[Symbol, ...]:
        """Return the symbols that have a position and no stop over all of it."""
        return tuple(s for s in self.positions if self.stop_price_usd(s) is None)

    def notional_usd(self) -> Decimal:
        """Return what is open, at the last prices that were seen."""
        worth = (p.notional_usd(self.price_usd(s)) for s, p in self.positions.items())
        return sum(worth, ZERO)

    def margin_usd(self) -> Decimal:
        """Return what is posted for what is open."""
        return sum((p.margin_usd for p in self.positions.values()), ZERO)

    def price_usd(self, symbol: Symbol) -> Decimal:
        """Return the last price of a symbol that is open."""
        return self.prices.get(symbol, self.positions[symbol].entry_price_usd)

    def _filled(self, fill: Filled) -> None:
        self.stops[fill.symbol].pop(fill.order_id, None)
        self.prices[fill.symbol] = fill.price_usd
        before = self.positions.get(fill.symbol)
        for one, after in self.early.fold(before, fill):
            self._moved(one, after)

    def _moved(self, fill: Filled, after: Position | None) -> None:
        before = self.positions.get(fill.symbol)
        if after is None:
            self.positions.pop(fill.symbol, None)
            self.stops[fill.symbol].clear()
            return
        self.positions[fill.symbol] = after
        if before is None or fill.kind is FillKind.ENTRY:
            self.opened_by[fill.symbol] = fill.intent_id

    def _trailing(self, trail: TrailingSet) -> None:
        """Fold where a trailing stop would fire now; it does not before its activation."""
        if trail.best_usd is None:
            return
        back = ONE - trail.side.opposite.sign * trail.callback_pct / HUNDRED
        self.stops[trail.symbol][trail.order_id] = RestingStop(
            order_id=trail.order_id, side=trail.side, price_usd=trail.best_usd * back
        )
