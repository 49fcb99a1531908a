"""A venue that states something else than there is; what it does is what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias

from bridge_patch.domain.events import Resolved, Sending
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, client_order_id
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import OrderRecord, Service, VenueRecords
from tests.simulation.tap import Tap

Lie: TypeAlias = Callable[[VenueRecords], VenueRecords | Unknown]


def honest(records: VenueRecords) -> VenueRecords:
    return records


@dataclass
class Lying(Tap):
    """Passes every call on; its records, and nothing else, go through `lie`."""

    lie: Lie = honest
    looks: int = 0
    #: What happened at the venue is kept from us, until it is owed.
    swallow: bool = False
    owed: list[VenueEvent] = field(default_factory=list)

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        told, self.owed = tuple(self.owed), []
        happened = await self.inner.advance(tick)
        return told if self.swallow else (*told, *happened)

    async def records(self) -> VenueRecords | Unknown:
        self.looks += 1
        said = await self.inner.records()
        return said if isinstance(said, Unknown) else self.lie(said)


def flat(records: VenueRecords) -> VenueRecords:
    """Nothing is open, though something is."""
    return replace(records, positions=())


def halved(records: VenueRecords) -> VenueRecords:
    halves = [replace(p, quantity_base=p.quantity_base / 2) for p in records.positions]
    return replace(records, positions=tuple(halves))


def stopless(records: VenueRecords) -> VenueRecords:
    return replace(records, orders=())


def moved_stop(records: VenueRecords) -> VenueRecords:
    return replace(
        records, orders=tuple(replace(o, trigger_usd=Decimal(1)) for o in records.orders)
    )


def extra_stop(records: VenueRecords) -> VenueRecords:
    """A stop of ours rests that had been cancelled, as far as we know."""
    return _beside(records, ClientOrderId(f"bp-{'0' * 24}"), Service.CONDITIONAL)


def foreign_order(records: VenueRecords) -> VenueRecords:
    return _beside(records, ClientOrderId("web_1"), Service.ORDER)


def other_leverage(records: VenueRecords) -> VenueRecords:
    return replace(
        records, positions=tuple(replace(p, leverage=20) for p in records.positions)
    )


def cross(records: VenueRecords) -> VenueRecords:
    return replace(
        records, positions=tuple(replace(p, isolated=False) for p in records.positions)
    )


def hedge(records: VenueRecords) -> VenueRecords:
    return replace(records, one_way=False)


def multi_assets(records: VenueRecords) -> VenueRecords:
    return replace(records, single_asset=False)


def richer(records: VenueRecords) -> VenueRecords:
    """Somebody paid in, and nobody was told."""
    return replace(records, wallet_usd=records.wallet_usd + 100)


def silent(_: VenueRecords) -> Unknown:
    return Unknown("no answer")


def _beside(
    records: VenueRecords, order_id: ClientOrderId, service: Service
) -> VenueRecords:
    order = OrderRecord(
        symbol=Symbol("BTCUSDT"),
        order_id=order_id,
        service=service,
        side=Side.SELL,
        quantity_base=None if service is Service.CONDITIONAL else Decimal(1),
        trigger_usd=Decimal(80_000),
        reduce_only=True,
    )
    return replace(records, orders=(*records.orders, order))


def paid(records: VenueRecords, usd: int) -> VenueRecords:
    """So much was paid in, or taken out."""
    return replace(records, wallet_usd=records.wallet_usd + usd)


def _raises(_: VenueRecords) -> VenueRecords:
    raise TimeoutError


#: Ways in which records are none.
HOW: dict[str, Lie] = {
    "raises": _raises,
    "stale": lambda r: replace(r, at_ms=UnixMs(r.at_ms - 31_000)),
    "ahead": lambda r: replace(r, at_ms=UnixMs(r.at_ms + 31_000)),
}


def announced(order: Sending, leverage: int) -> Sending:
    """Another entry on the same symbol, at another leverage."""
    return replace(
        order,
        intent_id=IntentId("more"),
        order_id=client_order_id(IntentId("more"), Leg.ENTRY),
        leverage=leverage,
    )


def refused(order: Sending) -> Resolved:
    return Resolved(
        at_ms=order.at_ms,
        intent_id=order.intent_id,
        order_id=order.order_id,
        leg=order.leg,
        event=OrderEvent.REJECTED,
    )
