"""Our own view of the market: the last price and the volatility of each symbol.

Built from the feed alone. A proposal's idea of the price or the volatility never gets in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.intent import StopDistance, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.policy.sizing import FACTOR_MAX, FACTOR_MIN, STOP_FRACTION
from bridge_patch.policy.volatility import Ewma, volatility_factor


@final
@dataclass(slots=True)
class MarketView:
    """A fold of ticks. Asking about a symbol that never ticked answers Unknown."""

    at_ms: UnixMs | None = None
    _marks: dict[Symbol, Known] = field(default_factory=dict)
    _volatility: dict[Symbol, Ewma] = field(default_factory=dict)

    def on_tick(self, tick: Tick) -> None:
        """Take in the bars that closed."""
        self.at_ms = tick.at_ms
        for bar in tick.bars:
            self._marks[bar.symbol] = Known(bar.close, bar.close_ms)
            known = self._volatility.get(bar.symbol)
            ewma = Ewma(bar_ms=bar.close_ms - bar.open_ms) if known is None else known
            self._volatility[bar.symbol] = ewma.after(bar.close, bar.close_ms)

    def mark(self, symbol: Symbol) -> Reading:
        """Return the last price in USD and when it was printed."""
        return self._marks.get(symbol) or Unknown(f"no price of {symbol} has been seen")

    def volatility(self, symbol: Symbol) -> Reading:
        """Return the annualised volatility (0.5 = 50 %) as of the last bar."""
        ewma = self._volatility.get(symbol)
        if ewma is None or ewma.last_ms is None:
            return Unknown(f"no price of {symbol} has been seen")
        annual = ewma.annual()
        return annual if isinstance(annual, Unknown) else Known(annual, ewma.last_ms)

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
