"""A delivery that the journal already knows: what it still needs to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, TypeAlias, final

from bridge_patch.domain.events import (
    BulkExpired,
    Event,
    Expired,
    IntentReceived,
    Judged,
    Resolved,
    Sending,
    Settled,
)
from bridge_patch.domain.intent import IntentId, ReduceIntent, UnixMs
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.answers import Sent
from bridge_patch.services.batch import Batch
from bridge_patch.services.messages import Delivery
from bridge_patch.services.trader import Trader, Unsent

#: In place of the message that an outcome answers, where the bus had lost it.
LOST: Final = ""
#: The orders that an intent itself asks for; others protect what it left behind.
_ASKED: Final = {
    True: frozenset({Leg.REDUCE, Leg.STOP}),
    False: frozenset({Leg.ENTRY}),
}


@final
@dataclass(frozen=True, slots=True)
class Fresh:
    """Nothing was done about it yet: it is judged, by whatever it is worth now."""


@final
@dataclass(frozen=True, slots=True)
class Foreign:
    """Another message owns the id: this one is a duplicate."""


@final
@dataclass(frozen=True, slots=True)
class InDoubt:
    """The order's fate is still not known: not to be acknowledged yet."""


Recalled: TypeAlias = Settled | Expired | Fresh | Foreign | InDoubt | Unsent


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Takes up an intent where the journal says it was left; an order is never sent twice.

    Whether an UNKNOWN order has ended is for the keeper to find out.
    """

    trader: Trader

    async def take_up(self, delivery: Delivery, history: Sequence[Event]) -> Recalled:
        """Return the outcome that is known, or bring it about from what is.

        `history` is everything journaled about the intent's id.
        """
        for event in history:
            if isinstance(event, Settled | Expired) and event.entry_id == delivery.entry_id:
                return event
        owner = next((e for e in history if isinstance(e, IntentReceived | Expired)), None)
        if owner is None:
            return Fresh()
        if owner.entry_id != delivery.entry_id or isinstance(owner, Expired):
            return Foreign()
        if any(isinstance(e, Settled) and e.entry_id == LOST for e in history):
            return Foreign()
        return await self._resume(delivery, owner, history)

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        """Return what the journal holds about an id, its part in a bulk as its own.

        Of an id that nobody ever heard of it holds nothing, and is not asked.
        """
        recorder = self.trader.recorder
        if not recorder.heard.perhaps(intent_id):
            return ()
        await recorder.keep()
        found = await recorder.journal.history(intent_id)
        return tuple(
            named_in(event, intent_id) if isinstance(event, BulkExpired) else event
            for event in found
        )

    async def own_name(
        self, delivery: Delivery, intent: ReduceIntent, batch: Batch
    ) -> ReduceIntent:
        """Rename a reduction whose id was taken by a message that said something else.

        Only the same content is a duplicate: an id in use may not block a reduction, nor
        may one that somebody took beforehand. The name is the content's, so that a
        redelivery gets the same one, and all about it is done under it.
        """
        name, said = intent.id, delivery.payload.encode(errors="backslashreplace")
        while await self._is_taken(name, delivery, batch):
            digest = blake2b(name.encode() + said, digest_size=6).hexdigest()
            name = IntentId(f"{intent.id}~{digest}")
        return intent if name == intent.id else replace(intent, id=name)

    async def _is_taken(self, name: IntentId, delivery: Delivery, batch: Batch) -> bool:
        """Tell whether a name is that of a message which said something else."""
        if batch.met(name):
            await self.trader.recorder.flush()  # its owner may not be in the journal yet
        history = await self.history(name)
        owner = next((e for e in history if isinstance(e, IntentReceived | Expired)), None)
        if owner is None:
            return batch.ends_late(name)
        if owner.entry_id == delivery.entry_id:
            return False
        return isinstance(owner, Expired) or owner.payload != delivery.payload

    async def _resume(
        self, delivery: Delivery, received: IntentReceived, history: Sequence[Event]
    ) -> Recalled:
        """Finish an intent whose order had left, or was about to, when we stopped."""
        judged = next((e for e in reversed(history) if isinstance(e, Judged)), None)
        order = asked_order(delivery, history)
        if judged is None or order is None:
            return Fresh()
        ledger, desk = self.trader.recorder.ledger, self.trader.desk
        if ledger.unsent(order):
            sent = await desk.look_up(order)
            if sent.event is OrderEvent.FOUND_ABSENT:
                return Unsent(received, judged, order)
            await desk.protect(order.symbol)
            return self.trader.scribe.outcome(received, judged, sent) or InDoubt()
        if order.order_id in ledger.in_doubt:
            return InDoubt()
        sent, content = self.answered(order, history), delivery.content
        if sent.event is OrderEvent.FOUND_ABSENT and isinstance(content, ReduceIntent):
            return await self.trader.reduce_again(received, content) or InDoubt()
        return self.trader.scribe.outcome(received, judged, sent) or InDoubt()

    def answered(self, order: Sending, history: Sequence[Event]) -> Sent:
        """Put together what the journal holds about an order that has ended."""
        answer = next(
            e
            for e in reversed(history)
            if isinstance(e, Resolved) and e.order_id == order.order_id
        )
        plan = self.trader.recorder.ledger.plans.get(order.symbol)
        refusal = plan.refusals.get(order.order_id) if plan else None
        happened = [e for e in history if isinstance(e, VenueEvent)]
        events = happened if refusal is None else [*happened, refusal]
        return Sent.of(order.order_id, OrderEvent(answer.event), events)


def named_in(bulk: BulkExpired, intent_id: IntentId) -> Expired:
    """Return an entry's part in a bulk expiry as an event of its own.

    When it was made the journal does not keep: it stands in the text of its dead letter.
    """
    entry_id = bulk.entry_ids[bulk.intent_ids.index(intent_id)]
    return Expired(
        at_ms=bulk.at_ms, intent_id=intent_id, entry_id=entry_id, created_ms=UnixMs(0)
    )


def asked_order(delivery: Delivery, history: Sequence[Event]) -> Sending | None:
    """Return the newest order that the intent itself asked for, if any was written."""
    legs = _ASKED[isinstance(delivery.content, ReduceIntent)]
    orders = [e for e in history if isinstance(e, Sending) and e.leg in legs]
    return orders[-1] if orders else None
