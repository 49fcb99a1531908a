"""What a market feed publishes: bars, marks, funding, and the tick that moves time on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One completed candle, prices in USD, volume in the base asset.

    `open_ms` is the bar's open time; the bar is known at `close_ms`, never earlier.
    """

    symbol: Symbol
    open_ms: UnixMs
    close_ms: UnixMs
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    def __post_init__(self) -> None:
        body_low, body_high = min(self.open, self.close), max(self.open, self.close)
        if not 0 < self.low <= body_low <= body_high <= self.high:
            msg = (
                f"{self.symbol} bar at {self.open_ms} must have 0 < low <= open, close"
                f" <= high, was o={self.open} h={self.high} l={self.low} c={self.close}"
            )
            raise InvalidValueError(msg)
        if not self.volume >= 0:
            msg = (
                f"{self.symbol} bar at {self.open_ms} must have volume >= 0,"
                f" was {self.volume}"
            )
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """A funding settlement: at `at_ms` longs pay shorts this fraction of the notional.

    A negative rate is paid by shorts. 0.0001 = 0.01 %.
    """

    symbol: Symbol
    at_ms: UnixMs
    rate_fraction: Decimal

    def __post_init__(self) -> None:
        rate = self.rate_fraction
        if not (rate.is_finite() and abs(rate) < 1):
            msg = (
                f"{self.symbol} funding at {self.at_ms} must have a rate between -1 and 1,"
                f" was {rate}"
            )
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FundingTerms:
    """What holding a contract costs: a rate each interval, paid by longs where positive.

    As of the settlement at `at_ms`. `interval_ms` zero says that the venue charges none.
    """

    symbol: Symbol
    rate_fraction: Decimal
    interval_ms: int
    at_ms: UnixMs

    def __post_init__(self) -> None:
        rate, interval_ms = self.rate_fraction, self.interval_ms
        if not (rate.is_finite() and abs(rate) < 1 and interval_ms >= 0):
            msg = (
                f"{self.symbol} funding terms must have a rate between -1 and 1 and an"
                f" interval of 0 ms or more, were {rate} each {interval_ms} ms"
            )
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a venue values a contract at, and the index it is held against, both in USD.

    `at_ms` is when the venue said so, by its clock, and never later than by ours. Recorded
    bars know neither.
    """

    symbol: Symbol
    mark_usd: Decimal
    index_usd: Decimal
    at_ms: UnixMs

    def __post_init__(self) -> None:
        for name, usd in (("mark", self.mark_usd), ("index", self.index_usd)):
            if not (usd.is_finite() and usd > 0):
                msg = f"{self.symbol} {name} must be finite and positive, was {usd}"
                raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """All bars that closed at one instant; on a replay this is what moves the clock.

    `fundings` settled since the tick before: at or after these bars opened, and before
    they closed. Whoever plays a tick settles them first, then moves the prices. `terms` are
    said at the first tick and whenever they change: they tell, and settle nothing.
    `marks` come between two bars, and only from a live venue.
    """

    at_ms: UnixMs
    bars: tuple[Bar, ...]
    fundings: tuple[Funding, ...] = ()
    terms: tuple[FundingTerms, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def over(self) -> bool:
        """Whether this says that the market is over: it has nothing to tell."""
        return not (self.bars or self.marks or self.terms or self.fundings)
