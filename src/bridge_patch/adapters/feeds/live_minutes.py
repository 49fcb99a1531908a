"""Bars as they come become ticks as they are played: in order, whole, and none twice.

Each symbol has a line: the minute that is expected next, and what came ahead of it. A
minute that is missing holds back those behind it until it was fetched, or until the
exchange itself said that it has none. Nothing here waits, and nothing is invented.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.feeds.live_frames import MINUTE_MS
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick

#: How long a minute's tick waits for the symbols whose bar is not there yet.
GRACE_MS: Final = 2_000
#: A bar that has not come so long after its close is asked for.
OVERDUE_MS: Final = 5_000
_DAWN: Final = UnixMs(0)


@final
@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes of a symbol that are missing: those that open in [open_ms, until_ms)."""

    symbol: Symbol
    open_ms: UnixMs
    until_ms: UnixMs


@final
@dataclass(slots=True)
class _Line:
    """One symbol's place. `next_ms` is the open of the bar that is expected."""

    next_ms: UnixMs
    ahead: dict[UnixMs, Bar] = field(default_factory=dict)


@final
@dataclass(slots=True)
class Minutes:
    """Orders the bars of several symbols; `last_ms` is the newest tick it has made."""

    symbols: Sequence[Symbol]
    #: Bars that came again or were of the past, for the record.
    passed_over: int = 0
    last_ms: UnixMs = _DAWN
    _lines: dict[Symbol, _Line] = field(default_factory=dict)
    _early: list[Bar] = field(default_factory=list)
    _ready: defaultdict[UnixMs, dict[Symbol, Bar]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def begin(self, next_ms: UnixMs) -> None:
        """Expect of every symbol the bar that opens then; what came before it is past."""
        self._lines = {symbol: _Line(next_ms) for symbol in self.symbols}
        self.last_ms = max(self.last_ms, next_ms)
        early, self._early = self._early, []
        for bar in early:
            self.take(bar)

    def take(self, bar: Bar) -> None:
        """Take in a bar that has closed, from whichever source."""
        line = self._lines.get(bar.symbol)
        if line is None:
            self._early.append(bar)
            return
        if bar.open_ms < line.next_ms or bar.open_ms in line.ahead:
            self.passed_over += 1
            return
        line.ahead[bar.open_ms] = bar
        self._advance(line)

    def gaps(self, now_ms: UnixMs) -> tuple[Gap, ...]:
        """Return what has to be fetched: minutes passed over, or overdue for a while."""
        found = []
        for symbol, line in self._lines.items():
            overdue_ms = (now_ms - OVERDUE_MS) // MINUTE_MS * MINUTE_MS
            until_ms = min(line.ahead, default=UnixMs(overdue_ms))
            if until_ms > line.next_ms:
                found.append(Gap(symbol, line.next_ms, until_ms))
        return tuple(found)

    def without(self, gap: Gap) -> None:
        """Go on behind minutes of which the exchange itself says that it has no bar."""
        line = self._lines[gap.symbol]
        for open_ms in sorted(o for o in line.ahead if o < gap.until_ms):
            self._pass_on(line.ahead.pop(open_ms))
        line.next_ms = max(line.next_ms, gap.until_ms)
        self._advance(line)

    def due(self, now_ms: UnixMs) -> tuple[Tick, ...]:
        """Return the ticks that can be played now, oldest first.

        A tick is of the minute at which its bars closed. Bars that come after theirs went
        out make one of their own, a moment behind it.
        """
        ticks: list[Tick] = []
        for close_ms in sorted(self._ready):
            bars = self._ready[close_ms]
            waited = now_ms - close_ms >= GRACE_MS
            if close_ms > now_ms or not (waited or len(bars) == len(self.symbols)):
                break
            self.last_ms = UnixMs(max(close_ms, self.last_ms + 1))
            ticks.append(Tick(at_ms=self.last_ms, bars=_by_name(bars.values())))
            del self._ready[close_ms]
        return tuple(ticks)

    def _advance(self, line: _Line) -> None:
        while line.next_ms in line.ahead:
            bar = line.ahead.pop(line.next_ms)
            self._pass_on(bar)
            line.next_ms = bar.close_ms

    def _pass_on(self, bar: Bar) -> None:
        self._ready[bar.close_ms][bar.symbol] = bar


def _by_name(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    return tuple(sorted(bars, key=lambda bar: bar.symbol))
