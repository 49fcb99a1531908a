"""What one read from the bus will end with; nothing of it is visible before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.events import BulkExpired, DeadLettered, Event, Expired, Settled
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.services.messages import DeadLetter, Delivery, Result

HANDLING_FAILED: Final = "handling_failed"
TOO_OLD: Final = "too_old"


@final
@dataclass(slots=True, kw_only=True)
class Batch:
    """Collects acknowledgements, outcomes and dead letters until they go out together."""

    now_ms: UnixMs
    age_max_sec: int
    acknowledged: list[str] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    reduced: set[Symbol] = field(default_factory=set)
    _outcomes: list[Settled] = field(default_factory=list)
    _expired: list[Expired] = field(default_factory=list)
    _expired_before: list[Expired] = field(default_factory=list)
    _owners: dict[IntentId, str] = field(default_factory=dict)

    def owns(self, delivery: Delivery, intent_id: IntentId) -> bool:
        """Tell whether this is the first message of the batch under its id."""
        return self._owners.setdefault(intent_id, delivery.entry_id) == delivery.entry_id

    def met(self, intent_id: IntentId) -> bool:
        """Tell whether a message of this batch came under that id before."""
        return intent_id in self._owners

    def done(self, delivery: Delivery, *outcomes: Settled) -> None:
        """Acknowledge a message, with the outcome where it has one of its own."""
        self.acknowledged.append(delivery.entry_id)
        self._outcomes.extend(outcomes)

    def set_aside(
        self,
        delivery: Delivery,
        reason: str,
        faults: tuple[str, ...],
        *outcomes: Settled,
    ) -> DeadLettered:
        """Dead-letter a message; return what the journal keeps about it."""
        self._letter(delivery, reason, faults)
        self.done(delivery, *outcomes)
        return DeadLettered(
            at_ms=self.now_ms,
            entry_id=delivery.entry_id,
            reason=reason,
            faults=faults,
            source=delivery.source,
        )

    def expire(self, delivery: Delivery, expired: Expired, why: str) -> None:
        """Dead-letter an entry that comes too late; its outcome is the bulk's."""
        self._letter(delivery, TOO_OLD, (why,))
        self.done(delivery)
        self._expired.append(expired)

    def expire_again(self, delivery: Delivery, expired: Expired) -> None:
        """As `expire`, for one that the journal holds and nobody was told of yet."""
        self._letter(delivery, TOO_OLD, ("found too old before a restart",))
        self.done(delivery)
        self._expired_before.append(expired)

    def closing_events(self) -> tuple[Event, ...]:
        """Return what the journal keeps about expiry: each entry, and one bulk for all."""
        return (*self._expired, *self._bulk(self._expired))

    def published(self) -> tuple[Result, ...]:
        """Return every outcome of the batch; each intent stands in exactly one."""
        bulks = (*self._bulk(self._expired), *self._bulk(self._expired_before))
        return (*self._outcomes, *bulks)

    def _letter(self, delivery: Delivery, reason: str, faults: tuple[str, ...]) -> None:
        letter = DeadLetter(
            entry_id=delivery.entry_id,
            reason=reason,
            faults=faults,
            payload=delivery.payload,
        )
        self.dead_letters.append(letter)

    def _bulk(self, expired: Sequence[Expired]) -> tuple[BulkExpired, ...]:
        if not expired:
            return ()
        bulk = BulkExpired(
            at_ms=self.now_ms,
            intent_ids=tuple(e.intent_id for e in expired),
            entry_ids=tuple(e.entry_id for e in expired),
            age_max_sec=self.age_max_sec,
        )
        return (bulk,)
