"""Positions as a journal tells them: how each began, what guarded it, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import final

from bridge_patch.domain.events import Book
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId


class ExitReason(StrEnum):
    """Why part or all of a position was closed, as far as its journal tells."""

    PART = "part taken"
    TRAIL = "trailing stop"
    STOP = "hard stop"
    TIME = "longest hold"
    CLOSE = "closed"
    OPPOSED = "opposite entry"
    LIQUIDATION = "liquidated"


@final
@dataclass(frozen=True, slots=True)
class Level:
    """From here on the position's nearest stop is at this price; None is no stop."""

    at_ms: UnixMs
    price_usd: Decimal | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """One order that closed part or all; its price is the average of what it filled at."""

    at_ms: UnixMs
    reason: ExitReason
    order_id: ClientOrderId
    quantity_base: Decimal
    price_usd: Decimal
    realised_usd: Decimal
    fee_usd: Decimal


@final
@dataclass(slots=True, kw_only=True)
class Trade:
    """One position from flat to flat, growing while it is open.

    `quantity_base` and `margin_usd` are what the entries filled and posted; the fees are
    those of entries and exits. `policy` is None where no verdict told one.
    """

    book: Book
    symbol: Symbol
    side: Side
    intent_id: IntentId
    policy: HarvestPolicy | None
    opened_ms: UnixMs
    entry_price_usd: Decimal
    quantity_base: Decimal
    margin_usd: Decimal
    fees_usd: Decimal
    realised_usd: Decimal = ZERO
    funding_usd: Decimal = ZERO
    insurance_usd: Decimal = ZERO
    closed_ms: UnixMs | None = None
    exits: list[Exit] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)

    @property
    def net_usd(self) -> Decimal:
        """What it has made or lost so far, after every cost."""
        return self.realised_usd - self.fees_usd + self.funding_usd + self.insurance_usd

    @property
    def hold_ms(self) -> int | None:
        """How long it was held; None while it is open."""
        return None if self.closed_ms is None else self.closed_ms - self.opened_ms

    @property
    def leverage(self) -> Decimal | None:
        """Entry notional over posted margin; None where no margin was posted."""
        if self.margin_usd <= 0:
            return None
        return self.quantity_base * self.entry_price_usd / self.margin_usd

    @property
    def exit_price_usd(self) -> Decimal | None:
        """What its exits averaged; None where there was none yet."""
        closed = sum((leg.quantity_base for leg in self.exits), ZERO)
        if closed == 0:
            return None
        return sum((e.price_usd * e.quantity_base for e in self.exits), ZERO) / closed

    @property
    def liquidated(self) -> bool:
        """Whether the venue closed it by force."""
        return any(leg.reason is ExitReason.LIQUIDATION for leg in self.exits)

    @property
    def trailed(self) -> bool:
        """Whether its stop ever stood nearer than where it began."""
        prices = [level.price_usd for level in self.levels if level.price_usd is not None]
        return any(self.side.sign * (p - prices[0]) > 0 for p in prices[1:])
