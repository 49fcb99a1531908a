"""Our own view of the market: the last price and the volatility of each symbol.

Built from the feed alone. A proposal's idea of the price or the volatility never gets in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.intent import StopDistance, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import FundingTerms, Tick
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.policy.sizing import FACTOR_MAX, FACTOR_MIN, STOP_FRACTION
from bridge_patch.policy.volatility import Ewma, volatility_factor

#: How many bars' moves are remembered: an hour of minutes.
_MOVES_MAX: Final = 60


@final
@dataclass(slots=True)
class MarketView:
    """A fold of ticks. Asking about a symbol that never ticked answers Unknown."""

    at_ms: UnixMs | None = None
    _marks: dict[Symbol, Known] = field(default_factory=dict)
    _turnovers: dict[Symbol, Known] = field(default_factory=dict)
    _terms: dict[Symbol, FundingTerms] = field(default_factory=dict)
    _moves: dict[Symbol, deque[Known]] = field(default_factory=dict)
    _volatility: dict[Symbol, Ewma] = field(default_factory=dict)
    #: What `volatility` says until the next bar of a symbol.
    _annual: dict[Symbol, Reading] = field(default_factory=dict)

    def on_tick(self, tick: Tick) -> None:
        """Take in the bars that closed."""
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

    def mark(self, symbol: Symbol) -> Reading:
        """Return the last price in USD and when it was printed."""
        return self._marks.get(symbol) or Unknown(f"no price of {symbol} has been seen")

    def index(self, symbol: Symbol) -> Reading:
        """Return the index price: bars know none, so it is the last price, synthetic."""
        return self.mark(symbol)

    def turnover_usd(self, symbol: Symbol) -> Reading:
        """Return what traded in the newest bar, at its close."""
        return self._turnovers.get(symbol) or Unknown(f"no bar of {symbol} has been seen")

    def funding(self, symbol: Symbol) -> FundingTerms | Unknown:
        """Return what holding the symbol costs, as of its last settlement."""
        return self._terms.get(symbol) or Unknown(f"no terms of {symbol} have been seen")

    def shock_sigmas(self, symbol: Symbol, within_ms: int) -> Reading:
        """Return the largest move of one bar within that time, in standard deviations.

        The newest bar always counts. As of that bar; Unknown until a deviation is known.
        """
        moves = self._moves.get(symbol)
        if not moves:
            return Unknown(f"no move of {symbol} could be measured")
        newest_ms = moves[-1].at_ms
        recent = [m.value for m in moves if newest_ms - m.at_ms < max(within_ms, 1)]
        return Known(max(recent), newest_ms)

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
