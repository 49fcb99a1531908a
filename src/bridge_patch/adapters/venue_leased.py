"""A venue that only the holder of the journal may act on.

An order is announced, durably and under the lease, before it leaves. Between the two a
process can sleep for as long as it likes: so the lease is looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import AccountReading, Report, Venue, VenueMemory


@final
class LeasedVenue:
    """Passes on to `venue` what `assure` does not stop by raising FencedError."""

    def __init__(self, venue: Venue, assure: Callable[[], None]) -> None:
        self._venue, self._assure = venue, assure

    @property
    def inner(self) -> Venue:
        """The venue itself, for whoever only looks."""
        return self._venue

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        self._assure()
        return await self._venue.prepare(approved, order_id)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        self._assure()
        return await self._venue.place(approved, order_id)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        self._assure()
        return await self._venue.reduce(approved, order_id)

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        self._assure()
        return await self._venue.cancel(symbol, order_id)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        return await self._venue.find(symbol, order_id)

    async def read(self) -> AccountReading | Unknown:
        return await self._venue.read()

    async def records(self) -> VenueRecords | Unknown:
        return await self._venue.records()

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        return await self._venue.advance(tick)

    async def begin(self) -> None:
        await self._venue.begin()

    async def close(self) -> None:
        await self._venue.close()

    def see(self, tick: Tick) -> None:
        self._venue.see(tick)

    def restore(self, events: Sequence[VenueMemory]) -> None:
        self._venue.restore(events)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        self._venue.learn(events)
