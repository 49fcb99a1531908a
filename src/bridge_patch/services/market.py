"""Our own view of the market: the last price and the volatility of each symbol.

Built from the feed alone. A proposal's idea of the price or the volatility never gets in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import StopDistance, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import FundingTerms, Mark, Tick
from bridge_patch.governor.case import sigma_move
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.policy.sizing import FACTOR_MAX, FACTOR_MIN, STOP_FRACTION
from bridge_patch.policy.volatility import Ewma, volatility_factor

#: How many bars' moves are remembered: an hour of minutes.
_MOVES_MAX: Final = 60
#: So late a bar may come before the one ahead of it is no longer the newest there is.
BAR_LATE_MAX_MS: Final = 10_000


@final
@dataclass(slots=True)
class MarketView:
    """A fold of ticks. Asking about a symbol that never ticked answers Unknown.

    A symbol with marks is valued by them and never by a bar again. A mark also confirms
    what the newest bar said, as long as there can be no newer one: where bars stop and
    marks go on, what is known of the bars ages.
    """

    at_ms: UnixMs | None = None
    _marks: dict[Symbol, Known] = field(default_factory=dict)
    _turnovers: dict[Symbol, Known] = field(default_factory=dict)
    _terms: dict[Symbol, FundingTerms] = field(default_factory=dict)
    _moves: dict[Symbol, deque[Known]] = field(default_factory=dict)
    _volatility: dict[Symbol, Ewma] = field(default_factory=dict)
    #: What `volatility` says until the next bar of a symbol.
    _annual: dict[Symbol, Reading] = field(default_factory=dict)
    _valued: dict[Symbol, Mark] = field(default_factory=dict)
    #: The largest move of the bar that has not closed yet.
    _moving: dict[Symbol, Known] = field(default_factory=dict)

    def on_tick(self, tick: Tick) -> None:
        """Take in the bars that closed, and the marks between them."""
        self.at_ms = tick.at_ms
        for terms in tick.terms:
            self._terms[terms.symbol] = terms
        for bar in tick.bars:
            turnover = Known(bar.volume * bar.close, bar.close_ms)
            self._marks[bar.symbol] = Known(bar.close, bar.close_ms)
            self._turnovers[bar.symbol] = turnover
            known = self._volatility.get(bar.symbol)
            ewma = Ewma(bar_ms=bar.close_ms - bar.open_ms) if known is None else known
            # The close lies between the two: neither end can be nearer to the last one.
            ends = (bar.high, bar.low)
            moved = [ewma.sigmas(price, bar.close_ms) for price in ends]
            if sigmas := [each for each in moved if each is not None]:
                moves = self._moves.setdefault(bar.symbol, deque(maxlen=_MOVES_MAX))
                moves.append(Known(max(sigmas), bar.close_ms))
            self._volatility[bar.symbol] = ewma.after(bar.close, bar.close_ms)
            self._annual.pop(bar.symbol, None)
            self._moving.pop(bar.symbol, None)
        for mark in tick.marks:
            self._value(mark)

    def _value(self, mark: Mark) -> None:
        """Take in a mark; one that is not newer changes nothing.

        Its move is measured against the deviation of a whole bar: a mark is not the price
        that was traded last, and over a second the difference alone would look like a leap.
        """
        symbol, known = mark.symbol, self._valued.get(mark.symbol)
        if known is not None and mark.at_ms <= known.at_ms:
            return
        self._valued[symbol] = mark
        ewma = self._volatility.get(symbol)
        if ewma is None or ewma.last_ms is None:
            return
        at_ms = UnixMs(max(mark.at_ms, ewma.last_ms + ewma.bar_ms))
        sigmas, before = ewma.sigmas(mark.mark_usd, at_ms), self._moving.get(symbol)
        if sigmas is not None:
            most = sigmas if before is None else max(sigmas, before.value)
            self._moving[symbol] = Known(most, mark.at_ms)

    def mark(self, symbol: Symbol) -> Reading:
        """Return the venue's mark, or where it told none the last price; and since when."""
        if valued := self._valued.get(symbol):
            return Known(valued.mark_usd, valued.at_ms)
        return self._marks.get(symbol) or Unknown(f"no price of {symbol} has been seen")

    def index(self, symbol: Symbol) -> Reading:
        """Return the index price; bars know none: there it is the last price, synthetic."""
        if valued := self._valued.get(symbol):
            return Known(valued.index_usd, valued.at_ms)
        return self.mark(symbol)

    def turnover_usd(self, symbol: Symbol) -> Reading:
        """Return what traded in the newest bar, as of then or as confirmed since."""
        known = self._turnovers.get(symbol)
        if known is None:
            return Unknown(f"no bar of {symbol} has been seen")
        return Known(known.value, self._confirmed(symbol, known.at_ms))

    def _confirmed(self, symbol: Symbol, closed_ms: UnixMs) -> UnixMs:
        """Return until when a bar is known to be the newest: its close, or a mark since."""
        valued, ewma = self._valued.get(symbol), self._volatility.get(symbol)
        if valued is None or ewma is None:
            return closed_ms
        newest = valued.at_ms < closed_ms + ewma.bar_ms + BAR_LATE_MAX_MS
        return max(closed_ms, valued.at_ms) if newest else closed_ms

    def funding(self, symbol: Symbol) -> FundingTerms | Unknown:
        """Return what holding the symbol costs, as of its last settlement."""
        return self._terms.get(symbol) or Unknown(f"no terms of {symbol} have been seen")

    def shock_sigmas(self, symbol: Symbol, within_ms: int) -> Reading:
        """Return the largest move of one bar within that time, in standard deviations.

        The newest bar always counts, and what moved since. As of that bar, or as confirmed
        since; Unknown until a deviation is known.
        """
        moves = self._moves.get(symbol)
        if not moves:
            return Unknown(f"no move of {symbol} could be measured")
        newest_ms = moves[-1].at_ms
        recent = [m.value for m in moves if newest_ms - m.at_ms < max(within_ms, 1)]
        if moving := self._moving.get(symbol):
            recent.append(moving.value)
        return Known(max(recent), self._confirmed(symbol, newest_ms))

    def volatility(self, symbol: Symbol) -> Reading:
        """Return the annualised volatility (0.5 = 50 %) as of the last bar."""
        if (known := self._annual.get(symbol)) is not None:
            return known
        ewma = self._volatility.get(symbol)
        if ewma is None or ewma.last_ms is None:
            return Unknown(f"no price of {symbol} has been seen")
        annual = ewma.annual()
        read = annual if isinstance(annual, Unknown) else Known(annual, ewma.last_ms)
        self._annual[symbol] = read
        return read

    def factor(self, symbol: Symbol) -> Decimal | Unknown:
        """Return the volatility factor the sizer takes: annual volatility over 50 %."""
        match self.volatility(symbol):
            case Known(annual, _):
                return volatility_factor(annual)
            case Unknown() as unknown:
                return unknown

    def scaled(self, policy: HarvestPolicy, symbol: Symbol) -> HarvestPolicy:
        """Return a policy with its trail fixed by what the market moves over its hold now.

        It stays unscaled while the volatility is unknown: then no entry is permitted.
        """
        if not policy.unscaled:
            return policy
        sigma = sigma_move(self.volatility(symbol), policy.hold_max_sec)
        return policy if isinstance(sigma, Unknown) else policy.scaled(sigma)

    def default_stop(self, symbol: Symbol) -> StopDistance | Unknown:
        """Return the hard stop of an entry that states none: the sizer's own.

        2 % x the volatility factor; Unknown outside the range the sizer trusts.
        """
        factor = self.factor(symbol)
        if isinstance(factor, Unknown):
            return Unknown(f"no stop stated, and none can be set: {factor.why}")
        if not FACTOR_MIN <= factor <= FACTOR_MAX:
            return Unknown(
                f"no stop stated, and volatility factor {factor:.2f} is outside"
                f" {FACTOR_MIN} to {FACTOR_MAX}"
            )
        return StopDistance(STOP_FRACTION * factor)
