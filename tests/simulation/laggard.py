"""A venue that says FILLED before its trades can be had, by chance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import Report
from tests.simulation.chaos import Chaos
from tests.simulation.through import Through


@dataclass
class Lagging(Through):
    """Keeps the trades of some orders back until it is asked for them, now and then twice.

    It is itself around a venue that outlives our processes; `lag` is how often it does so.
    """

    chaos: Chaos
    lag: float
    kept: dict[ClientOrderId, tuple[VenueEvent, ...]] = field(default_factory=dict)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        return self._lagging(order_id, await self.inner.place(approved, order_id))

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        return self._lagging(order_id, await self.inner.reduce(approved, order_id))

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        found = await self.inner.find(symbol, order_id)
        if order_id not in self.kept:
            return found
        if self.chaos.armed and self.chaos.rng.random() < self.lag:
            return replace(found, events=())
        return replace(found, events=self.kept[order_id])

    def _lagging(self, order_id: ClientOrderId, report: Report) -> Report:
        rng, filled = self.chaos.rng, report.event is OrderEvent.FILLED
        if not filled or not self.chaos.armed or rng.random() >= self.lag:
            return report
        self.chaos.counted["trades lag"] += 1
        self.kept[order_id] = report.events
        return replace(report, events=report.events[: rng.randrange(len(report.events))])
