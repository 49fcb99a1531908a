"""A position that its stop no longer saves, or that is dust, is closed with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import (
    Book,
    Filled,
    FundingPaid,
)
from bridge_patch.domain.intent import Mode, Unknown
from bridge_patch.domain.order import Leg
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    close,
    intent,
    minute,
    ready,
    run,
)
from tests.simulation.tap import Tap
from tests.unit.services.test_naked_deadline import causes, legs, pulse

D = Decimal


def funding(usd: str) -> FundingPaid:
    return FundingPaid(
        book=Book.ACCOUNT,
        at_ms=minute(CALM),
        symbol=BTC,
        amount_usd=D(usd),
        rate_fraction=D("-0.02"),
    )


@pytest.mark.parametrize(("paid", "is_closed"), [("-200", False), ("-320", True)])
def test_margin_that_funding_ate_closes_what_its_stop_no_longer_saves(
    paid: str, is_closed: bool
) -> None:
    """400 USD at 10x, a stop 2 % away: below some 95 USD liquidation comes first."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        assert not session.keeper.trader.desk.protection.due()
        await session.recorder.write(funding(paid))
        await pulse(session, 100)
        return session

    session = run(scenario())

    assert (session.recorder.ledger.positions == {}) is is_closed
    assert causes(world) == [CloseCause.LIQUIDATION_NEAR] * is_closed


@dataclass
class Nearing(Tap):
    """States a liquidation price of its own for every position."""

    liquidation_usd: Decimal = field(default_factory=lambda: D(0))

    async def read(self) -> AccountReading | Unknown:
        read = await self.inner.read()
        if isinstance(read, Unknown):
            return read
        told = [replace(p, liquidation_usd=self.liquidation_usd) for p in read.positions]
        return replace(read, positions=tuple(told))


@pytest.mark.parametrize(
    ("level", "is_closed"), [(0, False), (90_000, False), (94_000, True)]
)
def test_the_venues_own_liquidation_price_counts_where_it_is_nearer(
    level: int, is_closed: bool
) -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world, venue=Nearing)
        await ask(world, session, intent("a", CALM))
        assert isinstance(session.keeper.venue, Nearing)
        session.keeper.venue.liquidation_usd = D(level)
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session

    session = run(scenario())

    assert (session.recorder.ledger.positions == {}) is is_closed


def test_a_run_in_shadow_closes_what_the_venue_would_liquidate_first() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        session = await ready(world, mode=Mode.SHADOW, venue=Nearing)
        assert BTC in session.recorder.ledger.positions
        assert isinstance(session.keeper.venue, Nearing)
        session.keeper.venue.liquidation_usd = D(94_000)
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session

    session = run(scenario())

    assert session.recorder.ledger.positions == {}
    assert causes(world) == [CloseCause.LIQUIDATION_NEAR]


def test_what_the_venue_said_of_the_last_position_closes_no_other() -> None:
    """At 40x liquidation is near; at 10x it is not, though side and size are the same."""
    world = World()
    scalp = {"mode": "scalper", "trail_pct": 0.5, "max_time_sec": 600}
    small: dict[str, Any] = {"leverage": 40, "margin": 100, "stop_loss_pct": 0.3}

    async def scenario() -> None:
        session = await ready(world, venue=Nearing)
        held, venue = session.recorder.ledger.positions, session.keeper.venue
        assert isinstance(venue, Nearing)
        venue.liquidation_usd = D(93_000)
        await ask(world, session, intent("a", CALM, harvest_policy=scalp, **small))
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        first = held[BTC]
        venue.liquidation_usd = D(86_000)
        await ask(world, session, close("out", CALM + 1))
        assert held == {}
        await ask(world, session, intent("b", CALM + 1, margin=400, stop_loss_pct=2.5))

        assert held[BTC].signed_base == first.signed_base

    run(scenario())
    assert causes(world) == []


def test_a_remainder_below_the_venues_least_is_closed_whole() -> None:
    """A reduction that filled in part may leave what no order could close later."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        ledger = session.recorder.ledger
        least = D("0.001")
        whole = ledger.positions[BTC].quantity_base
        dust = replace(_fill(world), quantity_base=whole - least / 2)
        await session.recorder.write(dust)
        assert ledger.positions[BTC].quantity_base < least
        await session.keeper.pulse()
        return session

    run(scenario())
    assert causes(world)[:1] == [CloseCause.DUST]
    assert legs(world)[-1] is Leg.FLATTEN


def _fill(world: World) -> Filled:
    (fill,) = [f for f in world.events(Filled) if f.book is Book.ACCOUNT]
    return replace(fill, side=fill.side.opposite, trade_id="t-part", margin_usd=D(0))
