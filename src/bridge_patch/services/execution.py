"""The consumer: every intent once, in order, to exactly one published outcome.

Journal first, acknowledge last. A redelivered message of ours is taken up where the journal
says it was left; a second message with a known id is counted and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never, final

from bridge_patch.domain.events import (
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    Event,
    Expired,
    IntentReceived,
    Settled,
)
from bridge_patch.domain.intent import (
    Entry,
    IntentId,
    LiveIntent,
    ReduceIntent,
    ShadowIntent,
    Symbol,
)
from bridge_patch.domain.position import Position
from bridge_patch.services.messages import (
    DeadLetter,
    Delivery,
    Poison,
    PositionUpdate,
    Result,
    Settlement,
)
from bridge_patch.services.ports import Clock, Inbox
from bridge_patch.services.recall import Foreign, InDoubt, Recall
from bridge_patch.services.trader import Trader

BATCH_MAX: Final = 512
NOT_UNDERSTOOD: Final = "not_understood"
TOO_OLD: Final = "too_old"


@final
@dataclass(slots=True)
class _Batch:
    """What one read will end with; nothing of it is visible before the settlement."""

    acknowledged: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    expired: list[Expired] = field(default_factory=list)
    owners: dict[IntentId, str] = field(default_factory=dict)
    touched: dict[Symbol, Position | None] = field(default_factory=dict)

    def done(self, delivery: Delivery, *results: Result) -> None:
        self.acknowledged.append(delivery.entry_id)
        self.results.extend(results)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Handles deliveries. Calling it again with the same delivery is safe."""

    inbox: Inbox
    trader: Trader
    recall: Recall
    clock: Clock
    age_max_ms: int
    _waiting: list[Delivery] = field(default_factory=list)

    async def drain(self) -> int:
        """Handle everything that is waiting; return how many deliveries that was."""
        handled = 0
        while count := await self.step(wait_ms=0):
            handled += count
        return handled

    async def step(self, wait_ms: int) -> int:
        """Handle one batch, waiting up to `wait_ms` for it; return its length."""
        deliveries = await self.inbox.read(BATCH_MAX, wait_ms)
        if deliveries:
            await self.handle(deliveries)
        return len(deliveries)

    async def retry(self) -> None:
        """Take up again what could not end because an order's fate was not known."""
        if self._waiting:
            waiting = tuple(self._waiting)
            self._waiting.clear()
            await self.handle(waiting)

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Take a batch to its end: judged, traded, journaled, published, acknowledged."""
        batch = _Batch()
        for delivery in deliveries:
            await self._take(delivery, batch)
        self._expire(batch)
        await self.trader.recorder.flush()
        await self.inbox.settle(
            Settlement(
                acknowledged=tuple(batch.acknowledged),
                results=tuple(batch.results),
                positions=self._updates(batch),
                dead_letters=tuple(batch.dead_letters),
            )
        )

    async def _take(self, delivery: Delivery, batch: _Batch) -> None:
        match delivery.content:
            case Poison(faults=faults):
                self._set_aside(delivery, batch, NOT_UNDERSTOOD, faults)
            case LiveIntent(entry=entry) | ShadowIntent(entry=entry) as intent:
                if await self._is_new(delivery, entry.id, batch):
                    if self._too_old(entry):
                        self._too_late(delivery, entry, batch)
                    else:
                        await self._enter(delivery, intent, batch)
            case ReduceIntent() as intent:
                if await self._is_new(delivery, intent.id, batch):
                    await self._reduce(delivery, intent, batch)
            case unreachable:
                assert_never(unreachable)

    async def _enter(
        self, delivery: Delivery, intent: LiveIntent | ShadowIntent, batch: _Batch
    ) -> None:
        entry = intent.entry
        self._touch(entry.symbol, batch)
        received = self._received(delivery, entry)
        self._end(delivery, await self.trader.enter(received, intent), batch)

    async def _reduce(
        self, delivery: Delivery, intent: ReduceIntent, batch: _Batch
    ) -> None:
        self._touch(intent.symbol, batch)
        received = self._received(delivery, intent)
        self._end(delivery, await self.trader.reduce(received, intent), batch)

    def _end(self, delivery: Delivery, outcome: Settled | None, batch: _Batch) -> None:
        """Close a delivery; without an outcome it stays unacknowledged and is retried."""
        if outcome is None:
            self._waiting.append(delivery)
        else:
            batch.done(delivery, outcome)

    async def _is_new(self, delivery: Delivery, intent_id: IntentId, batch: _Batch) -> bool:
        """Tell whether an id is met for the first time; else finish what it stands for."""
        owner = batch.owners.setdefault(intent_id, delivery.entry_id)
        if owner != delivery.entry_id:
            self._duplicate(delivery, intent_id, batch)
            return False
        history = await self.trader.recorder.journal.history(intent_id)
        if not history:
            return True
        await self._again(delivery, intent_id, history, batch)
        return False

    async def _again(
        self,
        delivery: Delivery,
        intent_id: IntentId,
        history: Sequence[Event],
        batch: _Batch,
    ) -> None:
        match await self.recall.take_up(delivery, history):
            case Settled() as outcome:
                batch.done(delivery, outcome)
            case Expired() as known:
                batch.expired.append(known)
                self._letter(delivery, batch, TOO_OLD, ("found too old before a restart",))
            case Foreign():
                self._duplicate(delivery, intent_id, batch)
            case InDoubt():
                self._end(delivery, None, batch)

    def _set_aside(
        self, delivery: Delivery, batch: _Batch, reason: str, faults: tuple[str, ...]
    ) -> None:
        self._letter(delivery, batch, reason, faults)
        self.trader.recorder.stage(
            DeadLettered(
                at_ms=self.clock.now_ms(),
                entry_id=delivery.entry_id,
                reason=reason,
                faults=faults,
            )
        )

    def _letter(
        self, delivery: Delivery, batch: _Batch, reason: str, faults: tuple[str, ...]
    ) -> None:
        batch.dead_letters.append(
            DeadLetter(
                entry_id=delivery.entry_id,
                reason=reason,
                faults=faults,
                payload=delivery.payload,
            )
        )
        batch.done(delivery)

    def _expire(self, batch: _Batch) -> None:
        """End what was too old with one outcome that names every id."""
        if not batch.expired:
            return
        bulk = BulkExpired(
            at_ms=self.clock.now_ms(),
            intent_ids=tuple(e.intent_id for e in batch.expired),
            entry_ids=tuple(e.entry_id for e in batch.expired),
            age_max_sec=self.age_max_ms // 1000,
        )
        batch.results.append(bulk)
        self.trader.recorder.stage(bulk)

    def _duplicate(self, delivery: Delivery, intent_id: IntentId, batch: _Batch) -> None:
        self.trader.recorder.stage(
            DuplicateSeen(
                at_ms=self.clock.now_ms(), intent_id=intent_id, entry_id=delivery.entry_id
            )
        )
        batch.done(delivery)

    def _too_late(self, delivery: Delivery, entry: Entry, batch: _Batch) -> None:
        expired = Expired(
            at_ms=self.clock.now_ms(),
            intent_id=entry.id,
            entry_id=delivery.entry_id,
            created_ms=entry.created_ms,
        )
        self.trader.recorder.stage(expired)
        batch.expired.append(expired)
        self._letter(delivery, batch, TOO_OLD, (self._age(entry),))

    def _too_old(self, entry: Entry) -> bool:
        now_ms = self.clock.now_ms()
        if entry.valid_until_ms is not None and now_ms > entry.valid_until_ms:
            return True
        return now_ms - entry.created_ms > self.age_max_ms

    def _age(self, entry: Entry) -> str:
        age_sec = (self.clock.now_ms() - entry.created_ms) / 1000
        return (
            f"made {age_sec:.1f} s ago, an entry may be {self.age_max_ms / 1000:.0f} s old"
        )

    def _received(self, delivery: Delivery, asked: Entry | ReduceIntent) -> IntentReceived:
        return IntentReceived(
            at_ms=self.clock.now_ms(),
            intent_id=asked.id,
            entry_id=delivery.entry_id,
            source=asked.source,
            created_ms=asked.created_ms,
            payload=delivery.payload,
        )

    def _touch(self, symbol: Symbol, batch: _Batch) -> None:
        position = self.trader.recorder.ledger.positions.get(symbol)
        batch.touched.setdefault(symbol, position)

    def _updates(self, batch: _Batch) -> tuple[PositionUpdate, ...]:
        ledger = self.trader.recorder.ledger
        return ledger.changes(batch.touched, self.clock.now_ms())
