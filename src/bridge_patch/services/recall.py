"""A delivery that the journal already knows: what it still needs to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from bridge_patch.domain.events import (
    Event,
    Expired,
    Filled,
    IntentReceived,
    Judged,
    Resolved,
    Sending,
    Settled,
)
from bridge_patch.domain.intent import ReduceIntent
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.services.desk import Sent
from bridge_patch.services.messages import Delivery
from bridge_patch.services.trader import Trader


@final
@dataclass(frozen=True, slots=True)
class Foreign:
    """Another message owns the id: this one is a duplicate."""


@final
@dataclass(frozen=True, slots=True)
class InDoubt:
    """The order's fate is still not known: not to be acknowledged yet."""


Recalled: TypeAlias = Settled | Expired | Foreign | InDoubt


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Takes up an intent where the journal says it was left; never judges it twice."""

    trader: Trader

    async def take_up(self, delivery: Delivery, history: Sequence[Event]) -> Recalled:
        """Return the outcome that is known, or bring it about by asking the venue.

        `history` is everything journaled about the intent's id, and not empty.
        """
        for event in history:
            if isinstance(event, Settled | Expired) and event.entry_id == delivery.entry_id:
                return event
        received = next((e for e in history if isinstance(e, IntentReceived)), None)
        if received is None or received.entry_id != delivery.entry_id:
            return Foreign()
        return await self._resume(delivery, received, history)

    async def _resume(
        self, delivery: Delivery, received: IntentReceived, history: Sequence[Event]
    ) -> Recalled:
        """Finish an intent whose order had left, or was about to, when we stopped."""
        judged = next(e for e in history if isinstance(e, Judged))
        order = [e for e in history if isinstance(e, Sending) and e.leg in _MAIN][-1]
        sent = await self._fate(order, history)
        content = delivery.content
        if sent.event is OrderEvent.FOUND_ABSENT and isinstance(content, ReduceIntent):
            return await self.trader.reduce_again(received, judged, content) or InDoubt()
        return self.trader.outcome(received, judged, sent) or InDoubt()

    async def _fate(self, order: Sending, history: Sequence[Event]) -> Sent:
        """Return what became of an order, from the journal or else from the venue."""
        desk, ledger = self.trader.desk, self.trader.recorder.ledger
        if order.order_id in ledger.in_doubt:
            sent = await desk.look_up(order)
        else:
            sent = _answered(order, history)
        naked = ledger.stop_price_usd(order.symbol) is None
        if naked and sent.event is OrderEvent.FILLED and order.stop_fraction is not None:
            await desk.protect(order.symbol, order.stop_fraction)
        return sent


#: The orders an intent itself asked for; the others protect what they left behind.
_MAIN = frozenset({Leg.ENTRY, Leg.REDUCE, Leg.STOP})


def _answered(order: Sending, history: Sequence[Event]) -> Sent:
    word = next(
        e.event
        for e in reversed(history)
        if isinstance(e, Resolved) and e.order_id == order.order_id
    )
    fills = (e for e in history if isinstance(e, Filled) and e.order_id == order.order_id)
    return Sent(order_id=order.order_id, event=OrderEvent(word), fills=tuple(fills))
