"""Intents whose message the bus has lost: they end without it, once and for all to see.

An order that was announced waits for its message to be handed again. A bus that lost it
never will; then nobody would end the order, and what is reserved for it would stay so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, final

from bridge_patch.domain.events import IntentReceived, Judged, Sending
from bridge_patch.domain.intent import ReduceIntent
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.services.answers import Sent
from bridge_patch.services.messages import Settlement
from bridge_patch.services.ports import Clock, Inbox, Told
from bridge_patch.services.recall import LOST, Recall

MESSAGE_LOST: Final = "its message is lost"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Ends what was announced longer ago than an entry may be old, and is not ended yet.

    `age_max_ms` is more than a venue lets a request be under way, so that what it has not
    got by then never comes.
    """

    inbox: Inbox
    told: Told
    recall: Recall
    clock: Clock
    age_max_ms: int

    async def end(self) -> None:
        """End every such intent. To be called when nothing is left to be handed to us."""
        recorder = self.recall.trader.recorder
        for order in tuple(recorder.ledger.unsettled.values()):
            if self.clock.now_ms() - order.at_ms > self.age_max_ms:
                await self._end(order)

    async def _end(self, order: Sending) -> None:
        """Publish the outcome and write it down, in this order.

        A crash between the two leaves an intent without an outcome in the journal: it is
        taken up again, and the bus is asked first. The journal's outcome names no message,
        so that the lost one is a duplicate should it come back.
        """
        trader = self.recall.trader
        recorder, intent_id = trader.recorder, order.intent_id
        over = await self._over(order)
        await recorder.flush()
        if not over:
            return
        history = await recorder.journal.history(intent_id)
        received = next((e for e in history if isinstance(e, IntentReceived)), None)
        judged = next((e for e in reversed(history) if isinstance(e, Judged)), None)
        if received is None or judged is None:
            return
        sent = self.recall.answered(order, history)
        outcome = trader.scribe.stated(replace(received, entry_id=LOST), judged, sent)
        if not await self.told.told(intent_id):
            await self.inbox.settle(Settlement(acknowledged=(), results=(outcome,)))
        await recorder.write(outcome)

    async def _over(self, order: Sending) -> bool:
        """Tell whether an order has ended; one that never left is ended here."""
        trader = self.recall.trader
        ledger = trader.recorder.ledger
        if ledger.unsent(order):
            sent = await trader.desk.look_up(order)
            if sent.event is OrderEvent.FOUND_ABSENT:
                await self._finish(order)
            else:
                await trader.desk.protect(order.symbol)
        return order.order_id not in ledger.in_doubt

    async def _finish(self, order: Sending) -> Sent:
        """Let a reduction leave, where it is one still; an entry never does."""
        trader, sent = self.recall.trader, None
        if order.leg is not Leg.ENTRY:
            sent = await trader.reduce_now(order, _wish(order))
        return sent or await trader.desk.abandon(order)


def _wish(order: Sending) -> ReduceIntent:
    """Return what an announced reduction asked for."""
    stop_usd = order.stop_price_usd
    return ReduceIntent(
        id=order.intent_id,
        symbol=order.symbol,
        side=order.side,
        quantity=Quantity(order.quantity_base),
        stop_at=None if stop_usd is None else Price(stop_usd),
        simulate=False,
        reason=MESSAGE_LOST,
        created_ms=order.at_ms,
        source="",
    )
