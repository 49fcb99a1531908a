"""The venue's filters for market orders, read from the venue and checked once more here.

The Governor has rounded the quantity down already: a number that does not fit is a fault,
and is refused rather than mended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import INFO, Purpose
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.replies import ExchangeInfo, Filter, SymbolInfo
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.money import floor_to

#: Rules are read again after this long; the venue changes them at any time.
RULES_AGE_MAX_MS: Final = 3_600_000
_TRADING: Final = "TRADING"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolRules:
    """What the venue asks of an order on one symbol; `lots` are both lot filters."""

    trading: bool
    lots: tuple[Filter, ...]
    tick: Decimal
    notional_min: Decimal

    def objection(self, quantity: Decimal, mark_usd: Decimal) -> str:
        """Return why a market order that opens does not fit; empty where it does."""
        if not self.trading:
            return "the symbol does not trade"
        with exactly():
            for lot in self.lots:
                least, most, step = bounds_of(lot)
                if not least <= quantity <= most:
                    return f"{lot.filter_type}: {least} to {most}, was {quantity}"
                if step > 0 and (quantity - least) % step != 0:
                    return f"{lot.filter_type}: {quantity} is not on the step {step}"
            if quantity * mark_usd < self.notional_min:
                worth = quantity * mark_usd
                return f"MIN_NOTIONAL: {self.notional_min} at the mark, was {worth}"
        return ""

    def reducible(self, quantity: Decimal) -> Decimal:
        """Return what of a reduction one order may carry: on the step, never more."""
        with exactly():
            for lot in self.lots:
                _, most, step = bounds_of(lot)
                quantity = min(quantity, most)
                quantity = floor_to(quantity, step) if step > 0 else quantity
        return quantity

    def on_tick(self, price: Decimal) -> bool:
        """Tell whether a price is one that the venue takes."""
        with exactly():
            return self.tick <= 0 or price % self.tick == 0


@final
@dataclass(slots=True)
class Rules:
    """All symbols' rules, as old as they are."""

    transport: Transport
    read_ms: int = 0
    _known: dict[Symbol, SymbolRules] = field(default_factory=dict)

    async def of(self, symbol: Symbol, purpose: Purpose) -> SymbolRules | Unknown:
        """Return the rules of a symbol, read anew when they are old."""
        now_ms = self.transport.venue_ms()
        if not self._known or now_ms - self.read_ms > RULES_AGE_MAX_MS:
            outcome = await self.read(purpose)
            unread = not isinstance(outcome, Accepted)
            if unread and (not self._known or purpose is Purpose.ENTRY):
                return Unknown("the trading rules could not be read")
        return self._known.get(symbol) or Unknown(f"{symbol} is not listed at the venue")

    async def read(self, purpose: Purpose) -> Accepted[ExchangeInfo] | Refused | Unknown:
        """Read all rules now, and the venue's limits with them."""
        now_ms = self.transport.venue_ms()
        outcome = await self.transport.call(INFO, {}, purpose=purpose)
        if isinstance(outcome, Accepted):
            self.transport.budget.learn(outcome.value.rate_limits)
            self._known = {Symbol(s.symbol): rules_of(s) for s in outcome.value.symbols}
            self.read_ms = now_ms
        return outcome


def rules_of(info: SymbolInfo) -> SymbolRules:
    """Return what the venue states of a symbol; without a lot filter it does not trade."""
    by_type = {each.filter_type: each for each in info.filters}
    lots = tuple(
        by_type[name] for name in ("LOT_SIZE", "MARKET_LOT_SIZE") if name in by_type
    )
    price, notional = by_type.get("PRICE_FILTER"), by_type.get("MIN_NOTIONAL")
    return SymbolRules(
        trading=info.status == _TRADING and bool(lots),
        lots=lots,
        tick=(price.tick_size if price else None) or Decimal(0),
        notional_min=(notional.notional if notional else None) or Decimal(0),
    )


def bounds_of(lot: Filter) -> tuple[Decimal, Decimal, Decimal]:
    """Return least, most and step; what a filter does not state it does not ask."""
    zero, all_there_is = Decimal(0), Decimal("Infinity")
    return lot.min_qty or zero, lot.max_qty or all_there_is, lot.step_size or zero
