"""Invented markets as ticks: one without an edge, one where the past foretells the next."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from bridge_patch.adapters.feeds.series import Feed, FeedKind, Series
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick

HOUR_MS = 3_600_000
START_MS = 1_746_403_200_000  # 2025-05-05, midnight
#: 0.7 % in an hour is 65 % a year.
SIGMA_HOUR = 0.007


def market(
    names: Sequence[str], hours: int, *, seed: int, drift: float, bars_an_hour: int = 12
) -> list[Tick]:
    """Bars whose hours drift by `drift` of their own sigma, on every other day.

    The drift's sign outlives an hour nine times of ten, so a rise foretells a rise. With a
    drift of zero the past says nothing.
    """
    chance = np.random.default_rng(seed)
    series = [_series(Symbol(name), hours, bars_an_hour, chance, drift) for name in names]
    return list(Feed(FeedKind.GENERATED, series, "test"))


def _series(
    symbol: Symbol, hours: int, per_hour: int, chance: np.random.Generator, drift: float
) -> Series:
    bars, length = hours * per_hour, HOUR_MS // per_hour
    sigma = SIGMA_HOUR / np.sqrt(per_hour)
    flips = np.where(chance.random(hours) < 0.1, -1.0, 1.0)
    trending = (np.arange(hours) // 24) % 2 == 0
    hourly = drift * np.cumprod(flips) * trending / np.sqrt(per_hour)
    returns = sigma * (chance.standard_normal(bars) + np.repeat(hourly, per_hour))
    close = 100 * np.exp(np.cumsum(returns))
    open_ = np.concatenate(([100.0], close[:-1]))
    wick = sigma * np.abs(chance.standard_normal((2, bars))) / 4
    return Series(
        symbol=symbol,
        interval_ms=length,
        open_ms=START_MS + length * np.arange(bars, dtype=np.int64),
        open=_cents(open_),
        high=_cents(np.maximum(open_, close) * (1 + wick[0])),
        low=_cents(np.minimum(open_, close) * (1 - wick[1])),
        close=_cents(close),
        volume=np.ones(bars),
    )


def _cents(prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round alike, so that high and low stay outside of open and close."""
    return np.round(prices, 4)


def minute_bar(
    minute: int,
    close: str,
    *,
    open_: str | None = None,
    high: str | None = None,
    low: str | None = None,
    symbol: str = "BTCUSDT",
) -> Bar:
    """One-minute bar that opens `minute` minutes after the start; flat unless told."""
    last = Decimal(close)
    first = last if open_ is None else Decimal(open_)
    opened = UnixMs(START_MS + 60_000 * minute)
    return Bar(
        symbol=Symbol(symbol),
        open_ms=opened,
        close_ms=UnixMs(opened + 60_000),
        open=first,
        high=max(first, last) if high is None else Decimal(high),
        low=min(first, last) if low is None else Decimal(low),
        close=last,
        volume=Decimal(1),
    )
