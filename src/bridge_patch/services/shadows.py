"""The shadow books of a run: who they are, and what is said of their worth every hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import Book, EquityMarked, Event
from bridge_patch.domain.intent import Proposal, UnixMs
from bridge_patch.domain.money import HUNDRED, Leverage, Margin
from bridge_patch.services.books import ShadowBook
from bridge_patch.services.gauge import DAY_MS, MARK_EVERY_MS
from bridge_patch.sim.exchange import Exchange

#: The one size of the baseline book: this much of its first equity as margin, so levered.
BASELINE_MARGIN_PCT: Final = Decimal(10)
BASELINE_LEVERAGE: Final = Decimal(5)


def baseline_size(equity_usd: Decimal) -> Proposal:
    """Return the size that the baseline book takes of every entry.

    >>> baseline_size(Decimal(10000)).margin
    Margin(usd=Decimal('1000'))
    """
    margin = Margin(equity_usd * BASELINE_MARGIN_PCT / HUNDRED)
    return Proposal(margin=margin, leverage=Leverage(BASELINE_LEVERAGE))


@final
@dataclass(slots=True)
class HourlyMarks:
    """Says what a book is worth, at its first tick in every hour of data time.

    A fold of its own marks: a restart neither leaves one out nor says one twice. Peak and
    start of the day are those of the marks.
    """

    book: Book
    _last: EquityMarked | None = None

    def due(self, equity_usd: Decimal, at_ms: UnixMs) -> EquityMarked | None:
        """Return a mark if this hour has none yet."""
        last = self._last
        if last is not None and last.at_ms // MARK_EVERY_MS == at_ms // MARK_EVERY_MS:
            return None
        return self.mark(equity_usd, at_ms)

    def mark(self, equity_usd: Decimal, at_ms: UnixMs) -> EquityMarked:
        """Return a mark, whether or not one is due."""
        last, begun, peak = self._last, equity_usd, equity_usd
        if last is not None:
            peak = max(peak, last.peak_usd)
            begun = last.day_start_usd if last.at_ms // DAY_MS == at_ms // DAY_MS else begun
        self._last = EquityMarked(
            book=self.book,
            at_ms=at_ms,
            equity_usd=equity_usd,
            peak_usd=peak,
            day_start_usd=begun,
        )
        return self._last

    def fold(self, event: Event) -> None:
        """Take in one journaled event."""
        if isinstance(event, EquityMarked) and event.book is self.book:
            self._last = event


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The shadow books of a run; `governed` exists in shadow only.

    `asked` does as asked and `baseline` takes every entry at the same `size`, both without
    a Governor. Their worth is marked here; the book that is judged by has its own gauge.
    """

    asked: ShadowBook
    baseline: ShadowBook
    governed: ShadowBook | None
    size: Proposal
    _marks: dict[Book, HourlyMarks] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for book in (Book.ASKED, Book.BASELINE):
            self._marks[book] = HourlyMarks(book)

    def __iter__(self) -> Iterator[ShadowBook]:
        """Yield the books there are."""
        yield self.asked
        yield self.baseline
        if self.governed is not None:
            yield self.governed

    def marks_due(self, at_ms: UnixMs) -> Iterator[EquityMarked]:
        """Yield the marks that this tick is to journal."""
        for exchange, marks in self._marked():
            mark = marks.due(exchange.equity_usd(), at_ms)
            if mark is not None:
                yield mark

    def marks(self, at_ms: UnixMs) -> Iterator[EquityMarked]:
        """Yield a mark of each ungoverned book: how a run ended."""
        for exchange, marks in self._marked():
            yield marks.mark(exchange.equity_usd(), at_ms)

    def fold(self, event: Event) -> None:
        """Take in one journaled event."""
        for marks in self._marks.values():
            marks.fold(event)
        for book in self:
            book.fold(event)

    def _marked(self) -> Iterator[tuple[Exchange, HourlyMarks]]:
        for book in (self.asked, self.baseline):
            yield book.exchange, self._marks[book.exchange.book]
