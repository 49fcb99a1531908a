"""How a position is harvested: when to take part, how to trail, how long to hold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.money import ZERO

#: What a policy may say at all: a venue's trailing order takes 0.1 to 20 %.
TRAIL_MIN_PCT: Final = Decimal("0.1")
TRAIL_MAX_PCT: Final = Decimal(20)
TRIGGER_MAX_PCT: Final = Decimal(1000)
HOLD_MAX_SEC: Final = 30 * 24 * 3600


class HarvestMode(StrEnum):
    """The three stories of an exit."""

    SCALPER = "scalper"
    SWING = "swing"
    TREND_RUNNER = "trend_runner"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestPolicy:
    """An exit policy; percentages are price moves in the position's favour (1.0 = 1 %).

    `partial_close_fraction` of the first filled quantity is closed once, at
    `partial_trigger_pct` profit; a fraction of zero means no partial close.
    The trail follows the best price by `trail_pct`, from the entry on or, with
    `trail_after_partial`, once the partial close has happened.
    """

    mode: HarvestMode
    trail_pct: Decimal
    hold_max_sec: int
    partial_trigger_pct: Decimal = ZERO
    partial_close_fraction: Decimal = ZERO
    trail_after_partial: bool = False

    def __post_init__(self) -> None:
        faults = [
            f"{name} must be from {low} to {high}, was {value}"
            for name, value, low, high in (
                ("trail_pct", self.trail_pct, TRAIL_MIN_PCT, TRAIL_MAX_PCT),
                ("partial_trigger_pct", self.partial_trigger_pct, 0, TRIGGER_MAX_PCT),
                ("partial_close_fraction", self.partial_close_fraction, 0, 1),
                ("hold_max_sec", self.hold_max_sec, 1, HOLD_MAX_SEC),
            )
            if not (Decimal(value).is_finite() and low <= value <= high)
        ]
        part = self.partial_close_fraction
        if self.partial_trigger_pct.is_zero() and part.is_finite() and part > 0:
            faults.append(
                "partial_trigger_pct must be positive where a part is to be closed"
            )
        if faults:
            raise InvalidValueError("; ".join(faults))


#: The documented policies (spec 1.5); `swing` is also the fallback of a result without one.
POLICIES: Final = MappingProxyType(
    {
        HarvestMode.SCALPER: HarvestPolicy(
            mode=HarvestMode.SCALPER,
            trail_pct=Decimal("0.5"),
            hold_max_sec=30 * 60,
            partial_trigger_pct=Decimal("1.0"),
            partial_close_fraction=Decimal("0.5"),
            trail_after_partial=True,
        ),
        HarvestMode.SWING: HarvestPolicy(
            mode=HarvestMode.SWING,
            trail_pct=Decimal("1.0"),
            hold_max_sec=60 * 60,
        ),
        HarvestMode.TREND_RUNNER: HarvestPolicy(
            mode=HarvestMode.TREND_RUNNER,
            trail_pct=Decimal("2.0"),
            hold_max_sec=120 * 60,
            partial_trigger_pct=Decimal("3.0"),
            partial_close_fraction=Decimal("0.5"),
        ),
    }
)
POLICY_FALLBACK: Final = POLICIES[HarvestMode.SWING]
