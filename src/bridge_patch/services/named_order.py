"""What a person names in an order: an order of which nobody knows, or what live is for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.order import ClientOrderId

#: The most characters of a name or an id.
NAME_MAX: Final = 128
#: The most characters of what is said of the evidence.
_EVIDENCE_MAX: Final = 2000
#: The longest that an override may last: a year.
OVERRIDE_MAX_HOURS: Final = 8_760


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOrder:
    """The order that a person speaks of, and how it filled, where that is to be stated.

    `quantity_base` is all that it filled, at `price_usd` on average, for `fee_usd` (None is
    nothing). Without them the venue is asked.
    """

    order_id: ClientOrderId
    quantity_base: Decimal | None = None
    price_usd: Decimal | None = None
    fee_usd: Decimal | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.order_id) <= NAME_MAX:
            msg = f"an order's id has 1 to {NAME_MAX} characters"
            raise InvalidValueError(msg)
        for name in ("quantity_base", "price_usd"):
            value = getattr(self, name)
            if value is not None and not (value.is_finite() and value > 0):
                msg = f"{name} must be finite and positive, was {value}"
                raise InvalidValueError(msg)
        if (self.quantity_base is None) != (self.price_usd is None):
            msg = "quantity and price are stated together, or neither"
            raise InvalidValueError(msg)
        fee_usd = self.fee_usd
        stated = self.quantity_base is not None
        if fee_usd is not None and not (stated and fee_usd.is_finite()):
            msg = f"a finite fee goes with quantity and price, was {fee_usd}"
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a promotion is for: these limits, on this market, on that evidence.

    `override_hours` is None for a promotion on evidence; else it is one without, and ends
    after so many hours.
    """

    limits_hash: str
    market: str
    evidence: str
    override_hours: int | None = None

    def __post_init__(self) -> None:
        for name in ("limits_hash", "market"):
            if not 0 < len(getattr(self, name)) <= NAME_MAX:
                msg = f"{name} has 1 to {NAME_MAX} characters"
                raise InvalidValueError(msg)
        if not 0 < len(self.evidence) <= _EVIDENCE_MAX:
            msg = f"what is said of the evidence has 1 to {_EVIDENCE_MAX} characters"
            raise InvalidValueError(msg)
        hours = self.override_hours
        if hours is not None and not 0 < hours <= OVERRIDE_MAX_HOURS:
            msg = f"an override lasts 1 to {OVERRIDE_MAX_HOURS} hours, was {hours}"
            raise InvalidValueError(msg)
