"""The default sizer: confidence, volatility and equity become a proposal, or an abstention.

It decides the loss first and lets leverage follow. The hard stop is 2 % x the volatility
factor; the risk at that stop is 2 % of equity x (2c - 1) for a confidence c above one half;
notional is risk / stop. Leverage is the largest, cut down to 0.1x, whose liquidation lies
at least three stops and five sigmas of the policy's longest hold away. Margin is notional
/ leverage, cut down to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.instrument import MMR_DEFAULT, leverage_for_distance
from bridge_patch.domain.intent import Proposal, Side, StopDistance
from bridge_patch.domain.money import CENT, ONE, ZERO, Leverage, Margin, floor_to

#: Annualised volatility at which the volatility factor is 1.
VOLATILITY_REFERENCE: Final = Decimal("0.5")
FACTOR_MIN: Final = Decimal("0.25")
FACTOR_MAX: Final = Decimal(4)
LEVERAGE_QUANTUM: Final = Decimal("0.1")
#: Beyond this many USD an account is a mistyped number.
EQUITY_MAX_USD: Final = Decimal("1E+12")

STOP_FRACTION: Final = Decimal("0.02")
RISK_FRACTION_MAX: Final = Decimal("0.02")
STOPS_TO_LIQUIDATION: Final = 3
SIGMAS_TO_LIQUIDATION: Final = 5
COIN_FLIP: Final = Decimal("0.5")
SCALPER_BELOW: Final = Decimal("0.6")
SWING_BELOW: Final = Decimal("0.8")

#: The market never closes: a year is 365 whole days.
_YEAR_SEC: Final = 365 * 24 * 3600


class AbstainCode(StrEnum):
    """Why no trade is proposed; stable, counted and shown."""

    CONFIDENCE_INVALID = "CONFIDENCE_INVALID"
    CONFIDENCE_TOO_LOW = "CONFIDENCE_TOO_LOW"
    VOLATILITY_INVALID = "VOLATILITY_INVALID"
    VOLATILITY_OUT_OF_RANGE = "VOLATILITY_OUT_OF_RANGE"
    EQUITY_INVALID = "EQUITY_INVALID"
    MAINTENANCE_RATE_INVALID = "MAINTENANCE_RATE_INVALID"
    LEVERAGE_BELOW_MIN = "LEVERAGE_BELOW_MIN"
    MARGIN_BELOW_MIN = "MARGIN_BELOW_MIN"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizingBounds:
    """The Governor's own bounds, as far as a proposal can keep to them.

    Proposing more than these would only be asking to be clamped or refused.
    """

    margin_min_usd: Decimal
    margin_max_usd: Decimal
    notional_max_usd: Decimal
    leverage_min: Decimal
    leverage_max: Decimal
    order_notional_max_equity_multiple: Decimal = Decimal("1.5")

    def __post_init__(self) -> None:
        faults = [
            f"{field.name} must be a finite positive Decimal, was {value!r}"
            for field in fields(self)
            if not _is_finite(value := getattr(self, field.name)) or value <= 0
        ]
        faults = faults or [
            f"{name}_min {low} must not exceed {name}_max {high}"
            for name, low, high in (
                ("margin", self.margin_min_usd, self.margin_max_usd),
                ("leverage", self.leverage_min, self.leverage_max),
            )
            if low > high
        ]
        if faults:
            raise InvalidValueError("; ".join(faults))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A proposal with the exit it was sized for.

    `notional_usd` is the exposure aimed at; margin x leverage is never above it, and less
    than one cent x leverage below it. `stop` is the one that has to stand at the venue.
    """

    proposal: Proposal
    policy: HarvestPolicy
    stop: StopDistance
    notional_usd: Decimal


@final
@dataclass(frozen=True, slots=True)
class Abstained:
    """The answer "do not trade", and why."""

    code: AbstainCode
    detail: str


#: What another sizer has to be: confidence, volatility factor, equity and bounds in.
SizingPolicy: TypeAlias = Callable[
    [Decimal, Decimal, Decimal, SizingBounds], Sized | Abstained
]


def size(
    confidence: Decimal,
    volatility_factor: Decimal,
    equity_usd: Decimal,
    bounds: SizingBounds,
    *,
    side: Side | None = None,
    mmr: Decimal = MMR_DEFAULT,
) -> Sized | Abstained:
    """Propose margin, leverage and exit for one entry, or abstain.

    Without a `side` the leverage suits both of them. The notional is capped at
    `notional_max_usd` and at the equity multiple. Where such a cap would push the margin
    below its minimum, leverage gives way instead, so that a calmer market never makes the
    sizer abstain where a wilder one would have traded.
    """
    with exactly():
        return _sized(confidence, volatility_factor, equity_usd, bounds, side, mmr)


def _sized(  # noqa: PLR0917 - as it was asked
    confidence: Decimal,
    volatility_factor: Decimal,
    equity_usd: Decimal,
    bounds: SizingBounds,
    side: Side | None,
    mmr: Decimal,
) -> Sized | Abstained:
    unusable = _unusable(confidence, volatility_factor, equity_usd, mmr)
    if (fault := next(unusable, None)) is not None:
        return fault
    policy = POLICIES[mode_of(confidence)]
    stop = STOP_FRACTION * volatility_factor
    risk_usd = equity_usd * (RISK_FRACTION_MAX * (2 * confidence - ONE))

    sides = (side,) if side is not None else tuple(Side)
    safe = safe_distance(stop, volatility_factor, policy)
    largest = min(leverage_for_distance(each, safe, mmr) for each in sides)
    leverage = floor_to(min(largest, bounds.leverage_max), LEVERAGE_QUANTUM)
    if leverage < bounds.leverage_min:
        return Abstained(
            AbstainCode.LEVERAGE_BELOW_MIN,
            f"liquidation must lie {safe:.4%} away, which allows {leverage}x,"
            f" less than the minimum of {bounds.leverage_min}x",
        )

    wanted = min(risk_usd / stop, bounds.margin_max_usd * leverage)
    if (margin := floor_to(wanted / leverage, CENT)) < bounds.margin_min_usd:
        return _margin_below_min(margin, bounds)
    notional = min(
        wanted,
        bounds.notional_max_usd,
        bounds.order_notional_max_equity_multiple * equity_usd,
    )
    if notional < bounds.margin_min_usd * leverage:
        leverage = floor_to(notional / bounds.margin_min_usd, LEVERAGE_QUANTUM)
        notional = min(notional, bounds.margin_max_usd * leverage)
    margin = floor_to(notional / max(leverage, bounds.leverage_min), CENT)
    if leverage < bounds.leverage_min or margin < bounds.margin_min_usd:
        return _margin_below_min(margin, bounds)
    return Sized(
        proposal=Proposal(margin=Margin(margin), leverage=Leverage(leverage)),
        policy=policy,
        stop=StopDistance(stop),
        notional_usd=notional,
    )


def mode_of(confidence: Decimal) -> HarvestMode:
    """Choose the exit: the surer the signal, the longer it is given.

    >>> mode_of(Decimal("0.59")), mode_of(Decimal("0.6")), mode_of(Decimal("0.8"))
    (<HarvestMode.SCALPER: 'scalper'>, <HarvestMode.SWING: 'swing'>, \
<HarvestMode.TREND_RUNNER: 'trend_runner'>)
    """
    if confidence < SCALPER_BELOW:
        return HarvestMode.SCALPER
    return HarvestMode.SWING if confidence < SWING_BELOW else HarvestMode.TREND_RUNNER


def safe_distance(stop: Decimal, factor: Decimal, policy: HarvestPolicy) -> Decimal:
    """Return how far away liquidation has to be, as a fraction of the entry price.

    Three hard stops, or five sigmas over the longest hold where that is more.
    """
    hold_years = Decimal(policy.hold_max_sec) / _YEAR_SEC
    sigma = VOLATILITY_REFERENCE * factor * hold_years.sqrt()
    return max(STOPS_TO_LIQUIDATION * stop, SIGMAS_TO_LIQUIDATION * sigma)


def _unusable(
    confidence: Decimal, factor: Decimal, equity_usd: Decimal, mmr: Decimal
) -> Iterator[Abstained]:
    """Yield the inputs that allow no proposal; anything but a Decimal is one of them."""
    if not _is_finite(confidence) or not ZERO <= confidence <= ONE:
        yield Abstained(
            AbstainCode.CONFIDENCE_INVALID,
            f"confidence must be a number from 0 to 1, was {_shown(confidence)}",
        )
    elif confidence <= COIN_FLIP:
        yield Abstained(
            AbstainCode.CONFIDENCE_TOO_LOW,
            f"confidence must be above {COIN_FLIP}, was {_shown(confidence)}",
        )
    if not _is_finite(factor):
        yield Abstained(
            AbstainCode.VOLATILITY_INVALID,
            f"volatility factor must be a number, was {_shown(factor)}",
        )
    elif not FACTOR_MIN <= factor <= FACTOR_MAX:
        yield Abstained(
            AbstainCode.VOLATILITY_OUT_OF_RANGE,
            f"volatility factor must be from {FACTOR_MIN} to {FACTOR_MAX},"
            f" was {_shown(factor)}",
        )
    if not _is_finite(equity_usd) or not ZERO < equity_usd <= EQUITY_MAX_USD:
        yield Abstained(
            AbstainCode.EQUITY_INVALID,
            f"equity must be a number above 0 and at most {EQUITY_MAX_USD:f} USD,"
            f" was {_shown(equity_usd)}",
        )
    if not _is_finite(mmr) or not ZERO <= mmr < ONE:
        yield Abstained(
            AbstainCode.MAINTENANCE_RATE_INVALID,
            f"maintenance margin rate must be a number from 0 to 1, was {_shown(mmr)}",
        )


def _margin_below_min(margin: Decimal, bounds: SizingBounds) -> Abstained:
    return Abstained(
        AbstainCode.MARGIN_BELOW_MIN,
        f"margin {margin} USD is below the minimum of {bounds.margin_min_usd} USD",
    )


def _is_finite(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite()


def _shown(value: object) -> str:
    """Show any value in a few characters, whatever it is."""
    return f"{value:.6g}" if isinstance(value, Decimal) else type(value).__name__
