"""What is held for orders on their way, from before they leave until their end is known.

A reservation is made in the same step as the approval and becomes exposure by a fill, or
nothing by a refusal. One writer, exact amounts, and an order is resolved once: resolving it
again is a fault of ours. The sum does not depend on the order of events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Exposure and margin, in USD, of an entry that may yet fill, as if it had."""

    order_id: ClientOrderId
    symbol: Symbol
    side: Side
    notional_usd: Decimal
    margin_usd: Decimal
    at_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What all reservations but one add up to."""

    long_usd: Decimal
    short_usd: Decimal
    margin_usd: Decimal


@final
@dataclass(slots=True)
class Budget:
    """The reservations that stand. A fold of the journal, so they survive a restart."""

    _held: dict[ClientOrderId, Reservation] = field(default_factory=dict)

    def reserve(self, reservation: Reservation) -> None:
        """Hold what an order may become; an order is reserved for once."""
        if reservation.order_id in self._held:
            msg = f"{reservation.order_id} is reserved for already"
            raise IllegalTransitionError(msg)
        self._held[reservation.order_id] = reservation

    def commit(self, order_id: ClientOrderId) -> Reservation:
        """Let go of what a fill has turned into a position."""
        return self._resolve(order_id)

    def void(self, order_id: ClientOrderId) -> Reservation:
        """Let go of what will never be one."""
        return self._resolve(order_id)

    def holds(self, order_id: ClientOrderId) -> bool:
        """Tell whether something is held for an order."""
        return order_id in self._held

    def held(self, besides: ClientOrderId | None = None) -> Iterator[Reservation]:
        """Yield what is held, oldest first, but for the order asked about."""
        for order_id, reservation in self._held.items():
            if order_id != besides:
                yield reservation

    def reserved(self, besides: ClientOrderId | None = None) -> Reserved:
        """Add up what is held, but for the order asked about."""
        long_usd, short_usd, margin_usd = ZERO, ZERO, ZERO
        for reservation in self.held(besides):
            margin_usd += reservation.margin_usd
            if reservation.side is Side.BUY:
                long_usd += reservation.notional_usd
            else:
                short_usd += reservation.notional_usd
        return Reserved(long_usd=long_usd, short_usd=short_usd, margin_usd=margin_usd)

    def _resolve(self, order_id: ClientOrderId) -> Reservation:
        try:
            return self._held.pop(order_id)
        except KeyError:
            msg = f"{order_id} is not reserved for, or was resolved already"
            raise IllegalTransitionError(msg) from None
