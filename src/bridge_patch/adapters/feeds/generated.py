"""An invented market from a seed, for a machine without data: every label says so.

Minute returns have the two traits that risk controls must survive: fat tails (Student t,
four degrees of freedom) and volatility that comes in clusters (its logarithm wanders
around a mean). All symbols share a market factor. The prices mean nothing, and no result on
them is evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from types import MappingProxyType
from typing import Final

import numpy as np

from bridge_patch.adapters.feeds.series import Feed, FeedKind, Series
from bridge_patch.adapters.feeds.settlements import Numbers
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.services.ports import Instruments

MINUTE_MS: Final = 60_000

_MINUTES_A_YEAR: Final = 365 * 24 * 60
_TAIL: Final = 4
_CLUSTER_MEMORY: Final = 0.985
_CLUSTER_NOISE: Final = 0.12
_MARKET_SHARE: Final = 0.6
_RETURN_MAX: Final = 0.15
#: Median turnover of a minute, of the order of SOLUSDT in May 2025.
_TURNOVER_USD: Final = 1_500_000.0
#: (price to begin with in USD, annualised volatility), by order of magnitude.
_BEGIN: Final = MappingProxyType(
    {
        "BTCUSDT": (95_000.0, 0.5),
        "ETHUSDT": (2_500.0, 0.7),
        "SOLUSDT": (150.0, 0.9),
        "BNBUSDT": (600.0, 0.6),
        "LTCUSDT": (90.0, 0.8),
        "BCHUSDT": (400.0, 0.8),
        "LAYERUSDT": (2.0, 1.6),
    }
)
_BEGIN_OTHER: Final = (10_000.0, 0.9)


def generate(
    symbols: Sequence[Symbol],
    *,
    instruments: Instruments,
    seed: int,
    start_ms: UnixMs,
    bars: int,
    why: str = "by request",
) -> Feed:
    """Invent `bars` minutes of these symbols; the same seed gives the same market.

    A symbol's prices do not depend on which others are asked for; `why` is in the label.
    """
    if bars < 1 or start_ms % MINUTE_MS:
        msg = f"a generated market must begin on a minute and last one, was {bars} bars"
        raise InvalidValueError(msg)
    market = _shocks(seed, "market", bars)
    series = tuple(
        _series(_listed(instruments, symbol), market, seed, start_ms)
        for symbol in dict.fromkeys(symbols)
    )
    source = f"GENERATED prices, not a market (seed {seed}; {why})"
    return Feed(FeedKind.GENERATED, series, source)


def _listed(instruments: Instruments, symbol: Symbol) -> Instrument:
    found = instruments.find(symbol)
    if isinstance(found, Unknown):
        raise InvalidValueError(found.why)
    return found


def _series(instrument: Instrument, market: Numbers, seed: int, start_ms: UnixMs) -> Series:
    symbol, bars = instrument.symbol, len(market)
    # In units of a tick the invented price is a whole number, as a traded one is.
    ticks_per_usd = round(1 / instrument.price_tick)
    begin, yearly = _BEGIN.get(symbol, (_BEGIN_OTHER[0] / ticks_per_usd, _BEGIN_OTHER[1]))
    minute = yearly / np.sqrt(_MINUTES_A_YEAR)
    own = _shocks(seed, symbol, bars)
    mixed = _MARKET_SHARE * market + np.sqrt(1 - _MARKET_SHARE**2) * own
    returns = np.clip(minute * mixed, -_RETURN_MAX, _RETURN_MAX)
    close = np.maximum(np.rint(begin * np.exp(np.cumsum(returns)) * ticks_per_usd), 100)
    open_ = np.concatenate(([max(round(begin * ticks_per_usd), 100)], close[:-1]))
    chance = _chance(seed, f"wicks of {symbol}")
    wicks = np.abs(chance.standard_normal((2, bars))) * np.abs(returns) * 0.6 + minute * 0.2
    high = np.ceil(np.maximum(open_, close) * (1 + wicks[0]))
    low = np.maximum(np.floor(np.minimum(open_, close) * (1 - wicks[1])), 1)
    # `close` is in ticks here: a dollar buys ticks_per_usd ÷ close of the base.
    turnover = _TURNOVER_USD * chance.lognormal(0.0, 1.0, bars)
    volume = np.rint(1000 * turnover * ticks_per_usd / close) / 1000
    return Series(
        symbol=symbol,
        interval_ms=MINUTE_MS,
        open_ms=start_ms + MINUTE_MS * np.arange(bars, dtype=np.int64),
        open=open_ / ticks_per_usd,
        high=high / ticks_per_usd,
        low=low / ticks_per_usd,
        close=close / ticks_per_usd,
        volume=volume,
    )


def _shocks(seed: int, name: str, bars: int) -> Numbers:
    """Return clustered, fat-tailed noise whose usual size is one."""
    chance = _chance(seed, name)
    noise = _CLUSTER_NOISE * chance.standard_normal(bars)
    wander = accumulate(noise.tolist(), lambda log, step: _CLUSTER_MEMORY * log + step)
    calm: Numbers = np.exp(np.clip(np.fromiter(wander, np.float64, bars), -2.0, 2.0))
    fat = chance.standard_t(_TAIL, bars) * np.sqrt((_TAIL - 2) / _TAIL)
    return np.asarray(calm * fat, dtype=np.float64)


def _chance(seed: int, name: str) -> np.random.Generator:
    digest = blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest)))
