"""How a position is harvested: when to take part, how to trail, how long to hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.money import CENT, HUNDRED, ZERO

#: What a policy may say at all: a venue's trailing order takes 0.1 to 20 %.
TRAIL_MIN_PCT: Final = Decimal("0.1")
TRAIL_MAX_PCT: Final = Decimal(20)
TRIGGER_MAX_PCT: Final = Decimal(1000)
HOLD_MAX_SEC: Final = 30 * 24 * 3600
TRAIL_SIGMAS_MAX: Final = Decimal(10)


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

    Three numbers may be left out, and are zero then. From `break_even_trigger_pct` on the
    stop stands where a close pays for itself. With `trail_sigmas` the trail is at least so
    many standard deviations of the price over the longest hold: `scaled` says how many
    percent that is when the position is asked for, and keeps what the trail was before in
    `trail_floor_pct`. So `trail_pct` is always the trail in force.
    """

    mode: HarvestMode
    trail_pct: Decimal
    hold_max_sec: int
    partial_trigger_pct: Decimal = ZERO
    partial_close_fraction: Decimal = ZERO
    trail_after_partial: bool = False
    break_even_trigger_pct: Decimal = ZERO
    trail_sigmas: Decimal = ZERO
    trail_floor_pct: Decimal = ZERO

    def __post_init__(self) -> None:
        faults = [
            f"{name} must be from {low} to {high}, was {value}"
            for name, value, low, high in (
                ("trail_pct", self.trail_pct, TRAIL_MIN_PCT, TRAIL_MAX_PCT),
                ("partial_trigger_pct", self.partial_trigger_pct, 0, TRIGGER_MAX_PCT),
                ("partial_close_fraction", self.partial_close_fraction, 0, 1),
                ("hold_max_sec", self.hold_max_sec, 1, HOLD_MAX_SEC),
                ("break_even_trigger_pct", self.break_even_trigger_pct, 0, TRIGGER_MAX_PCT),
                ("trail_sigmas", self.trail_sigmas, 0, TRAIL_SIGMAS_MAX),
                ("trail_floor_pct", self.trail_floor_pct, 0, TRAIL_MAX_PCT),
            )
            if not (Decimal(value).is_finite() and low <= value <= high)
        ]
        part = self.partial_close_fraction
        if self.partial_trigger_pct.is_zero() and part.is_finite() and part > 0:
            faults.append(
                "partial_trigger_pct must be positive where a part is to be closed"
            )
        if not faults and self.trail_floor_pct > 0:
            if self.trail_sigmas == 0:
                faults.append("trail_floor_pct goes with trail_sigmas, and with no other")
            if not TRAIL_MIN_PCT <= self.trail_floor_pct <= self.trail_pct:
                faults.append(
                    f"trail_floor_pct must be from {TRAIL_MIN_PCT} to trail_pct"
                    f" {self.trail_pct}, was {self.trail_floor_pct}"
                )
        if faults:
            raise InvalidValueError("; ".join(faults))

    @property
    def unscaled(self) -> bool:
        """Whether its trail still waits for the market's volatility."""
        return self.trail_sigmas > 0 and self.trail_floor_pct == 0

    def scaled(self, sigma: Decimal) -> HarvestPolicy:
        """Return it with its trail fixed, for a market that moves by `sigma` over its hold.

        `sigma` is one standard deviation of the price over `hold_max_sec`, as a fraction.
        Rounded up to 0.01 %, at most what a venue's trailing order takes. Done once: what
        is scaled already, or does not ask for it, is returned as it is.
        """
        if not self.unscaled:
            return self
        if not (sigma.is_finite() and sigma > 0):
            msg = f"a sigma must be finite and positive, was {sigma}"
            raise InvalidValueError(msg)
        wide = min(self.trail_sigmas * sigma * HUNDRED, TRAIL_MAX_PCT)
        wide = wide.quantize(CENT, rounding=ROUND_UP)
        return replace(
            self, trail_pct=max(self.trail_pct, wide), trail_floor_pct=self.trail_pct
        )


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
