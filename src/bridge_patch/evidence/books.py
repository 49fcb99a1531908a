"""What each book was worth over time and what it traded, folded from a journal.

A book is worth what a mark says. Between marks it is worth its wallet whenever nothing is
open. A book that was never marked shows its wallet alone: what it had realised.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Event,
    Filled,
    FundingPaid,
    InsuranceCleared,
    Judged,
    RunStarted,
    Sending,
    VenueEvent,
)
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.money import HUNDRED, ZERO
from bridge_patch.domain.position import wallet_change
from bridge_patch.evidence.trade_fold import TradesFold, Verdicts
from bridge_patch.evidence.trades import Trade

#: The venue whose account begins with what the run says; of a real one only marks know.
PAPER: Final = "paper"
#: The book that a mode does not judge by, and so does not trade.
_RESTING: Final = {Mode.SHADOW: Book.ACCOUNT, Mode.LIVE: Book.GOVERNED}


@final
@dataclass(frozen=True, slots=True)
class Point:
    """A value at a moment: USD, or percent where the name says so."""

    at_ms: UnixMs
    value: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One book between two moments: behind the first, up to and with the second.

    `start_usd` is its worth at the beginning, `drawdown_max_pct` the deepest fall from the
    highest point since then, `trades` what was closed within, net of costs.
    """

    start_usd: Decimal
    end_usd: Decimal
    drawdown_max_pct: Decimal
    points: tuple[Point, ...]
    trades: tuple[Trade, ...]
    fees_usd: Decimal
    funding_usd: Decimal

    @property
    def change_pct(self) -> Decimal:
        """The gain in percent of what there was to begin with."""
        if self.start_usd == 0:
            return ZERO
        return (self.end_usd - self.start_usd) / self.start_usd * HUNDRED

    @property
    def won(self) -> int:
        """How many of the closed trades made money after every cost."""
        return sum(trade.net_usd > 0 for trade in self.trades)

    @property
    def liquidations(self) -> int:
        """How many positions the venue closed by force."""
        return sum(trade.liquidated for trade in self.trades)


@final
@dataclass(slots=True)
class BookHistory:
    """One book's curve and positions. `marked` says whether its curve is equity.

    Where it is false the curve is the wallet: an open position's gain is not in it.
    """

    book: Book
    start_usd: Decimal
    marked: bool = False
    points: list[Point] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    fees: list[Point] = field(default_factory=list)
    fundings: list[Point] = field(default_factory=list)

    def over(self, start_ms: UnixMs, end_ms: UnixMs) -> Stretch:
        """Return the part of the history behind `start_ms`, up to and with `end_ms`."""
        first = bisect_right(self.points, start_ms, key=attrgetter("at_ms"))
        last = bisect_right(self.points, end_ms, key=attrgetter("at_ms"))
        before = self.points[first - 1].value if first else self.start_usd
        points = (Point(start_ms, before), *self.points[first:last])
        return Stretch(
            start_usd=before,
            end_usd=points[-1].value,
            drawdown_max_pct=max(fall.value for fall in drawdown(points)),
            points=points,
            trades=tuple(
                trade
                for trade in self.trades
                if trade.closed_ms is not None and start_ms < trade.closed_ms <= end_ms
            ),
            fees_usd=_sum_of(self.fees, start_ms, end_ms),
            funding_usd=_sum_of(self.fundings, start_ms, end_ms),
        )


def drawdown(points: Sequence[Point]) -> Iterator[Point]:
    """Yield, for each point, the fall from the highest one so far in percent of that."""
    peak = ZERO
    for point in points:
        peak = max(peak, point.value)
        fall = (peak - point.value) / peak * HUNDRED if peak > 0 else ZERO
        yield Point(point.at_ms, fall)


def books_of(events: Iterable[Event]) -> Mapping[Book, BookHistory]:
    """Fold a journal into the history of every book that lived in it."""
    fold = BooksFold()
    for event in events:
        fold.take(event)
    return fold.histories()


@final
@dataclass(slots=True)
class _Living:
    """One book while it is folded: its wallet, its curve, what is open."""

    history: BookHistory
    trades: TradesFold
    changed_usd: Decimal = ZERO
    wallet: list[Point] = field(default_factory=list)
    simulated: bool = True
    touched: bool = False

    @property
    def wallet_usd(self) -> Decimal:
        return self.history.start_usd + self.changed_usd

    def take(self, event: VenueEvent) -> None:
        self.touched = True
        self.trades.take(event)
        match event:
            case Filled():
                self.history.fees.append(Point(event.at_ms, event.fee_usd))
                self._moved(event.at_ms, wallet_change(event))
            case FundingPaid():
                self.history.fundings.append(Point(event.at_ms, event.amount_usd))
                self._moved(event.at_ms, event.amount_usd)
            case InsuranceCleared():
                self._moved(event.at_ms, event.amount_usd)
            case _:
                pass

    def mark(self, event: EquityMarked) -> None:
        if not self.simulated and not self.history.marked:  # nobody gave it its deposit
            self.history.start_usd = event.equity_usd
        self.touched = self.history.marked = True
        self.history.points.append(Point(event.at_ms, event.equity_usd))

    def begin(self, at_ms: UnixMs) -> None:
        """Note a start: flat books are worth their wallet."""
        if self.simulated and self.trades.flat:
            self.history.points.append(Point(at_ms, self.wallet_usd))
        self.wallet.append(Point(at_ms, self.wallet_usd))

    def _moved(self, at_ms: UnixMs, amount_usd: Decimal) -> None:
        self.changed_usd += amount_usd
        self.begin(at_ms)


@final
class BooksFold:
    """Folds events one by one; `histories` is what they amount to so far."""

    def __init__(self) -> None:
        self._verdicts = Verdicts()
        self._living: dict[Book, _Living] = {}

    def take(self, event: Event) -> None:
        """Fold one event, oldest first."""
        match event:
            case RunStarted():
                self._begin(event)
            case Judged():
                self._verdicts.take(event)
            case EquityMarked():
                self._of(event.book).mark(event)
            case Sending():
                self._of(Book.ACCOUNT).trades.take(event)
            case _ if isinstance(event, VenueEvent):
                self._of(event.book).take(event)
            case _:
                pass

    def histories(self) -> Mapping[Book, BookHistory]:
        """Return every book that something happened to, or that was marked."""
        found = {}
        for book, living in self._living.items():
            if living.touched:
                if not living.history.marked:
                    living.history.points = living.wallet
                found[book] = living.history
        return {book: found[book] for book in Book if book in found}

    def _begin(self, run: RunStarted) -> None:
        """Let the books that this run trades begin with what it says they do."""
        for book in Book:
            living = self._of(book)
            living.simulated = book is not Book.ACCOUNT or run.venue == PAPER
            if living.simulated or not living.history.marked:
                living.history.start_usd = run.equity_usd
            if book is not _RESTING[run.mode]:
                living.begin(run.at_ms)

    def _of(self, book: Book) -> _Living:
        if book not in self._living:
            history = BookHistory(book, ZERO)
            trades = TradesFold(self._verdicts, history.trades)
            self._living[book] = _Living(history, trades)
        return self._living[book]


def _sum_of(points: Sequence[Point], start_ms: UnixMs, end_ms: UnixMs) -> Decimal:
    """Return the sum of what lies behind one moment, up to and with another."""
    first = bisect_right(points, start_ms, key=attrgetter("at_ms"))
    last = bisect_right(points, end_ms, key=attrgetter("at_ms"))
    return sum((point.value for point in points[first:last]), ZERO)
