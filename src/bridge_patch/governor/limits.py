"""The bounds a person set, checked against each other once; there is no unlimited."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import final

from bridge_patch.domain.errors import InvalidValueError


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
    taker_fee_pct: Decimal
    slippage_pct: Decimal

    def __post_init__(self) -> None:
        faults = [*self._unusable(), *self._contradictions()] if self._typed() else []
        if not self._typed():
            faults = ["every limit must be a finite Decimal, a whole number or a yes/no"]
        if faults:
            raise InvalidValueError("; ".join(faults))

    @property
    def round_trip_fraction(self) -> Decimal:
        """Entry and exit at market: two taker fees and two slippages, as a fraction."""
        return 2 * (self.taker_fee_pct + self.slippage_pct) / 100

    def digest(self) -> str:
        """Return a short hash of every bound: equal limits have equal digests, anywhere.

        12 hexadecimal characters of BLAKE2b over `name=value` lines in field order.
        """
        return blake2b(
            self.text().encode(), digest_size=6, person=b"bridge-limits"
        ).hexdigest()

    def text(self) -> str:
        """Return all bounds as `name=value` lines, numbers in plain normal form."""
        return "\n".join(f"{f.name}={_plain(getattr(self, f.name))}" for f in fields(self))

    def _typed(self) -> bool:
        return all(
            isinstance(value, bool | int | BelowMin)
            or (isinstance(value, Decimal) and value.is_finite())
            for value in (getattr(self, f.name) for f in fields(self))
        )

    def _unusable(self) -> list[str]:
        may_be_zero = {"confidence_min", "taker_fee_pct", "slippage_pct"}
        return [
            f"{f.name} must be positive, was {value}"
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), Decimal | int)
            and not isinstance(value, bool)
            and (value < 0 if f.name in may_be_zero else value <= 0)
        ]

    def _contradictions(self) -> list[str]:
        faults = []
        if self.margin_min_usd > self.margin_max_usd:
            faults.append(
                f"margin_min_usd {self.margin_min_usd} must not exceed"
                f" margin_max_usd {self.margin_max_usd}"
            )
        if self.leverage_min > self.leverage_max:
            faults.append(
                f"leverage_min {self.leverage_min} must not exceed"
                f" leverage_max {self.leverage_max}"
            )
        if not 1 <= self.leverage_max <= 125:  # noqa: PLR2004 - the venue's whole range
            faults.append(f"leverage_max must be from 1 to 125, was {self.leverage_max}")
        if self.margin_min_usd * self.leverage_min > self.notional_max_usd:
            faults.append(
                f"margin_min_usd {self.margin_min_usd} x leverage_min {self.leverage_min}"
                f" must not exceed notional_max_usd {self.notional_max_usd}"
            )
        if self.confidence_min > 1:
            faults.append(f"confidence_min must be from 0 to 1, was {self.confidence_min}")
        faults.extend(
            f"{name} must be at most 100, was {value}"
            for name in (
                "initial_margin_max_pct",
                "risk_per_trade_max_pct",
                "daily_loss_max_pct",
                "drawdown_max_pct",
            )
            if (value := getattr(self, name)) > 100  # noqa: PLR2004 - percent
        )
        return faults


def _plain(value: Decimal | int | bool | BelowMin) -> str:  # noqa: FBT001 - formats any field
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
