"""A venue whose account has money and strangers that the paper venue knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.ports import AccountReading, PositionReading
from tests.simulation.restated import restated
from tests.simulation.tap import Tap


@dataclass
class Till:
    """What happens to an account beside our own orders."""

    moved_usd: Decimal = field(default_factory=Decimal)
    strangers: list[PositionReading] = field(default_factory=list)
    silent: bool = False


@dataclass
class Bank(Tap):
    """The paper venue, with the till's money and strangers in its readings."""

    till: Till = field(default_factory=Till)

    async def read(self) -> AccountReading | Unknown:
        read = await self.inner.read()
        if self.till.silent or isinstance(read, Unknown):
            return Unknown("the venue is silent")
        return replace(
            read,
            equity_usd=read.equity_usd + self.till.moved_usd,
            available_usd=read.available_usd + self.till.moved_usd,
            positions=(*read.positions, *self.till.strangers),
        )

    async def records(self) -> VenueRecords | Unknown:
        read, said = await self.read(), await self.inner.records()
        if isinstance(read, Unknown) or isinstance(said, Unknown):
            return Unknown("the venue is silent")
        moved = replace(said, wallet_usd=said.wallet_usd + self.till.moved_usd)
        return restated(moved, read.positions)
