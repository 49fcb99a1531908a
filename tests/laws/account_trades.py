"""What trades leave open, folded by nobody's code but this; the oracle's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from bridge_patch.domain.events import Filled, FillKind
from bridge_patch.domain.intent import Symbol

NONE = Decimal(0)


@dataclass
class Open:
    """What stands on one symbol: signed, at its average price, with its margin."""

    base: Decimal = NONE
    price: Decimal = NONE
    margin: Decimal = NONE

    def trade(self, change: Decimal, price: Decimal, margin: Decimal) -> None:
        before, self.base = self.base, self.base + change
        if before == 0:
            self.price = price
        self.margin = self.margin + margin if self.base else NONE


@dataclass
class Trades:
    """What stands, and what was reduced of an entry whose trade is still to be told."""

    open: dict[Symbol, Open] = field(default_factory=dict)
    early: list[Filled] = field(default_factory=list)

    def take(self, fill: Filled, *, early: bool, since_ms: int) -> None:
        """Fold a trade; `early` is that an entry on its symbol may have come untold.

        `since_ms` is when the order left: what was reduced before was none of it.
        """
        held = self.open.setdefault(fill.symbol, Open())
        if fill.kind is FillKind.ENTRY:
            self._trade(fill)
            own = [e for e in self.early if e.symbol == fill.symbol]
            due = [e for e in own if e.at_ms >= since_ms]
            self.early = [e for e in self.early if e.symbol != fill.symbol]
            for exit_ in due:
                self._reduced(exit_)
        elif early and not held.base:
            self.early.append(fill)
        else:
            self._reduced(fill)

    def _trade(self, fill: Filled) -> None:
        change = fill.side.sign * fill.quantity_base
        self.open[fill.symbol].trade(change, fill.price_usd, fill.margin_usd)

    def _reduced(self, fill: Filled) -> None:
        before = self.open[fill.symbol].base
        self._trade(fill)
        after = self.open[fill.symbol].base
        assert abs(after) < abs(before), f"enlarged by {fill}"
        assert after * before >= 0, f"flipped by {fill}"
