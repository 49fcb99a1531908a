"""Money and size: the unit is in the type, and a float never gets in.

*Margin* is collateral, *notional* is exposure, and notional = margin x leverage
= quantity x price. Nothing here is called a size.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError

#: USD amounts are cut to the cent before they are acted upon.
CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
HUNDRED: Final = Decimal(100)


def _positive(name: str, value: Decimal) -> None:
    if not isinstance(value, Decimal):
        msg = f"{name} must be a Decimal, was {type(value).__name__}"
        raise InvalidValueError(msg)
    if not value.is_finite() or value <= 0:
        msg = f"{name} must be finite and positive, was {value}"
        raise InvalidValueError(msg)


def floor_to(value: Decimal, quantum: Decimal) -> Decimal:
    """Cut a non-negative `value` down to a multiple of `quantum`; never up.

    >>> floor_to(Decimal("0.3"), Decimal("0.1")), floor_to(Decimal("451.619"), CENT)
    (Decimal('0.3'), Decimal('451.61'))
    """
    return value // quantum * quantum


@final
@dataclass(frozen=True, slots=True, order=True)
class Notional:
    """Exposure a position controls, in USD."""

    usd: Decimal

    def __post_init__(self) -> None:
        _positive("notional", self.usd)


@final
@dataclass(frozen=True, slots=True, order=True)
class Leverage:
    """How many dollars of exposure each dollar of margin carries."""

    times: Decimal

    def __post_init__(self) -> None:
        _positive("leverage", self.times)


@final
@dataclass(frozen=True, slots=True, order=True)
class Margin:
    """Collateral put at risk, in USD."""

    usd: Decimal

    def __post_init__(self) -> None:
        _positive("margin", self.usd)

    def __mul__(self, leverage: Leverage) -> Notional:
        """Return the exposure this margin controls at `leverage`."""
        return Notional(self.usd * leverage.times)


@final
@dataclass(frozen=True, slots=True, order=True)
class Price:
    """USD for one unit of the base asset."""

    usd: Decimal

    def __post_init__(self) -> None:
        _positive("price", self.usd)


@final
@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """An amount of the base asset; the sign lives in the side, never here."""

    base: Decimal

    def __post_init__(self) -> None:
        _positive("quantity", self.base)

    def __mul__(self, price: Price) -> Notional:
        """Return what this quantity is worth at `price`."""
        return Notional(self.base * price.usd)
