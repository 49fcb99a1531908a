"""Incidents of somebody else on the account: they trade on, and nobody here is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import LatchSet, Status
from bridge_patch.domain.events import TradingState as State
from bridge_patch.domain.intent import Side, Symbol, Unknown
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_records import OrderRecord, Service, VenueRecords
from bridge_patch.services.holds import FOREIGN_ORDER, FOREIGN_POSITION, OPERATOR
from bridge_patch.services.messages import Answered, Wish
from bridge_patch.services.ports import AccountReading, PositionReading, Venue
from bridge_patch.services.session import Session
from tests.museum.test_services_kill import FLAT, state_of
from tests.museum.test_services_limits import codes
from tests.simulation.restated import restated
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    run,
    tapped,
)
from tests.simulation.tap import Tap
from tests.unit.services.test_switch import order, send

D = Decimal


@dataclass
class Shared:
    """An account on which somebody else holds something too."""

    inner: Venue
    theirs: tuple[PositionReading, ...] = ()
    orders: tuple[OrderRecord, ...] = ()

    async def records(self) -> VenueRecords | Unknown:
        said, read = await self.inner.records(), await self.read()
        assert isinstance(said, VenueRecords)
        assert isinstance(read, AccountReading)
        said = replace(said, orders=(*said.orders, *self.orders))
        return restated(said, read.positions)

    async def read(self) -> AccountReading | Unknown:
        said = await self.inner.read()
        if isinstance(said, Unknown):
            return said
        others = {position.symbol: position for position in self.theirs}
        merged = {p.symbol: p for p in said.positions} | others
        return replace(said, positions=tuple(merged.values()))


def share(session: Session) -> Shared:
    """Let somebody else be on the account, too."""
    keeper = session.keeper
    keeper.reconciler.venue = shared = Shared(keeper.venue)
    for part in (keeper, keeper.trader.snapshots):
        object.__setattr__(part, "account", shared)
    return shared


def standing(
    symbol: Symbol, side: Side, base: str, stop: str | None = None
) -> PositionReading:
    return PositionReading(
        symbol=symbol,
        side=side,
        quantity_base=D(base),
        entry_price_usd=D(150),
        margin_usd=D(10),
        stop_price_usd=None if stop is None else D(stop),
    )


@pytest.mark.parametrize(
    "theirs",
    [
        standing(SOL, Side.BUY, "2"),  # a symbol of which we hold nothing
        standing(BTC, Side.BUY, "0.05", stop="93100"),  # more than is ours
        standing(BTC, Side.SELL, "0.042"),  # the other way round
    ],
    ids=["elsewhere", "more", "turned"],
)
def test_foreign_order_on_the_account_halts_new_risk(theirs: PositionReading) -> None:
    """M-98: a second bot on the account never asked the governor and traded on.

    What is not ours is left alone, whether it is open or only rests.
    """
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world, (BTC, SOL))
        shared = share(session)
        await ask(world, session, intent("before", CALM))
        await session.on_tick(at(CALM + 1, FLAT))
        assert state_of(session) is State.RUNNING
        shared.theirs = (theirs,)
        await ask(world, session, intent("at-once", CALM + 1, symbol=SOL, margin=100))
        for n in (2, 3):
            await session.on_tick(at(CALM + n, FLAT))
        assert state_of(session) is State.REDUCING
        await ask(world, session, intent("beside", CALM + 3, symbol=SOL, margin=100))
        shared.theirs = ()
        await session.on_tick(at(CALM + 4, FLAT))
        await ask(world, session, intent("gone", CALM + 4, symbol=SOL, margin=100))
        await ask(world, session, close("out", CALM + 4))
        (seen,) = world.events(LatchSet)
        answers = Answered(book=seen.book, cause=seen.cause, since_ms=seen.at_ms)
        await send(world, order("o-1", Wish.RESUME, answers=answers))
        await session.on_tick(at(CALM + 5, FLAT))
        await ask(world, session, intent("resumed", CALM + 5, symbol=SOL, margin=100))
        return session, venue

    _, venue = run(scenario())

    assert "FOREIGN_POSITION" in codes(world, "at-once")
    assert {"FOREIGN_POSITION", "TRADING_REDUCING"} <= {*codes(world, "beside")}
    assert codes(world, "gone") == ("TRADING_REDUCING",)  # until a person has looked
    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("resumed").status is Status.FILLED
    assert venue.kinds() == ["place", "stop", "reduce", "place", "stop"]
    assert [e.cause for e in world.events(LatchSet)] == [FOREIGN_POSITION, OPERATOR]


@pytest.mark.parametrize("service", Service)
def test_foreign_order_that_rests_halts_new_risk_too(service: Service) -> None:
    """M-98: it would open or close what is ours one day, and nobody here had sent it."""
    world = World()
    theirs = OrderRecord(
        symbol=SOL,
        order_id=ClientOrderId("web_17"),
        service=service,
        side=Side.BUY,
        quantity_base=D(1),
        trigger_usd=D(140) if service is Service.CONDITIONAL else None,
        reduce_only=False,
    )

    async def scenario() -> Tap:
        session, venue = await tapped(world, (BTC, SOL))
        await ask(world, session, intent("before", CALM))
        share(session).orders = (theirs,)
        for n in (1, 2):
            await session.on_tick(at(CALM + n, FLAT))
        await ask(world, session, intent("beside", CALM + 2, symbol=SOL, margin=100))
        await ask(world, session, close("out", CALM + 2))
        return venue

    venue = run(scenario())

    assert "TRADING_REDUCING" in codes(world, "beside")
    assert world.outcome("out").status is Status.FILLED
    assert [e.cause for e in world.events(LatchSet)] == [FOREIGN_ORDER]
    asked = [call.order_id for call in venue.calls]
    assert asked
    assert theirs.order_id not in asked
