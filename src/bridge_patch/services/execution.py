"""The consumer: every intent once, in order, to exactly one published outcome.

Journal first, acknowledge last. A redelivered message of ours is taken up where the journal
says it was left; a second message with a known id is counted and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never, final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import (
    DuplicateSeen,
    Expired,
    IntentReceived,
    Judged,
    Settled,
)
from bridge_patch.domain.intent import (
    Entry,
    Intent,
    IntentId,
    LiveIntent,
    ReduceIntent,
    ShadowIntent,
)
from bridge_patch.services.backlog import BacklogWatch
from bridge_patch.services.batch import HANDLING_FAILED, Batch
from bridge_patch.services.messages import Delivery, LateEntry, Poison, Settlement
from bridge_patch.services.ports import Clock, Inbox
from bridge_patch.services.recall import (
    Foreign,
    Fresh,
    InDoubt,
    Recall,
    asked_order,
)
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.trader import Trader, Unsent

BATCH_MAX: Final = 512
#: Most that is ended together, where all of it comes too late.
LATE_MAX: Final = 4 * BATCH_MAX


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Handles deliveries. Calling it again with the same delivery is safe."""

    inbox: Inbox
    trader: Trader
    recall: Recall
    clock: Clock
    age_max_ms: int
    watch: BacklogWatch
    alive: Callable[[], None] = lambda: None
    _waiting: dict[str, Delivery] = field(default_factory=dict)

    @property
    def recorder(self) -> Recorder:
        """The way into the journal."""
        return self.trader.recorder

    async def drain(self) -> int:
        """Handle everything that is waiting; return how many deliveries that was.

        What comes meanwhile waits for the next time: proposers who never pause must not
        keep prices, stops and exits from their turn.
        """
        handled = count = await self.step(wait_ms=0)
        left = await self.inbox.left() if count else 0
        while count:
            await self.watch.ended(count, full=count >= BATCH_MAX)
            count = await self.step(wait_ms=0) if left > 0 else 0
            handled, left = handled + count, left - count
        await self.watch.ended(0, full=False)
        return handled

    async def step(self, wait_ms: int) -> int:
        """Handle one batch, waiting up to `wait_ms` for it; return its length.

        As long as nothing comes but what is too late, a few reads are ended together.
        """
        batch, handled, go_on = self._new_batch(), 0, True
        while go_on and handled < LATE_MAX:
            found = await self.inbox.read(BATCH_MAX, 0 if handled else wait_ms)
            handled, go_on = handled + len(found), len(found) == BATCH_MAX
            for one in found:
                if isinstance(one, LateEntry) and self._dropped(one, batch):
                    continue
                whole = self.inbox.whole(one) if isinstance(one, LateEntry) else one
                await self._take(whole, batch)
                go_on = False
        if handled:
            await self._finish(batch)
        return handled

    async def retry(self) -> None:
        """Take up again what could not end because an order's fate was not known."""
        if self._waiting:
            waiting = tuple(self._waiting.values())
            await self.handle(waiting)

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Take a batch to its end: judged, traded, journaled, published, acknowledged."""
        batch = self._new_batch()
        for delivery in deliveries:
            await self._take(delivery, batch)
        await self._finish(batch)

    def _new_batch(self) -> Batch:
        return Batch(now_ms=self.clock.now_ms(), age_max_sec=self.age_max_ms // 1000)

    def _dropped(self, late: LateEntry, batch: Batch) -> bool:
        """Let a late entry go, if nobody has ever heard of its id."""
        return not self.recorder.heard.perhaps(late.intent_id) and batch.drop(late)

    async def _finish(self, batch: Batch) -> None:
        self.recorder.stage(*batch.closing_events())
        await self.recorder.flush()
        await self.inbox.settle(self._settlement(batch))
        self.alive()

    async def _take(self, delivery: Delivery, batch: Batch) -> None:
        """End one delivery; what goes wrong with it stays with it.

        One that waits may be handed again by a new connection: it is one and the same.
        """
        self._waiting.pop(delivery.entry_id, None)
        content = delivery.content
        if isinstance(content, Poison):
            self._set_aside(delivery, batch, content.reason, content.faults)
            return
        try:
            if isinstance(content, ReduceIntent):
                batch.reduced.add(content.symbol)
                named = await self.recall.own_name(delivery, content, batch)
                if named is not content:
                    content, delivery = named, replace(delivery, content=named)
            await self._decide(delivery, content, batch)
        except BrokenPromiseError:
            raise
        except Exception as e:  # noqa: BLE001 - one intent must not stop the others
            await self._failed(delivery, content, e, batch)

    async def _decide(self, delivery: Delivery, intent: Intent, batch: Batch) -> None:
        if not await self._is_new(delivery, intent, batch):
            return
        match intent:
            case LiveIntent(entry=entry) | ShadowIntent(entry=entry):
                if (why := self._too_old(entry)) is not None:
                    self._too_late(delivery, entry, why, batch)
                    return
                outcome = await self.trader.enter(self._received(delivery, entry), intent)
            case ReduceIntent():
                outcome = await self.trader.reduce(self._received(delivery, intent), intent)
            case unreachable:
                assert_never(unreachable)
        self._end(delivery, outcome, batch)

    def _end(self, delivery: Delivery, outcome: Settled | None, batch: Batch) -> None:
        """Close a delivery; without an outcome it stays unacknowledged and is retried."""
        if outcome is None:
            self._waiting[delivery.entry_id] = delivery
        else:
            batch.done(delivery, outcome)

    async def _is_new(self, delivery: Delivery, intent: Intent, batch: Batch) -> bool:
        """Tell whether an id is met for the first time; else finish what it stands for.

        Whose the id is says the journal, and the order of a batch only where that does not.
        """
        intent_id = _id_of(intent)
        history = await self.recall.history(intent_id)
        match await self.recall.take_up(delivery, history) if history else Fresh():
            case Fresh() if batch.owns(delivery, intent_id):
                return True
            case Fresh():
                self._duplicate(delivery, intent_id, batch)
            case Settled() as outcome:
                batch.done(delivery, outcome)
            case Expired() as known:
                batch.expire_again(delivery, known)
            case Foreign():
                self._duplicate(delivery, intent_id, batch)
            case InDoubt():
                self._end(delivery, None, batch)
            case Unsent() as unsent:
                self._end(delivery, await self._carry_out(unsent, intent), batch)
        return False

    async def _carry_out(self, unsent: Unsent, intent: Intent) -> Settled | None:
        """Send what was announced before a crash, unless it has become too old."""
        late = not isinstance(intent, ReduceIntent) and self._too_old(intent.entry)
        if late:
            return await self.trader.end(unsent)
        return await self.trader.carry_out(unsent, intent)

    async def _failed(
        self, delivery: Delivery, intent: Intent, error: Exception, batch: Batch
    ) -> None:
        """Set aside an intent on which our own code failed, and say so in its outcome.

        Where an order may have left, it waits instead, to be taken up like any other.
        """
        name = type(error).__name__
        self.recorder.telemetry.note("EXECUTION", "handling failed", error=name)
        await self.recorder.flush()
        history = await self.recall.history(_id_of(intent))
        if asked_order(delivery, history) is not None:
            self._end(delivery, None, batch)
            return
        scribe, received, judged = self.trader.scribe, None, None
        for event in history:
            if isinstance(event, IntentReceived) and event.entry_id == delivery.entry_id:
                received = event
            elif isinstance(event, Judged):
                judged = event
        if received is not None and judged is not None:
            outcome = scribe.fail_after(received, judged, error)
        else:
            asked = intent if isinstance(intent, ReduceIntent) else intent.entry
            outcome = scribe.fail(self._received(delivery, asked), intent, error)
        self._set_aside(delivery, batch, HANDLING_FAILED, (name,), outcome)

    def _set_aside(
        self,
        delivery: Delivery,
        batch: Batch,
        reason: str,
        faults: tuple[str, ...],
        *outcomes: Settled,
    ) -> None:
        """Dead-letter a message, and count it once however often it is delivered."""
        event = batch.set_aside(delivery, reason, faults, *outcomes)
        if delivery.entry_id not in self.recorder.ledger.counted:
            self.recorder.stage(event)

    def _duplicate(self, delivery: Delivery, intent_id: IntentId, batch: Batch) -> None:
        batch.done(delivery)
        if delivery.entry_id not in self.recorder.ledger.counted:
            self.recorder.stage(
                DuplicateSeen(
                    at_ms=batch.now_ms, intent_id=intent_id, entry_id=delivery.entry_id
                )
            )

    def _too_late(self, delivery: Delivery, entry: Entry, why: str, batch: Batch) -> None:
        expired = Expired(
            at_ms=batch.now_ms,
            intent_id=entry.id,
            entry_id=delivery.entry_id,
            created_ms=entry.created_ms,
        )
        batch.expire(delivery, expired, why)

    def _too_old(self, entry: Entry) -> str | None:
        """Return why an entry comes too late; None where it does not."""
        now_ms = self.clock.now_ms()
        age_ms, until_ms = now_ms - entry.created_ms, entry.valid_until_ms
        if age_ms > self.age_max_ms:
            most_sec = self.age_max_ms / 1000
            return f"made {age_ms / 1000:.1f} s ago, an entry may be {most_sec:.0f} s old"
        if until_ms is not None and now_ms > until_ms:
            return f"was valid until {(now_ms - until_ms) / 1000:.1f} s ago"
        return None

    def _received(self, delivery: Delivery, asked: Entry | ReduceIntent) -> IntentReceived:
        return IntentReceived(
            at_ms=self.clock.now_ms(),
            intent_id=asked.id,
            entry_id=delivery.entry_id,
            source=asked.source,
            created_ms=asked.created_ms,
            payload=delivery.payload,
        )

    def _settlement(self, batch: Batch) -> Settlement:
        """Return all that ends the batch; a reduction's symbol is stated in any case."""
        return Settlement(
            acknowledged=tuple(batch.acknowledged),
            results=batch.published(),
            positions=self.trader.statements.due(
                self.recorder.ledger, self.clock.now_ms(), asked=batch.reduced
            ),
            dead_letters=batch.letters(),
        )


def _id_of(intent: Intent) -> IntentId:
    return intent.id if isinstance(intent, ReduceIntent) else intent.entry.id
