"""An order whose end is not known, and what was heard of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import Filled, OrderEnded, Sending
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import Leg, OrderEvent, OrderState
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.ports import Report


@final
@dataclass(frozen=True, slots=True)
class Doubt:
    """An order that was sent and whose end is not known.

    `trades` are those of its trades that are known; `expired` is true where the venue said
    that there will be no more.
    """

    order: Sending
    state: OrderState
    trades: tuple[Filled, ...] = ()
    expired: bool = False

    def after(self, event: VenueEvent) -> Doubt:
        """Take in something that happened to the order."""
        if isinstance(event, OrderEnded):
            return replace(self, expired=True)
        if isinstance(event, Filled) and not self._has(event):
            return replace(self, trades=(*self.trades, event))
        return self

    def hear(self, report: Report, open_base: Decimal) -> Report:
        """Return what of a report is new, under the word that this bears out.

        A venue's word for an order may run ahead of its trades. FILLED is believed once
        there are trades to account for it; until then, nobody knows. `open_base` is the
        most that may have been open before the report.
        """
        new = [e for e in report.events if not (isinstance(e, Filled) and self._has(e))]
        known = self
        for event in new:
            if getattr(event, "order_id", None) == self.order.order_id:
                known = known.after(event)
        word = report.event
        if word is OrderEvent.FILLED and not known.is_whole(open_base + self.filled_base):
            word = OrderEvent.TIMED_OUT
        return Report(event=word, events=tuple(new))

    @property
    def filled_base(self) -> Decimal:
        """How much of the order is known to have traded."""
        return sum((trade.quantity_base for trade in self.trades), ZERO)

    @property
    def untold_base(self) -> Decimal:
        """How much of the order may have traded without our being told."""
        if self.expired:
            return ZERO
        return max(ZERO, self.order.quantity_base - self.filled_base)

    def is_whole(self, reducible_base: Decimal) -> bool:
        """Tell whether these trades are all there will be.

        They are where they add up to the order, or where the venue ended it; and those of a
        reduction where nothing is left of what there was, however much it had asked for.
        """
        filled = self.filled_base
        if filled >= self.order.quantity_base or (self.expired and filled > 0):
            return True
        return self.order.leg is not Leg.ENTRY and filled > 0 and filled >= reducible_base

    def _has(self, fill: Filled) -> bool:
        return any(fill.trade_id == trade.trade_id for trade in self.trades)
