"""Equity against its peak and against the start of the day, and the latches they pull."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Event,
    Filled,
    FundingPaid,
    InsuranceCleared,
    LatchSet,
    ModeOrdered,
    OrderVouched,
    PositionVouched,
    Rearmed,
    TradingState,
    Transferred,
)
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.money import HUNDRED, ZERO
from bridge_patch.domain.position import wallet_change
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.services.holds import (
    DAILY_LOSS,
    DRAWDOWN,
    EQUITY_JUMP,
    GOVERNOR,
    Holds,
)

DAY_MS: Final = 24 * 3600 * 1000
#: A mark is due this often, at every new peak, and where equity moved by that fraction: a
#: restart forgets no peak, and no more than that of what a day began with.
MARK_EVERY_MS: Final = 3600 * 1000
MARK_MOVE: Final = Decimal("0.001")
_UNREAD: Final = Unknown("equity has not been read")


@final
@dataclass(slots=True)
class EquityGauge:
    """What one book's equity has been through; a fold of its events.

    Money paid in or out moves peak and start of the day with it: it is neither gain nor
    loss, and neither is a jump until it is explained. The daily-loss latch releases at the
    next UTC day, and an unexplained jump once it is explained; any other latch, and so the
    drawdown, is released by a person only, who thereby lets the peak begin anew.
    """

    book: Book
    equity: Reading = _UNREAD
    peak_usd: Decimal | None = None
    day_start_usd: Decimal | None = None
    day: int = -1
    jump_usd: Decimal = ZERO
    _cash_usd: Decimal = ZERO
    #: What was marked last, without what nothing explains.
    _counted_usd: Decimal | None = None
    _latched_jump_usd: Decimal = ZERO
    _unexplained_usd: Decimal | None = None
    _baseline_usd: Decimal | None = None
    _lost_day: int = -1
    _marked: EquityMarked | None = None
    holds: Holds = field(init=False)

    def __post_init__(self) -> None:
        self.holds = Holds(self.book)

    @property
    def state(self) -> TradingState:
        """Return what the account may do."""
        return self.holds.state

    def apply(self, event: Event) -> None:
        """Fold one journaled event; what is not about this book changes nothing."""
        match event:
            case EquityMarked(book=self.book):
                self.peak_usd = event.peak_usd
                self.day_start_usd = event.day_start_usd
                self.day = event.at_ms // DAY_MS
                self.equity = Known(event.equity_usd, event.at_ms)
                self._counted_usd = event.equity_usd - event.jump_usd
                self.jump_usd = event.jump_usd
                self._unexplained_usd = event.unexplained_usd
                self._baseline_usd = event.baseline_usd
                self._marked = event
            case LatchSet():
                self._latched(event)
            case Filled(book=self.book):
                self._cash_usd += wallet_change(event)
            case FundingPaid(book=self.book) | InsuranceCleared(book=self.book):
                self._cash_usd += event.amount_usd
            case PositionVouched() if self.book is Book.ACCOUNT:
                self.holds.heed(event)
                self._adopted(event.gain_usd or ZERO)
            case Rearmed() | OrderVouched() | PositionVouched() | ModeOrdered():
                self.holds.heed(event)
            case Transferred(book=self.book):
                self._transferred(event.amount_usd)
            case _:
                pass

    def observe(
        self, equity_usd: Decimal, now_ms: UnixMs, unrealised_usd: Decimal, limits: Limits
    ) -> EquityMarked | None:
        """Take in a reading; return the mark to journal where one is due.

        `unrealised_usd` is the gain of our own positions at our own prices. What equity
        moved within the UTC day, and neither that nor our cash explains, is a jump once it
        is more than the limit, and until it is explained. Until then it makes no peak, no
        loss and begins no day. A day begins with what the mark before it was worth, or with
        its first reading if that is more: no outage and no restart takes a loss away.
        """
        before = self._counted_usd
        day, last = now_ms // DAY_MS, self._marked
        new_day = day > self.day or self.day_start_usd is None
        unexplained_usd = equity_usd - self._cash_usd - unrealised_usd
        if self._unexplained_usd is None or self._baseline_usd is None:
            self._baseline_usd = unexplained_usd
        elif new_day and self.jump_usd == 0:
            self._baseline_usd = self._unexplained_usd
        self.equity, self._unexplained_usd = Known(equity_usd, now_ms), unexplained_usd
        moved_usd = unexplained_usd - self._baseline_usd
        base_usd = abs(equity_usd - moved_usd if before is None else before)
        most_usd = base_usd * limits.equity_jump_max_pct / HUNDRED
        self.jump_usd = moved_usd if abs(moved_usd) > most_usd else ZERO
        counted_usd = equity_usd - self.jump_usd
        if new_day:
            self.day = day
            self.day_start_usd = counted_usd if before is None else max(before, counted_usd)
        if new_peak := self.peak_usd is None or counted_usd > self.peak_usd:
            self.peak_usd = counted_usd
        overdue = last is None or (
            now_ms - last.at_ms >= MARK_EVERY_MS
            or abs(equity_usd - last.equity_usd) >= MARK_MOVE * abs(last.equity_usd)
        )
        return self.mark() if new_day or new_peak or overdue else None

    def mark(self) -> EquityMarked | None:
        """Return the last reading as a mark, if there is one that is not marked yet."""
        read, peak, begun = self.equity, self.peak_usd, self.day_start_usd
        if isinstance(read, Unknown) or peak is None or begun is None:
            return None
        if self.marked_at(read.at_ms):
            return None
        self._marked = EquityMarked(
            book=self.book,
            at_ms=read.at_ms,
            equity_usd=read.value,
            peak_usd=peak,
            day_start_usd=begun,
            jump_usd=self.jump_usd,
            unexplained_usd=self._unexplained_usd,
            baseline_usd=self._baseline_usd,
        )
        return self._marked

    def marked_at(self, at_ms: UnixMs) -> bool:
        """Tell whether the newest mark is of that very moment."""
        return self._marked is not None and self._marked.at_ms == at_ms

    def lost(self, why: str) -> None:
        """Forget the reading: equity could not be had, and nothing stands in for it."""
        self.equity = Unknown(why)

    def day_loss_pct(self) -> Reading:
        """Return today's loss in percent of the day's first equity; a gain is negative."""
        return self._fall_from(self.day_start_usd)

    def drawdown_pct(self) -> Reading:
        """Return the fall from the peak in percent of the peak."""
        return self._fall_from(self.peak_usd)

    def equity_jump_pct(self) -> Reading:
        """Return what equity moved unexplained, in percent of itself, either way."""
        match self.equity:
            case Known(now_usd, at_ms) if now_usd > 0:
                return Known(self.jump_usd / now_usd * HUNDRED, at_ms)
            case Known():
                return Unknown("there is no positive equity to measure a jump by")
            case Unknown() as unknown:
                return unknown

    def latch_due(self, limits: Limits, now_ms: UnixMs) -> LatchSet | None:
        """Return the latch that the last reading pulls or releases, if any.

        A jump is no gain that ends a lost day, and a new day explains no jump.
        """
        over = self._over(limits, now_ms)
        if (due := self._pulled(limits, now_ms)) is not None:
            return self.holds.latch(*due, now_ms, releases=over)
        if not over:
            return None
        (cause, why), *_ = over.values()
        return self.holds.latch(TradingState.RUNNING, cause, why, now_ms, releases=over)

    def _pulled(
        self, limits: Limits, now_ms: UnixMs
    ) -> tuple[TradingState, str, str] | None:
        """Return the first latch that is due and does not hold yet, and why it is.

        A day that loses too much is lost also where the day before it was, and a jump that
        goes on is another one: nobody has looked at what came since.
        """
        drawdown, loss, holds = self.drawdown_pct(), self.day_loss_pct(), self.holds
        if DRAWDOWN not in holds and _reached(drawdown, limits.drawdown_max_pct):
            why = f"fell {_pct(drawdown)} from the peak, limit {limits.drawdown_max_pct} %"
            return TradingState.HALTED, DRAWDOWN, why
        lost = DAILY_LOSS in holds and self._lost_day >= now_ms // DAY_MS
        if not lost and _reached(loss, limits.daily_loss_max_pct):
            why = f"lost {_pct(loss)} today, limit {limits.daily_loss_max_pct} %"
            return TradingState.REDUCING, DAILY_LOSS, why
        if self._jumped_further(limits) if EQUITY_JUMP in holds else self.jump_usd != 0:
            why = f"equity moved {self.jump_usd:.2f} USD that nothing explains"
            return TradingState.REDUCING, EQUITY_JUMP, why
        return None

    def _jumped_further(self, limits: Limits) -> bool:
        """Tell whether a jump has grown by another one since it was latched."""
        more_usd = abs(self.jump_usd - self._latched_jump_usd)
        before_usd = abs((self._counted_usd or ZERO) + self._latched_jump_usd)
        grown = abs(self.jump_usd) > abs(self._latched_jump_usd)
        return grown and more_usd > before_usd * limits.equity_jump_max_pct / HUNDRED

    def _over(self, limits: Limits, now_ms: UnixMs) -> dict[str, tuple[str, str]]:
        """Return which latches end by themselves now: by what, and why."""
        loss, over = self.day_loss_pct(), {}
        if isinstance(loss, Unknown):
            return {}
        lost = self._lost_day >= now_ms // DAY_MS
        still = lost or _reached(loss, limits.daily_loss_max_pct)
        if DAILY_LOSS in self.holds and not still:
            over[DAILY_LOSS] = ("NEW_DAY", "a new UTC day has begun")
        if EQUITY_JUMP in self.holds and self.jump_usd == 0:
            over[EQUITY_JUMP] = ("EXPLAINED", "what moved equity is explained")
        return over

    def _latched(self, latch: LatchSet) -> None:
        """Fold a latch. Who lets go of a jump takes it for money that was moved.

        Who lets go of a drawdown lets the peak begin anew.
        """
        lost = DAILY_LOSS in self.holds
        let_go = self.holds.apply(latch)
        if DAILY_LOSS in self.holds and (not lost or latch.adds == DAILY_LOSS):
            self._lost_day = latch.at_ms // DAY_MS
        if latch.adds == EQUITY_JUMP and latch.book is self.book:
            self._latched_jump_usd = self.jump_usd
        if DRAWDOWN in let_go:
            self.peak_usd = None
        if EQUITY_JUMP in let_go and latch.who != GOVERNOR:
            self._accept_jump()

    def _adopted(self, gain_usd: Decimal) -> None:
        """Let the gain that a position brings with it be no jump: equity had it before."""
        if self._unexplained_usd is not None and self._baseline_usd is not None:
            self._unexplained_usd -= gain_usd
            self._baseline_usd -= gain_usd

    def _accept_jump(self) -> None:
        jump_usd, self.jump_usd = self.jump_usd, ZERO
        self._baseline_usd = self._unexplained_usd
        self._shift(jump_usd)

    def _transferred(self, amount_usd: Decimal) -> None:
        self._cash_usd += amount_usd
        self._shift(amount_usd)

    def _shift(self, amount_usd: Decimal) -> None:
        """Move all that later readings are compared with."""
        if self.peak_usd is not None:
            self.peak_usd += amount_usd
        if self.day_start_usd is not None:
            self.day_start_usd += amount_usd
        if self._counted_usd is not None:
            self._counted_usd += amount_usd

    def _fall_from(self, base_usd: Decimal | None) -> Reading:
        match self.equity:
            case Known(now_usd, at_ms) if base_usd is not None and base_usd > 0:
                fallen_usd = base_usd - (now_usd - self.jump_usd)
                return Known(fallen_usd / base_usd * HUNDRED, at_ms)
            case Known():
                return Unknown("there is no positive equity to measure a loss from")
            case Unknown() as unknown:
                return unknown


def _reached(reading: Reading, limit_pct: Decimal) -> bool:
    return isinstance(reading, Known) and reading.value >= limit_pct


def _pct(reading: Reading) -> str:
    return f"{reading.value:.2f} %" if isinstance(reading, Known) else "an unknown share"
