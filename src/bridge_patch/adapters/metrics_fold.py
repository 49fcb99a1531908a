"""Counts and spreads of what the journal holds: a fold of its events, and plain numbers.

The trading thread adds, the thread that is scraped copies. A counter is of this process;
Prometheus knows what a restart does to it. One whose words are few begins with a zero for
each: of a series that begins with 1 Prometheus never sees that it grew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar, final, get_args

from bridge_patch.adapters import metrics
from bridge_patch.adapters.metrics import Metric
from bridge_patch.domain.events import (
    BulkExpired,
    DeadLettered,
    DifferenceFound,
    DuplicateSeen,
    Event,
    Filled,
    IntentReceived,
    Judged,
    LatchSet,
    OrderRefused,
    Resolved,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.batch import HANDLING_FAILED, TOO_OLD
from bridge_patch.services.messages import NOT_UNDERSTOOD, Draft

Labels: TypeAlias = tuple[str, ...]
_K = TypeVar("_K")
_V = TypeVar("_V")

#: What stands for a word that is in no closed list: there is one series for all of them.
OTHER: Final = "OTHER"
_CODES: Final = frozenset(Reason)
_LETTERS: Final = frozenset({NOT_UNDERSTOOD, HANDLING_FAILED, TOO_OLD})
#: So many intents and orders that have no end yet are timed, the oldest forgotten first.
_TIMED_MAX: Final = 10_000

_WORDS: Final = (
    (metrics.EVENTS, tuple(kind.__name__ for kind in get_args(Event))),
    (metrics.PUBLISHED, tuple(Mode)),
    (metrics.OUTCOMES, tuple(Status)),
    (metrics.DEAD_LETTERS, (*sorted(_LETTERS), OTHER)),
)


class Step(StrEnum):
    """Which two steps of an intent a time is between."""

    PUBLISHED_JUDGED = "published_judged"
    JUDGED_SENT = "judged_sent"
    SENT_ANSWERED = "sent_answered"
    PUBLISHED_ENDED = "published_ended"


@final
@dataclass(slots=True)
class Spread:
    """How many values fell into each bucket, the last being what is above all of them."""

    buckets: tuple[float, ...]
    counts: list[int] = field(init=False)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.buckets) + 1)

    def add(self, value: float) -> None:
        """Take in a value."""
        self.counts[bisect_left(self.buckets, value)] += 1
        self.sum += value

    def copy(self) -> Spread:
        """Return one that changes no more."""
        copied = Spread(self.buckets)
        copied.counts, copied.sum = list(self.counts), self.sum
        return copied


def _zeros() -> Counter[tuple[Metric, Labels]]:
    return Counter({(metric, (word,)): 0 for metric, words in _WORDS for word in words})


@final
@dataclass(slots=True)
class MetricsFold:
    """Folds journaled events; what it does not count changes nothing.

    `counts` holds each series under its metric and labels, `spreads` likewise. A rebate
    lowers no counter: `fees_usd` is what was paid, by book.
    """

    counts: Counter[tuple[Metric, Labels]] = field(default_factory=_zeros)
    fees_usd: dict[str, Decimal] = field(default_factory=dict)
    spreads: dict[tuple[Metric, Labels], Spread] = field(default_factory=dict)
    _created: dict[IntentId, UnixMs] = field(default_factory=dict)
    _judged: dict[IntentId, UnixMs] = field(default_factory=dict)
    _sent: dict[ClientOrderId, UnixMs] = field(default_factory=dict)

    def published(self, draft: Draft) -> None:
        """Count an entry that was put on the bus."""
        self._count(metrics.PUBLISHED, draft.mode)

    def tell(self, event: Event) -> None:
        """Fold one journaled event."""
        self._count(metrics.EVENTS, type(event).__name__)
        match event:
            case IntentReceived():
                self._count(metrics.RECEIVED)
                _remember(self._created, event.intent_id, event.created_ms)
            case Judged():
                self._on_verdict(event)
            case Sending() | Resolved() | OrderRefused() | Filled():
                self._on_order(event)
            case Settled():
                self._count(metrics.OUTCOMES, event.status)
                self._step(Step.PUBLISHED_ENDED, event.created_ms, event.at_ms)
                self._judged.pop(event.intent_id, None)
            case BulkExpired():
                count = len(event.intent_ids)
                self.counts[metrics.OUTCOMES, (Status.EXPIRED,)] += count
            case DuplicateSeen():
                self._count(metrics.DUPLICATES)
            case DeadLettered():
                self._count(metrics.DEAD_LETTERS, _known(event.reason, _LETTERS))
            case LatchSet():
                self._count(metrics.LATCHES, event.book, event.state)
            case DifferenceFound():
                self._count(metrics.FOUND, event.difference.kind)
            case _:
                pass

    def _on_verdict(self, judged: Judged) -> None:
        entry = judged.confidence is not None
        code = _known(judged.codes[0], _CODES) if judged.codes else Reason.PASS
        action = "entry" if entry else "reduction"
        self._count(metrics.DECISIONS, action, judged.mode, judged.verdict, code)
        self._spread(metrics.MARGIN_ASKED, judged.proposed_margin_usd)
        self._spread(metrics.MARGIN_GOVERNED, judged.margin_usd)
        self._spread(metrics.LEVERAGE_ASKED, judged.proposed_leverage)
        self._spread(metrics.LEVERAGE_GOVERNED, judged.leverage)
        created_ms = self._created.pop(judged.intent_id, None)
        self._step(Step.PUBLISHED_JUDGED, created_ms, judged.at_ms)
        _remember(self._judged, judged.intent_id, judged.at_ms)

    def _on_order(self, event: Sending | Resolved | OrderRefused | Filled) -> None:
        match event:
            case Sending():
                self._count(metrics.ORDERS_SENT, event.leg)
                if event.leg is not Leg.STOP:  # a stop leaves when its entry has filled
                    judged_ms = self._judged.pop(event.intent_id, None)
                    self._step(Step.JUDGED_SENT, judged_ms, event.at_ms)
                _remember(self._sent, event.order_id, event.at_ms)
            case Resolved():
                self._count(metrics.ORDERS_ANSWERED, event.leg, event.event)
                sent_ms = self._sent.pop(event.order_id, None)
                self._step(Step.SENT_ANSWERED, sent_ms, event.at_ms)
            case OrderRefused():
                self._count(metrics.ORDERS_REFUSED, event.book)
            case Filled():
                self._count(metrics.FILLS, event.book, event.kind)
                paid_usd = self.fees_usd.get(event.book, ZERO) + max(event.fee_usd, ZERO)
                self.fees_usd[event.book] = paid_usd

    def _count(self, metric: Metric, *labels: str) -> None:
        self.counts[metric, labels] += 1

    def _spread(self, metric: Metric, value: Decimal | None) -> None:
        if value is not None and value.is_finite():
            self._add(metric, (), float(value))

    def _step(self, step: Step, from_ms: UnixMs | None, to_ms: UnixMs) -> None:
        """Add the time of a step; a message may claim any time, and none is negative."""
        if from_ms is not None:
            self._add(metrics.STEP, (step,), max(to_ms - from_ms, 0) / 1000)

    def _add(self, metric: Metric, labels: Labels, value: float) -> None:
        spread = self.spreads.get((metric, labels))
        if spread is None:
            spread = self.spreads[metric, labels] = Spread(metric.buckets)
        spread.add(value)


def _known(word: str, words: frozenset[str]) -> str:
    return word if word in words else OTHER


def _remember(into: dict[_K, _V], key: _K, value: _V) -> None:
    into[key] = value
    if len(into) > _TIMED_MAX:
        del into[next(iter(into))]
