"""How often a trail is hit where there is nothing but noise."""

from __future__ import annotations

import math
from typing import Final

#: The market never closes: a year is 365 whole days.
_YEAR_SEC: Final = 365 * 24 * 3600
_TERMS: Final = 200
_CERTAIN: Final = 40.0


def trail_hit_chance(trail_pct: float, annual_volatility: float, hold_sec: float) -> float:
    """Return the chance that a walk without drift comes back by a trail within a hold.

    The trail runs from the entry; the walk is watched at every instant. The distance from
    its maximum is a reflected Brownian motion, and that it stays below a has the chance

        (4 / pi) x sum over k of (-1)^k / (2k + 1) x exp(-(2k + 1)^2 pi^2 / (8 a^2))

    with a = -ln(1 - trail) / (sigma x sqrt(hold)).

    >>> [round(trail_hit_chance(0.5, v, 1800), 2) for v in (0.5, 1.0)]
    [0.37, 0.92]
    """
    sigma = annual_volatility * math.sqrt(hold_sec / _YEAR_SEC)
    if sigma <= 0:
        return 0.0
    reach = -math.log1p(-trail_pct / 100) / sigma
    if reach > _CERTAIN:  # so many deviations: never
        return 0.0
    scale = math.pi**2 / (8 * reach**2)
    stays = sum(
        (-1.0 if k % 2 else 1.0) / (2 * k + 1) * math.exp(-((2 * k + 1) ** 2) * scale)
        for k in range(_TERMS)
    )
    return min(max(1 - 4 / math.pi * stays, 0.0), 1.0)
