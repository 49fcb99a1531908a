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
    Rearmed,
    TradingState,
    Transferred,
)
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.money import HUNDRED, ZERO
from bridge_patch.domain.position import wallet_change
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Known, Reading

DAY_MS: Final = 24 * 3600 * 1000
#: A mark is due at least this often, and at every new peak: a restart forgets none.
MARK_EVERY_MS: Final = 3600 * 1000
#: Who pulls a latch that no person pulled.
GOVERNOR: Final = "governor"
DAILY_LOSS: Final = "DAILY_LOSS"
DRAWDOWN: Final = "DRAWDOWN"
EQUITY_JUMP: Final = "EQUITY_JUMP"
FOREIGN_POSITION: Final = "FOREIGN_POSITION"
#: The cause of every state that a person asked for.
OPERATOR: Final = "OPERATOR"
_UNREAD: Final = Unknown("equity has not been read")


@final
@dataclass(slots=True)
class EquityGauge:
    """What one book's equity has been through; a fold of its events.

    Money paid in or out moves peak and start of the day with it: it is neither gain nor
    loss, and neither is a jump until it is explained. The daily-loss latch releases at the
    next UTC day, and an unexplained jump once it is explained; any other latch, and so the
    drawdown, is released by a person only, who thereby lets the peak begin anew. `heeded`
    names the commands that were carried out.
    """

    book: Book
    state: TradingState = TradingState.RUNNING
    cause: str = ""
    equity: Reading = _UNREAD
    peak_usd: Decimal | None = None
    day_start_usd: Decimal | None = None
    day: int = -1
    heeded: set[str] = field(default_factory=set)
    jump_usd: Decimal = ZERO
    _cash_usd: Decimal = ZERO
    _unexplained_usd: Decimal | None = None
    _baseline_usd: Decimal | None = None
    _lost_day: int = -1
    _marked: EquityMarked | None = None

    def apply(self, event: Event) -> None:
        """Fold one journaled event; what is not about this book changes nothing."""
        match event:
            case EquityMarked(book=self.book):
                self.peak_usd = event.peak_usd
                self.day_start_usd = event.day_start_usd
                self.day = event.at_ms // DAY_MS
                self.equity = Known(event.equity_usd, event.at_ms)
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
            case Rearmed(book=self.book):
                self.heeded.add(event.command_id)
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
        loss and begins no day. A day begins with what the reading before it was worth.
        """
        before = self._counted_usd()
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
            self.day_start_usd = counted_usd if before is None else before
        if new_peak := self.peak_usd is None or counted_usd > self.peak_usd:
            self.peak_usd = counted_usd
        overdue = last is None or now_ms - last.at_ms >= MARK_EVERY_MS
        return self.mark() if new_day or new_peak or overdue else None

    def _counted_usd(self) -> Decimal | None:
        """Return what was read last, without what nothing explains."""
        read = self.equity
        return read.value - self.jump_usd if isinstance(read, Known) else None

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
        return self._pulled(limits, now_ms) or self._let_go(limits, now_ms)

    def _pulled(self, limits: Limits, now_ms: UnixMs) -> LatchSet | None:
        drawdown, loss = self.drawdown_pct(), self.day_loss_pct()
        fallen = _reached(drawdown, limits.drawdown_max_pct)
        if fallen and self.state is not TradingState.HALTED:
            why = f"fell {_pct(drawdown)} from the peak, limit {limits.drawdown_max_pct} %"
            return self.latch(TradingState.HALTED, DRAWDOWN, why, now_ms)
        if self.state is not TradingState.RUNNING:
            return None
        if _reached(loss, limits.daily_loss_max_pct):
            why = f"lost {_pct(loss)} today, limit {limits.daily_loss_max_pct} %"
            return self.latch(TradingState.REDUCING, DAILY_LOSS, why, now_ms)
        return self._jumped(now_ms) if self.jump_usd != 0 else None

    def _let_go(self, limits: Limits, now_ms: UnixMs) -> LatchSet | None:
        loss, today = self.day_loss_pct(), now_ms // DAY_MS
        if isinstance(loss, Unknown):
            return None
        if self.cause == EQUITY_JUMP and self.jump_usd == 0:
            if self._lost_day >= today or _reached(loss, limits.daily_loss_max_pct):
                why = f"lost too much today, {_pct(loss)} as it is now"
                return self.latch(TradingState.REDUCING, DAILY_LOSS, why, now_ms)
            why = "what moved equity is explained"
            return self.latch(TradingState.RUNNING, "EXPLAINED", why, now_ms)
        over = self._lost_day < today and not _reached(loss, limits.daily_loss_max_pct)
        return self._next_day(now_ms) if self.cause == DAILY_LOSS and over else None

    def _next_day(self, now_ms: UnixMs) -> LatchSet:
        """Release the daily latch once a new UTC day has begun, never within the day."""
        if self.jump_usd != 0:
            return self._jumped(now_ms)
        return self.latch(
            TradingState.RUNNING, "NEW_DAY", "a new UTC day has begun", now_ms
        )

    def _jumped(self, now_ms: UnixMs) -> LatchSet:
        why = f"equity moved {self.jump_usd:.2f} USD that nothing explains"
        return self.latch(TradingState.REDUCING, EQUITY_JUMP, why, now_ms)

    def latch(
        self,
        state: TradingState,
        cause: str,
        why: str,
        now_ms: UnixMs,
        *,
        who: str = GOVERNOR,
        command_id: str = "",
    ) -> LatchSet:
        """Return the event that puts this book into a state; nothing changes before it."""
        return LatchSet(
            book=self.book,
            at_ms=now_ms,
            state=state,
            cause=cause,
            who=who,
            why=why,
            command_id=command_id,
        )

    def _latched(self, latch: LatchSet) -> None:
        """Take over a state of this book, or what a person ordered for every book.

        A person's order to stop holds everywhere; one to go on releases, in another book,
        only what a person had stopped there. Who lets go of a jump takes it for money that
        was moved; who lets go of a drawdown lets the peak begin anew.
        """
        self.heeded.add(latch.command_id)
        going_on = latch.state is TradingState.RUNNING
        if latch.book is not self.book and (
            latch.cause != OPERATOR or (going_on and self.cause != OPERATOR)
        ):
            return
        if going_on and latch.cause == OPERATOR:
            if self.cause == DRAWDOWN:
                self.peak_usd = None
            self._accept_jump()
        if latch.cause == DAILY_LOSS:
            self._lost_day = latch.at_ms // DAY_MS
        self.state, self.cause = latch.state, latch.cause

    def _accept_jump(self) -> None:
        jump_usd, self.jump_usd = self.jump_usd, ZERO
        self._baseline_usd = self._unexplained_usd
        if self.peak_usd is not None:
            self.peak_usd += jump_usd
        if self.day_start_usd is not None:
            self.day_start_usd += jump_usd

    def _transferred(self, amount_usd: Decimal) -> None:
        self._cash_usd += amount_usd
        if self.peak_usd is not None:
            self.peak_usd += amount_usd
        if self.day_start_usd is not None:
            self.day_start_usd += amount_usd

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
