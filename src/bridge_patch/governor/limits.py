"""The bounds a person set, checked against each other once; there is no unlimited."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.money import HUNDRED, ONE, ZERO

#: There is no unlimited: a larger bound is a mistyped number.
NUMBER_MAX: Final = Decimal(10**12)
_MAY_BE_ZERO: Final = frozenset({"confidence_min", "taker_fee_pct", "slippage_pct"})
_RANGES: Final = MappingProxyType(
    {
        "leverage_max": (ONE, Decimal(125)),
        "confidence_min": (ZERO, ONE),
        "initial_margin_max_pct": (ZERO, HUNDRED),
        "risk_per_trade_max_pct": (ZERO, HUNDRED),
        "daily_loss_max_pct": (ZERO, HUNDRED),
        "drawdown_max_pct": (ZERO, HUNDRED),
        "liquidation_stops_min": (ONE, NUMBER_MAX),
        "taker_fee_pct": (ZERO, HUNDRED),
        "slippage_pct": (ZERO, HUNDRED),
    }
)


class BelowMin(StrEnum):
    """What happens to a proposal below a minimum."""

    REFUSE = "refuse"
    CLAMP = "clamp"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every bound the Governor enforces; one object serves the sizer too.

    USD amounts are margin where the name says margin, exposure where it says notional.
    Percentages are percent (2.5 = 2.5 %), of account equity unless the name says otherwise.
    """

    margin_min_usd: Decimal
    margin_max_usd: Decimal
    notional_max_usd: Decimal
    leverage_min: Decimal
    leverage_max: Decimal
    confidence_min: Decimal
    fail_open: bool
    below_min: BelowMin
    order_notional_max_equity_multiple: Decimal
    initial_margin_max_pct: Decimal
    risk_per_trade_max_pct: Decimal
    daily_loss_max_pct: Decimal
    drawdown_max_pct: Decimal
    liquidation_stops_min: Decimal
    liquidation_sigmas_min: Decimal
    snapshot_age_max_ms: int
    mark_age_max_ms: int
    volatility_age_max_ms: int
    taker_fee_pct: Decimal
    slippage_pct: Decimal
    #: Entry and exit at market: two taker fees and two slippages, as a fraction.
    round_trip_fraction: Decimal = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = self._mistyped() or [*self._unusable(), *self._contradictions()]
        if faults:
            raise InvalidValueError("; ".join(faults))
        costs_pct = 2 * (self.taker_fee_pct + self.slippage_pct)
        object.__setattr__(self, "round_trip_fraction", costs_pct / 100)

    def digest(self) -> str:
        """Return a short hash of every bound: equal limits have equal digests, anywhere.

        12 hexadecimal characters of BLAKE2b over `name=value` lines in field order.
        """
        return blake2b(
            self.text().encode(), digest_size=6, person=b"bridge-limits"
        ).hexdigest()

    def text(self) -> str:
        """Return all bounds as `name=value` lines, numbers in plain normal form."""
        return "\n".join(f"{name}={_plain(value)}" for name, value, _ in self._bounds())

    def _bounds(self) -> list[tuple[str, object, type]]:
        return [(f.name, getattr(self, f.name), _TYPES[str(f.type)]) for f in _BOUNDS]

    def _mistyped(self) -> list[str]:
        return [
            f"{name} must be {kind.__name__}, was {type(value).__name__}"
            for name, value, kind in self._bounds()
            if type(value) is not kind
        ]

    def _unusable(self) -> list[str]:
        return [
            f"{name} must be {expected}, was {value}"
            for name, value, _ in self._bounds()
            if isinstance(value, Decimal | int) and not isinstance(value, bool)
            if (expected := _broken_range(name, Decimal(value)))
        ]

    def _contradictions(self) -> list[str]:
        sizes = (self.margin_min_usd, self.margin_max_usd, self.notional_max_usd)
        if not all(v.is_finite() for v in (*sizes, self.leverage_min, self.leverage_max)):
            return []
        least = f"margin_min_usd {self.margin_min_usd}"
        lowest = f"leverage_min {self.leverage_min}"
        faults = []
        if self.margin_min_usd > self.margin_max_usd:
            faults.append(f"{least} must not exceed margin_max_usd {self.margin_max_usd}")
        if self.leverage_min > self.leverage_max:
            faults.append(f"{lowest} must not exceed leverage_max {self.leverage_max}")
        if self.margin_min_usd * self.leverage_min > self.notional_max_usd:
            most = f"notional_max_usd {self.notional_max_usd}"
            faults.append(f"{least} x {lowest} must not exceed {most}")
        return faults


#: What may be given, in order, and the type each annotation asks for.
_BOUNDS: Final = tuple(f for f in fields(Limits) if f.init)
_TYPES: Final = {t.__name__: t for t in (Decimal, int, bool, BelowMin)}


def _broken_range(name: str, value: Decimal) -> str:
    """Return what a bound had to be and is not, or nothing."""
    low, high = _RANGES.get(name, (ZERO, NUMBER_MAX))
    if not value.is_finite():
        return "finite"
    if low == 0 and name not in _MAY_BE_ZERO:
        return "" if 0 < value <= high else f"above 0 and at most {high}"
    return "" if low <= value <= high else f"from {low} to {high}"


def _plain(value: object) -> str:
    if not isinstance(value, Decimal):
        return str(value)
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
