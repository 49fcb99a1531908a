"""What one read from the bus will end with; nothing of it is visible before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.events import BulkExpired, DeadLettered, Event, Expired, Settled
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.services.messages import (
    DeadLetter,
    Delivery,
    LateEntry,
    LateLetter,
    Result,
)

HANDLING_FAILED: Final = "handling_failed"
TOO_OLD: Final = "too_old"

#: Bytes of text that one dead letter holds at most; as JSON it has less than twice as many.
LETTER_TEXT_MAX: Final = 512 * 1024


@final
@dataclass(slots=True, kw_only=True)
class Batch:
    """Collects acknowledgements, outcomes and dead letters until they go out together."""

    now_ms: UnixMs
    age_max_sec: int
    acknowledged: list[str] = field(default_factory=list)
    dead_letters: list[DeadLetter | LateLetter] = field(default_factory=list)
    reduced: set[Symbol] = field(default_factory=set)
    _outcomes: list[Settled] = field(default_factory=list)
    _expired: list[Expired] = field(default_factory=list)
    _expired_before: list[Expired] = field(default_factory=list)
    _late: list[LateEntry] = field(default_factory=list)
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

    def drop(self, late: LateEntry) -> bool:
        """As `expire`, for one of many that share a letter; False if its id was met."""
        owner = self._owners.setdefault(late.intent_id, late.entry_id)
        if owner != late.entry_id:
            return False
        self.acknowledged.append(late.entry_id)
        self._late.append(late)
        return True

    def ends_late(self, intent_id: IntentId) -> bool:
        """Tell whether an entry of this batch came too late under that id."""
        return any(
            intent_id == one.intent_id
            for part in (self._expired, self._late)
            for one in part
        )

    def expire_again(self, delivery: Delivery, expired: Expired) -> None:
        """As `expire`, for one that the journal holds and nobody was told of yet."""
        self._letter(delivery, TOO_OLD, ("found too old before a restart",))
        self.done(delivery)
        self._expired_before.append(expired)

    def closing_events(self) -> tuple[Event, ...]:
        """Return what the journal keeps about expiry: one bulk that names all of it.

        An entry that was read in full has its own besides.
        """
        return (*self._expired, *self._bulk((*self._expired, *self._late)))

    def published(self) -> tuple[Result, ...]:
        """Return every outcome of the batch; each intent stands in exactly one."""
        now = self._bulk((*self._expired, *self._late))
        return (*self._outcomes, *now, *self._bulk(self._expired_before))

    def letters(self) -> tuple[DeadLetter | LateLetter, ...]:
        """Return every dead letter; the late ones share as few as their texts fit into."""
        made: list[DeadLetter | LateLetter] = list(self.dead_letters)
        start = length = 0
        for end, entry in enumerate(self._late):
            text = entry.payload
            size = len(text) if text.isascii() else len(text.encode())
            if length and length + size > LETTER_TEXT_MAX:
                made.append(self._late_letter(start, end))
                start, length = end, 0
            length += size
        if self._late:
            made.append(self._late_letter(start, len(self._late)))
        return tuple(made)

    def _late_letter(self, start: int, end: int) -> LateLetter:
        why = f"made more than {self.age_max_sec} s ago: too old for an entry"
        return LateLetter(
            reason=TOO_OLD, faults=(why,), entries=tuple(self._late[start:end])
        )

    def _letter(self, delivery: Delivery, reason: str, faults: tuple[str, ...]) -> None:
        letter = DeadLetter(
            entry_id=delivery.entry_id,
            reason=reason,
            faults=faults,
            payload=delivery.payload,
        )
        self.dead_letters.append(letter)

    def _bulk(self, expired: Sequence[Expired | LateEntry]) -> tuple[BulkExpired, ...]:
        if not expired:
            return ()
        bulk = BulkExpired(
            at_ms=self.now_ms,
            intent_ids=tuple(e.intent_id for e in expired),
            entry_ids=tuple(e.entry_id for e in expired),
            age_max_sec=self.age_max_sec,
        )
        return (bulk,)
