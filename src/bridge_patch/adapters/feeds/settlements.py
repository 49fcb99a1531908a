"""Funding as columns: what settled, and what holding a contract costs meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Funding, FundingTerms
from bridge_patch.domain.money import ZERO

Times: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settlements:
    """One symbol's funding as columns: instants in ms, and rates as fractions."""

    symbol: Symbol
    at_ms: Times
    rate_fraction: Numbers

    def during(self, start_ms: int, end_ms: int) -> Iterator[Funding]:
        """Yield what settled from the start on and before the end."""
        span = (start_ms, end_ms)
        first, last = np.searchsorted(self.at_ms, span, side="left").tolist()
        rates = exact(self.rate_fraction[first:last])
        for at, rate in zip(self.at_ms[first:last].tolist(), rates, strict=True):
            yield Funding(symbol=self.symbol, at_ms=at, rate_fraction=rate)

    def terms_at(self, now_ms: int) -> FundingTerms | None:
        """Return the terms as of the last settlement before `now_ms`, if there was one.

        The interval is the one that led to it; of the first settlement, the one after it:
        when a venue settles is public beforehand, at what rate is not.
        """
        at = int(np.searchsorted(self.at_ms, now_ms, side="left")) - 1
        if at < 0 or len(self.at_ms) == 1:
            return None
        times = self.at_ms[max(at - 1, 0) : max(at, 1) + 1].tolist()
        return FundingTerms(
            symbol=self.symbol,
            rate_fraction=exact(self.rate_fraction[at : at + 1])[0],
            interval_ms=times[1] - times[0],
            at_ms=UnixMs(int(self.at_ms[at])),
        )

    def reaches(self, end_ms: int) -> bool:
        """Tell whether no settlement is missing at the end, by the last interval."""
        times = self.at_ms[-2:].tolist()
        return bool(2 * times[-1] - times[0] >= end_ms)


def uncharged(symbol: Symbol, now_ms: int) -> FundingTerms:
    """Say that nothing is charged for holding a symbol."""
    return FundingTerms(
        symbol=symbol, rate_fraction=ZERO, interval_ms=0, at_ms=UnixMs(now_ms)
    )


def exact(column: Numbers) -> list[Decimal]:
    """Return the shortest decimals that are these floats: the ones that were recorded."""
    return [Decimal(text) for text in map(repr, column.tolist())]
