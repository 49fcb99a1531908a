"""What was done lately, as a fold of the journal: what the Governor remembers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.account import Activity
from bridge_patch.domain.events import (
    Book,
    DeadLettered,
    Event,
    Filled,
    FillKind,
    FundingPaid,
    IntentReceived,
    Judged,
    Rearmed,
    Sending,
    Settled,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs
from bridge_patch.domain.money import HUNDRED, ZERO
from bridge_patch.domain.order import Leg
from bridge_patch.domain.position import wallet_change
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.batch import NOT_UNDERSTOOD
from bridge_patch.services.windows import SlidingWindow

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
#: How many of a source's last proposals are looked at.
PROPOSALS: Final = 20
#: More sources than this are not told apart: the one unheard of for longest is forgotten.
SOURCES_MAX: Final = 1024
#: What no sound model proposes; neither lack of room nor what we cannot read is among it.
ABSURD: Final = frozenset({Reason.SIZE_MISSING, Reason.PRICE_OUT_OF_COLLAR})
#: A margin of more than so many times the whole account is a slip, and no lack of room.
ABSURD_EQUITIES: Final = 10


@final
@dataclass(slots=True)
class Streak:
    """How a symbol did: its open result, and its losers in a row."""

    signed_base: Decimal = ZERO
    result_usd: Decimal = ZERO
    losers: int = 0
    lost_ms: UnixMs | None = None
    entries: SlidingWindow = field(default_factory=lambda: SlidingWindow(HOUR_MS))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What one approval counts for, and the price it was judged by."""

    at_ms: UnixMs
    symbol: Symbol
    notional_usd: Decimal
    mark_usd: Decimal | None

    def within(self, span_ms: int, now_ms: UnixMs) -> Decimal:
        """Return its part of a sum over that span."""
        return self.notional_usd if now_ms - self.at_ms < span_ms else ZERO

    def entries(self, span_ms: int, now_ms: UnixMs) -> int:
        """Return its part of a count over that span."""
        counted = self.notional_usd > 0 and now_ms - self.at_ms < span_ms
        return 1 if counted else 0


NO_APPROVAL: Final = Approval(
    at_ms=UnixMs(0), symbol=Symbol(""), notional_usd=ZERO, mark_usd=None
)


def _window(span_ms: int) -> Callable[[], SlidingWindow]:
    return lambda: SlidingWindow(span_ms)


@final
@dataclass(slots=True, kw_only=True)
class ActivityLog:
    """Windows and streaks of one book. What is staged counts at once, and never twice.

    An approval counts from the moment it is given, before it is durable: if it never
    becomes so, the process ends and the next one folds what did.
    """

    book: Book
    _approved_1m: SlidingWindow = field(default_factory=_window(MINUTE_MS))
    _approved_1h: SlidingWindow = field(default_factory=_window(HOUR_MS))
    _approved_1d: SlidingWindow = field(default_factory=_window(DAY_MS))
    _slippage_1h: SlidingWindow = field(default_factory=_window(HOUR_MS))
    _entries_10s: SlidingWindow = field(default_factory=_window(10_000))
    _entries_1m: SlidingWindow = field(default_factory=_window(MINUTE_MS))
    _orders_10s: SlidingWindow = field(default_factory=_window(10_000))
    _orders_1m: SlidingWindow = field(default_factory=_window(MINUTE_MS))
    _streaks: dict[Symbol, Streak] = field(default_factory=dict)
    _proposals: dict[str, deque[bool]] = field(default_factory=dict)
    _sources: dict[IntentId, str] = field(default_factory=dict)
    _open: dict[IntentId, Approval] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        """Which verdicts lead to an order in this book."""
        return Mode.LIVE if self.book is Book.ACCOUNT else Mode.SHADOW

    def at(
        self,
        symbol: Symbol,
        source: str,
        now_ms: UnixMs,
        besides: IntentId | None = None,
    ) -> Activity:
        """State what was done up to now, as it concerns one symbol and one source.

        `besides` is an intent that is judged again: its own approval does not stand in its
        way.
        """
        streak = self._streaks.get(symbol) or Streak()
        own = self._own(besides, symbol)
        malformed = sum(self._proposals.get(source, ()))
        return Activity(
            approved_1m_usd=self._approved_1m.total(now_ms) - own.within(MINUTE_MS, now_ms),
            approved_1h_usd=self._approved_1h.total(now_ms) - own.within(HOUR_MS, now_ms),
            approved_1d_usd=self._approved_1d.total(now_ms) - own.within(DAY_MS, now_ms),
            slippage_1h_usd=self._slippage_1h.total(now_ms),
            malformed_pct=malformed * HUNDRED / PROPOSALS,
            symbol_entries_1h=streak.entries.count(now_ms) - own.entries(HOUR_MS, now_ms),
            losers_in_row=streak.losers,
            lost_ms=streak.lost_ms,
            entries_10s=self._entries_10s.count(now_ms),
            entries_1m=self._entries_1m.count(now_ms),
            orders_10s=self._orders_10s.count(now_ms),
            orders_1m=self._orders_1m.count(now_ms),
        )

    def _own(self, intent_id: IntentId | None, symbol: Symbol) -> Approval:
        own = self._open.get(intent_id) if intent_id is not None else None
        return own if own is not None and own.symbol == symbol else NO_APPROVAL

    def latched(self, losers_min: int) -> tuple[Symbol, ...]:
        """Return the symbols that lost so often in a row."""
        return tuple(s for s, one in self._streaks.items() if one.losers >= losers_min)

    def apply(self, event: Event) -> None:
        """Fold one event; what is not about this book or its proposals changes nothing."""
        match event:
            case IntentReceived():
                self._sources[event.intent_id] = event.source
            case Judged():
                self._judged(event)
            case DeadLettered(reason=reason) if reason == NOT_UNDERSTOOD:
                self._proposed(event.source, malformed=True)
            case Sending():
                self._sent(event)
            case Filled(book=self.book):
                self._filled(event)
            case FundingPaid(book=self.book):
                self._streak(event.symbol).result_usd += event.amount_usd
            case Settled():
                self._open.pop(event.intent_id, None)
            case Rearmed(book=self.book):
                streak = self._streak(event.symbol)
                streak.losers, streak.lost_ms = 0, None
            case _:
                pass

    def _judged(self, judged: Judged) -> None:
        source = self._sources.pop(judged.intent_id, None)
        if judged.confidence is None:
            return
        if source is not None:
            self._proposed(source, malformed=_is_absurd(judged))
        allowed = judged.verdict is not Verdict.REJECT and judged.mode is self.mode
        if not allowed or judged.notional_usd is None:
            return
        for window in (self._approved_1m, self._approved_1h, self._approved_1d):
            window.add(judged.at_ms, judged.notional_usd)
        self._streak(judged.symbol).entries.add(judged.at_ms)
        self._open[judged.intent_id] = Approval(
            at_ms=judged.at_ms,
            symbol=judged.symbol,
            notional_usd=judged.notional_usd,
            mark_usd=judged.case.mark.value if judged.case else None,
        )
        if self.mode is Mode.SHADOW:  # nothing is sent there: an approval stands for it
            for count in (self._entries_10s, self._entries_1m):
                count.add(judged.at_ms)
            for count in (self._orders_10s, self._orders_1m):
                count.add(judged.at_ms)

    def _proposed(self, source: str, *, malformed: bool) -> None:
        seen = self._proposals.pop(source, None)
        if seen is None:
            seen = deque(maxlen=PROPOSALS)
        seen.append(malformed)
        self._proposals[source] = seen
        while len(self._proposals) > SOURCES_MAX:
            del self._proposals[next(iter(self._proposals))]

    def _sent(self, order: Sending) -> None:
        counts = [self._orders_10s, self._orders_1m]
        if order.leg is Leg.ENTRY:
            counts += [self._entries_10s, self._entries_1m]
        for count in counts:
            count.add(order.at_ms)

    def _filled(self, fill: Filled) -> None:
        streak = self._streak(fill.symbol)
        streak.result_usd += wallet_change(fill)
        streak.signed_base += fill.side.sign * fill.quantity_base
        if streak.signed_base == 0:
            self._closed(streak, fill.at_ms)
        own = self._open.get(fill.intent_id, NO_APPROVAL)
        if fill.kind is FillKind.ENTRY and own.mark_usd is not None:
            paid = fill.side.sign * (fill.price_usd - own.mark_usd) * fill.quantity_base
            self._slippage_1h.add(fill.at_ms, max(ZERO, paid))

    def _closed(self, streak: Streak, at_ms: UnixMs) -> None:
        """Count a loser, or end the row with a winner."""
        lost, streak.result_usd = streak.result_usd < 0, ZERO
        streak.losers = streak.losers + 1 if lost else 0
        streak.lost_ms = at_ms if lost else None

    def _streak(self, symbol: Symbol) -> Streak:
        return self._streaks.setdefault(symbol, Streak())


def _is_absurd(judged: Judged) -> bool:
    """Tell what no sound model proposes, by its size or by what the rules said.

    What we could not read is ours: a price is not far from one that is stale, and nothing
    is large beside an equity that is not known, or gone.
    """
    ours = Reason.MARK_STALE in judged.codes
    if not ours and not ABSURD.isdisjoint(judged.codes):
        return True
    case = judged.case
    equity = case.equity.value if case else None
    if case is None or equity is None or not equity.is_finite() or equity <= 0:
        return False
    return case.margin_usd > ABSURD_EQUITIES * equity
