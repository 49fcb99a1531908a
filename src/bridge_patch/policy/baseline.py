"""What "it paid" means: one exit for every decision, in one sentence, with a version.

`baseline-1`: enter at the close of the deciding bar; leave at the hard stop of 2 % x the
volatility factor as soon as a later bar's extreme reaches it (at that bar's open if it
opened beyond), otherwise at the close that ends 60 minutes; it paid if the price move in
the side's favour exceeds both taker fees, the slippage of both orders and the funding that
settled while it was open.

Where no funding is on record none is charged: a settlement inside the hold moves the result
by its rate, most often 0.01 % against costs of 0.1 to 0.3 %, at times far more.

The outcome exists only when the hold is over, stopped out or not: if quick losses were told
before slow wins, what is known at any moment would look worse than it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding
from bridge_patch.policy.sizing import STOP_FRACTION
from bridge_patch.policy.volatility import HOUR_MS

BASELINE_VERSION: Final = "baseline-1"
HOLD_MS: Final = HOUR_MS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a decision ended: known from `ended_ms` on, and not a moment earlier.

    `raw` is the probability before calibration, `forecast` the calibrated one, None where
    no calibration existed when the decision was made. `net_fraction` is the price move in
    the side's favour less costs and funding, as a share of the entry.
    """

    symbol: Symbol
    decided_ms: UnixMs
    ended_ms: UnixMs
    raw: float
    forecast: float | None
    net_fraction: float

    def __post_init__(self) -> None:
        if self.ended_ms <= self.decided_ms:
            msg = f"an outcome must end after its decision, was {self}"
            raise InvalidValueError(msg)

    @property
    def paid(self) -> bool:
        """Whether it netted more than nothing."""
        return self.net_fraction > 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A decision on its way to an outcome; nothing is traded.

    `cost_fraction` is what a round trip costs, and the funding so far.
    """

    symbol: Symbol
    side: Side
    decided_ms: UnixMs
    entry_usd: Decimal
    stop_usd: Decimal
    cost_fraction: Decimal
    raw: float
    forecast: float | None
    seen_ms: UnixMs
    exit_usd: Decimal | None = None

    @property
    def ends_ms(self) -> UnixMs:
        """When its hold is over."""
        return UnixMs(self.decided_ms + HOLD_MS)

    def after(self, bar: Bar) -> Trial | Outcome | None:
        """Take in the next bar; None where one before it, or the end itself, is missing."""
        if bar.open_ms != self.seen_ms or bar.close_ms > self.ends_ms:
            return None
        exit_usd = self._stopped(bar) if self.exit_usd is None else self.exit_usd
        if bar.close_ms < self.ends_ms:
            return replace(self, seen_ms=bar.close_ms, exit_usd=exit_usd)
        left_usd = bar.close if exit_usd is None else exit_usd
        gained = self.side.sign * (left_usd - self.entry_usd) / self.entry_usd
        return Outcome(
            symbol=self.symbol,
            decided_ms=self.decided_ms,
            ended_ms=bar.close_ms,
            raw=self.raw,
            forecast=self.forecast,
            net_fraction=float(gained - self.cost_fraction),
        )

    def settled(self, funding: Funding) -> Trial:
        """Pay or receive a settlement, if it came while this was open; longs pay."""
        if self.exit_usd is not None or funding.at_ms < self.decided_ms:
            return self
        paid = self.side.sign * funding.rate_fraction
        return replace(self, cost_fraction=self.cost_fraction + paid)

    def _stopped(self, bar: Bar) -> Decimal | None:
        """Return the worse of stop and open, if the bar reached the stop."""
        if self.side is Side.BUY:
            return min(self.stop_usd, bar.open) if bar.low <= self.stop_usd else None
        return max(self.stop_usd, bar.open) if bar.high >= self.stop_usd else None


def begun(
    *,
    side: Side,
    bar: Bar,
    factor: Decimal,
    cost_fraction: Decimal,
    raw: float,
    forecast: float | None,
) -> Trial:
    """Begin a trial at the close of `bar`, at the hard stop of this volatility factor."""
    away = side.sign * STOP_FRACTION * factor
    return Trial(
        symbol=bar.symbol,
        side=side,
        decided_ms=bar.close_ms,
        entry_usd=bar.close,
        stop_usd=bar.close * (1 - away),
        cost_fraction=cost_fraction,
        raw=raw,
        forecast=forecast,
        seen_ms=bar.close_ms,
    )
