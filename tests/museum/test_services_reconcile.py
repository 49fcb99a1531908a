"""Incidents of a venue that said something else: of money, of modes, of positions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    DifferenceFound,
    LatchSet,
    Sending,
    Status,
    TradingState,
)
from bridge_patch.domain.market import Funding
from bridge_patch.domain.reconcile_events import DifferenceKind as K
from bridge_patch.evidence.trade_fold import TradesFold, Verdicts
from bridge_patch.services.holds import VENUE_DIFFERS, WALLET_DIFFERS
from bridge_patch.services.session import Session
from tests.museum.test_services_limits import codes
from tests.simulation import lying
from tests.simulation.lying import Lie, Lying
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    minute,
    play,
    ready,
    run,
)

D = Decimal
FLAT = {BTC: 95_000, SOL: 150}


@pytest.mark.parametrize("stated", ["truly", "otherwise"])
def test_pnl_comes_from_exchange_fills(stated: str) -> None:
    """M-106: a ledger of our own showed 72.7 % wins where the exchange showed 7.1 %.

    What a trade earned is made of the venue's fills, with fees and funding; a wallet that
    says otherwise is an incident.
    """
    world = World()

    async def scenario() -> Decimal:
        session = await ready(world, (BTC, SOL), venue=Lying)
        venue = session.keeper.venue
        assert isinstance(venue, Lying)
        await ask(world, session, intent("a", CALM))
        funding = Funding(symbol=BTC, at_ms=minute(CALM + 1), rate_fraction=D("0.001"))
        tick = at(CALM + 1, FLAT | {BTC: 95_050})
        await session.on_tick(
            type(tick)(at_ms=tick.at_ms, bars=tick.bars, fundings=(funding,))
        )
        await ask(world, session, close("out", CALM + 1))
        if stated == "otherwise":
            venue.lie = lying.richer
        for n in (2, 3, 4):
            await session.on_tick(at(CALM + n, FLAT))
        read = await venue.inner.records()
        return getattr(read, "wallet_usd", D(0)) - 10_000

    earned_usd = run(scenario())
    fold = TradesFold(Verdicts())
    for stored in world.journal.read():
        if getattr(stored.event, "book", None) is Book.ACCOUNT:
            fold.take(stored.event)
    (trade,) = fold.trades

    assert trade.net_usd == earned_usd < 0  # the price rose; fees and funding were more
    assert trade.realised_usd > 0
    kinds = [e.difference.kind for e in world.events(DifferenceFound)]
    causes = [latch.cause for latch in world.events(LatchSet)]
    told = stated == "otherwise"
    assert (kinds, causes) == ([K.WALLET] * told, [WALLET_DIFFERS] * told)


@pytest.mark.parametrize("lie", [lying.honest, lying.hedge, lying.multi_assets])
def test_account_modes_and_permissions_are_verified_before_entries(lie: Lie) -> None:
    """M-47: closes were refused for the position mode only when they were needed."""
    world = World()

    async def scenario() -> Session:
        session = world.start(venue=Lying)
        assert isinstance(session.keeper.venue, Lying)
        session.keeper.venue.lie = lie
        await play(session, calm((BTC, SOL)))
        await ask(world, session, intent("first", CALM))
        return session

    session = run(scenario())
    right = lie is lying.honest

    assert bool(world.events(Sending)) is right
    assert (session.recorder.gauge.state is TradingState.RUNNING) is right
    assert ("TRADING_REDUCING" in codes(world, "first")) is not right


@pytest.mark.parametrize("lie", [lying.flat, lying.foreign_order, lying.cross])
def test_what_the_reconciler_holds_does_not_hold_its_remedy(lie: Lie) -> None:
    """M-66: a hold set by the reconciler blocked the very close that would have cleared it.

    And a drift is told once, not 41,513 times.
    """
    world = World()

    async def scenario() -> Session:
        session = await ready(world, (BTC, SOL), venue=Lying)
        assert isinstance(session.keeper.venue, Lying)
        await ask(world, session, intent("mine", CALM))
        session.keeper.venue.lie = lie
        for n in range(1, 9):
            await session.on_tick(at(CALM + n, FLAT))
        assert session.recorder.gauge.state is TradingState.REDUCING
        await ask(world, session, close("out", CALM + 8))
        return session

    session = run(scenario())

    assert len(world.events(DifferenceFound)) == len(world.events(LatchSet)) == 1
    assert world.outcome("out").status is Status.FILLED
    assert session.recorder.ledger.positions == {}
    assert VENUE_DIFFERS in session.recorder.gauge.holds or lie is lying.foreign_order
