"""What a market feed publishes: bars, and the tick that moves data time forward."""

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
class Tick:
    """All bars that closed at one instant; on a replay this is what moves the clock."""

    at_ms: UnixMs
    bars: tuple[Bar, ...]
