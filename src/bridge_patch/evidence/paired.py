"""Whether one way did better than another: a mean of paired differences, with an interval.

Pairs are drawn again in blocks of random length, so that what follows upon itself stays
together: the stationary bootstrap of Politis and Romano (1994), its mean block length by
the rule of Politis and White (2004), corrected by Patton, Politis and White (2009). The
interval is BCa: plain percentiles cover too little where the left tail is heavy.

The library that does it is an extra, `bridge-patch[evidence]`: no order depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bridge_patch.domain.errors import BridgeError, InvalidValueError

DRAWS: Final = 10_000
#: How sure an interval is meant to be.
LEVEL: Final = 0.95
#: Fewer differences than this are a story and not a sample.
PAIRS_MIN: Final = 30
_SEED: Final = 20_250_506


class NoBootstrapError(BridgeError):
    """The bootstrap is an extra that is not installed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean and where it may lie, all in the unit of the differences.

    `block` is the mean length of the blocks that were drawn, in differences.
    """

    mean: float
    low: float
    high: float
    block: int
    count: int

    @property
    def significant(self) -> bool:
        """Whether zero lies outside: whether there is a difference to speak of."""
        return self.low > 0 or self.high < 0


def assure_bootstrap() -> None:
    """Raise NoBootstrapError where the extra is missing, before anything takes long."""
    try:
        import arch.bootstrap  # noqa: F401, PLC0415 - an extra, and slow to import
    except ImportError as e:
        msg = "intervals need the extra: pip install 'bridge-patch[evidence]'"
        raise NoBootstrapError(msg) from e


def block_length(differences: NDArray[np.float64]) -> int:
    """Return the mean length of a block by the automatic rule, rounded up; at least one."""
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - an extra

    wanted = float(optimal_block_length(differences)["stationary"].iloc[0])
    return max(math.ceil(wanted), 1) if math.isfinite(wanted) else 1


def paired_interval(
    differences: Sequence[float], *, draws: int = DRAWS, seed: int = _SEED
) -> Interval:
    """Return the mean of differences in the order of time, with its 95 % interval.

    The same differences and seed give the same interval. Fewer than 30 raise
    InvalidValueError, as does one that is no number.
    """
    from arch.bootstrap import StationaryBootstrap  # noqa: PLC0415 - an extra

    values = np.asarray(differences, dtype=np.float64)
    if len(values) < PAIRS_MIN or not np.isfinite(values).all():
        msg = f"an interval needs {PAIRS_MIN} or more finite numbers, was {len(values)}"
        raise InvalidValueError(msg)
    mean = float(values.mean())
    if float(np.ptp(values)) == 0:
        return Interval(mean=mean, low=mean, high=mean, block=1, count=len(values))
    block = block_length(values)
    drawn = StationaryBootstrap(block, values, seed=seed)
    low, high = drawn.conf_int(np.mean, reps=draws, method="bca", size=LEVEL).ravel()
    return Interval(
        mean=mean, low=float(low), high=float(high), block=block, count=len(values)
    )


def together(dated: Iterable[tuple[int, float]]) -> list[float]:
    """Return one difference a moment, oldest first: the mean of those that share it.

    What happens at one moment in several markets is one event, not several.

    >>> together([(2, 1.0), (1, 5.0), (2, 3.0)])
    [5.0, 2.0]
    """
    sums: dict[int, tuple[float, int]] = {}
    for at_ms, value in dated:
        total, count = sums.get(at_ms, (0.0, 0))
        sums[at_ms] = total + value, count + 1
    return [sums[at_ms][0] / sums[at_ms][1] for at_ms in sorted(sums)]
