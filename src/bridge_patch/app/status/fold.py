"""How a run stands: a fold of the journal, pure, fed with its entries oldest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.app.status.holdings import Holdings
from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DifferenceFound,
    DifferenceGone,
    DuplicateSeen,
    EquityMarked,
    Event,
    ExitsBlind,
    Filled,
    FilledLate,
    FundingPaid,
    Judged,
    LatchSet,
    OrderEnded,
    PositionVouched,
    Resolved,
    RunStarted,
    Sending,
    StopArmed,
    TickReached,
    TradingState,
    TrailingSet,
    Verdict,
    WalletCounted,
)
from bridge_patch.domain.harvest import HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState, after
from bridge_patch.domain.reconcile_events import Subject
from bridge_patch.services.endings import ABSENT_KEPT
from bridge_patch.services.nakedness import Nakedness
from bridge_patch.services.ports import Stored

#: What this fold looks at; the rest need not be read.
KINDS: Final = frozenset(
    kind.__name__
    for kind in (
        RunStarted,
        Judged,
        Sending,
        Resolved,
        Filled,
        StopArmed,
        TrailingSet,
        OrderEnded,
        FundingPaid,
        LatchSet,
        EquityMarked,
        DeadLettered,
        BulkExpired,
        DuplicateSeen,
        TickReached,
        ExitsBlind,
        DifferenceFound,
        DifferenceGone,
        WalletCounted,
        PositionVouched,
        FilledLate,
    )
)
_NEVER: Final = UnixMs(0)
_ENDED: Final = frozenset({OrderState.FILLED, OrderState.REJECTED, OrderState.CANCELLED})


@final
@dataclass(slots=True)
class Counts:
    """What was decided and set aside, in one run or in the whole journal."""

    entries: Counter[Verdict] = field(default_factory=Counter)
    reductions: Counter[Verdict] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    expired: int = 0
    duplicates: int = 0

    def add(self, event: Event) -> None:
        """Count one event."""
        match event:
            case Judged(confidence=None):
                self.reductions[event.verdict] += 1
            case Judged():
                self.entries[event.verdict] += 1
                if event.verdict is Verdict.REJECT:
                    self.refusals[event.codes[0]] += 1
            case DeadLettered():
                self.dead_letters[event.reason] += 1
            case BulkExpired():
                self.expired += len(event.intent_ids)
            case DuplicateSeen():
                self.duplicates += 1
            case _:
                pass


@final
@dataclass(frozen=True, slots=True)
class Doubt:
    """An order that was sent and whose end is not known."""

    order: Sending
    state: OrderState


@final
@dataclass(frozen=True, slots=True)
class EquitySeen:
    """An equity that was read, in USD, and when that was."""

    usd: Decimal
    at_ms: UnixMs


@final
@dataclass(slots=True)
class Books:
    """What one book's equity has been through, and the latch that holds it."""

    holdings: Holdings = field(default_factory=Holdings)
    equity: EquitySeen | None = None
    mark: EquityMarked | None = None
    latch: LatchSet | None = None

    @property
    def state(self) -> TradingState:
        """What the last latch says; without one, RUNNING."""
        return self.latch.state if self.latch else TradingState.RUNNING


@final
@dataclass(slots=True)
class StatusFold:
    """Everything `status` shows of the journal. Books are folded over all runs."""

    run: RunStarted | None = None
    this_run: Counts = field(default_factory=Counts)
    all_runs: Counts = field(default_factory=Counts)
    books: dict[Book, Books] = field(default_factory=dict)
    doubts: dict[ClientOrderId, Doubt] = field(default_factory=dict)
    policies: dict[IntentId, HarvestMode] = field(default_factory=dict)
    decided: Stored | None = None
    differences: dict[Subject, DifferenceFound] = field(default_factory=dict)
    #: Whether the venue's records were ever compared with the journal.
    compared: bool = False
    nakedness: Nakedness = field(default_factory=Nakedness)
    _closed: dict[ClientOrderId, Sending] = field(default_factory=dict)
    data_ms: UnixMs = _NEVER
    #: The open positions of which the exits lack what they decide by.
    blind: tuple[Symbol, ...] = ()

    def apply(self, stored: Stored) -> None:
        """Fold one entry."""
        event = stored.event
        self.data_ms = max(self.data_ms, event.at_ms)
        if isinstance(event, RunStarted):
            self.run, self.this_run = event, Counts()
        self.this_run.add(event)
        self.all_runs.add(event)
        match event:
            case Judged():
                self._judged(stored, event)
            case Sending():
                self.doubts[event.order_id] = Doubt(event, OrderState.SENDING)
                self.book(Book.ACCOUNT).holdings.early.sent(event)
            case Resolved():
                self._resolved(event)
            case EquityMarked():
                book = self.book(event.book)
                book.mark, book.equity = event, EquitySeen(event.equity_usd, event.at_ms)
            case LatchSet():
                book = self.book(event.book)
                if book.latch is None or not _alike(book.latch, event):
                    book.latch = event
            case Filled() | StopArmed() | TrailingSet() | OrderEnded() | FundingPaid():
                self.book(event.book).holdings.apply(event)
            case _:
                self._compared(event)
        held = self.book(Book.ACCOUNT).holdings
        self.nakedness.apply(
            event, is_open=held.positions.__contains__, guard=held.stop_price_usd
        )

    def book(self, name: Book) -> Books:
        """Return one book's state."""
        return self.books.setdefault(name, Books())

    @property
    def own_book(self) -> Book:
        """The book that the newest run's verdicts are about."""
        live = self.run is not None and self.run.mode is Mode.LIVE
        return Book.ACCOUNT if live else Book.GOVERNED

    def shown_books(self) -> Mapping[Book, Books]:
        """Return the run's own book, and the account where something is left there."""
        own, account = self.own_book, self.book(Book.ACCOUNT)
        shown = {own: self.book(own)}
        if account.holdings.positions:
            shown[Book.ACCOUNT] = account
        return MappingProxyType(shown)

    def naked(self) -> tuple[Symbol, ...]:
        """Return the symbols with a position at the venue that no stop protects."""
        return self.book(Book.ACCOUNT).holdings.naked()

    def _judged(self, stored: Stored, judged: Judged) -> None:
        self.decided = stored
        own = self.book(self.own_book)
        if judged.harvest_policy and judged.verdict is not Verdict.REJECT:
            self.policies[judged.intent_id] = judged.harvest_policy.mode
        if judged.case is None:
            return
        read, mark = judged.case.equity, judged.case.mark
        if read.value is not None and (
            own.equity is None or own.equity.at_ms <= read.at_ms
        ):
            own.equity = EquitySeen(read.value, read.at_ms)
        if mark.value is not None:
            for book in self.books.values():
                book.holdings.prices[judged.symbol] = mark.value

    def _compared(self, event: Event) -> None:
        """Fold what differed at the venue, what was said of an order, what exits lack."""
        match event:
            case ExitsBlind():
                self.blind = event.symbols
            case WalletCounted():
                self.compared = True
            case DifferenceFound():
                self.compared = True
                known = self.differences.get(event.difference.subject, event)
                self.differences[event.difference.subject] = replace(
                    event, at_ms=known.at_ms
                )
            case DifferenceGone():
                self.differences.pop(event.difference.subject, None)
            case PositionVouched(harvest_policy=HarvestPolicy() as policy):
                self.policies[event.intent_id] = policy.mode
            case FilledLate() if event.order_id in self._closed:
                order = self._closed.pop(event.order_id)
                self.doubts[event.order_id] = Doubt(order, OrderState.UNKNOWN)
            case _:
                pass

    def _resolved(self, answer: Resolved) -> None:
        """Follow the order table; an answer that it forbids changes nothing."""
        doubt = self.doubts.get(answer.order_id)
        if doubt is None:
            return
        try:
            state = after(doubt.state, OrderEvent(answer.event))
        except (IllegalTransitionError, ValueError):
            return
        rests = state is OrderState.OPEN and doubt.order.leg is Leg.STOP
        if rests or state in _ENDED:
            del self.doubts[answer.order_id]
            if answer.event == OrderEvent.FOUND_ABSENT:
                self._closed[doubt.order.order_id] = doubt.order
                for name in tuple(self._closed)[:-ABSENT_KEPT]:
                    del self._closed[name]
        else:
            self.doubts[answer.order_id] = Doubt(doubt.order, state)


def _alike(one: LatchSet, two: LatchSet) -> bool:
    """Tell whether the second only adds to a state that stands."""
    return (one.state, one.cause) == (two.state, two.cause)
