"""A venue that hands everything on: what stands around another begins as this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import AccountReading, Report, Venue, VenueMemory


@dataclass
class Through:
    """The Venue port over another one; a trouble overrides what it troubles."""

    inner: Venue

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        return await self.inner.prepare(approved, order_id)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        return await self.inner.place(approved, order_id)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        return await self.inner.reduce(approved, order_id)

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        return await self.inner.cancel(symbol, order_id)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        return await self.inner.find(symbol, order_id)

    async def read(self) -> AccountReading | Unknown:
        return await self.inner.read()

    async def records(self) -> VenueRecords | Unknown:
        return await self.inner.records()

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        return await self.inner.advance(tick)

    async def begin(self) -> None:
        await self.inner.begin()

    async def close(self) -> None:
        await self.inner.close()

    def see(self, tick: Tick) -> None:
        self.inner.see(tick)

    def restore(self, events: Sequence[VenueMemory]) -> None:
        self.inner.restore(events)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        self.inner.learn(events)
