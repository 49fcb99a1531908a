"""What a run amounts to: a fold of its journal entries, for the table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    Event,
    Filled,
    FillKind,
    Judged,
    LatchSet,
    Sending,
    Settled,
    TradingState,
    Verdict,
)
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.money import ZERO


@final
@dataclass(slots=True)
class Tally:
    """Counts of one phase; `book` is whose fills are counted."""

    book: Book
    judged: int = 0
    reductions: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    caps: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    fills: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)
    harvests: Counter[str] = field(default_factory=Counter)
    fees_usd: Decimal = ZERO
    latches: list[LatchSet] = field(default_factory=list)
    _modes: dict[IntentId, HarvestMode] = field(default_factory=dict)
    _open: dict[Symbol, HarvestMode] = field(default_factory=dict)

    def add_all(self, events: Iterable[Event]) -> Tally:
        """Fold events, oldest first; return the tally itself."""
        for event in events:
            self.add(event)
        return self

    def add(self, event: Event) -> None:
        """Fold one event."""
        match event:
            case Judged():
                self._judged(event)
            case Filled() if event.book is self.book:
                self._filled(event)
            case Sending():
                self.orders[event.leg] += 1
            case DeadLettered():
                self.dead[event.reason] += 1
            case BulkExpired():
                self.dead["too_old"] += len(event.intent_ids)
            case DuplicateSeen():
                self.duplicates += 1
            case LatchSet() if event.book is self.book:
                self.latches.append(event)
            case Settled():
                self._modes.pop(event.intent_id, None)
            case _:
                pass

    @property
    def intents(self) -> int:
        """How many messages asked for an entry, or for something not understood."""
        return sum(self.verdicts.values()) + sum(self.dead.values()) + self.duplicates

    def ended_by(self) -> LatchSet | None:
        """Return the latch that still holds, if one does."""
        last = self.latches[-1] if self.latches else None
        return last if last and last.state is not TradingState.RUNNING else None

    def _judged(self, judged: Judged) -> None:
        self.judged += 1
        if judged.confidence is None:
            self.reductions["refused" if judged.verdict is Verdict.REJECT else "sent"] += 1
            return
        self.verdicts[judged.verdict] += 1
        if judged.verdict is Verdict.REJECT:
            self.refusals[judged.codes[0]] += 1
        elif judged.verdict is Verdict.CLAMP:
            self.caps.update(judged.binding.split())
        if judged.harvest_policy is not None and judged.verdict is not Verdict.REJECT:
            self._modes[judged.intent_id] = judged.harvest_policy.mode

    def _filled(self, fill: Filled) -> None:
        self.fills[fill.kind] += 1
        self.fees_usd += fill.fee_usd
        if fill.kind is FillKind.ENTRY:
            self.entries[fill.side] += 1
            mode = self._modes.get(fill.intent_id)
            if mode is not None:
                self._open[fill.symbol] = mode
        elif fill.kind is not FillKind.LIQUIDATION and fill.symbol in self._open:
            self.harvests[self._open[fill.symbol]] += 1
