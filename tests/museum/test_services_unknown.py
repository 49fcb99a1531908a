"""Incidents of orders whose fate nobody knew: sent twice, closed by a counter, invented."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    Resolved,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import Side
from bridge_patch.domain.order import Leg, client_order_id
from bridge_patch.services.session import Session
from tests.simulation.chaos import PEACE, ChaosVenue, Crash, Survivor
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
    play,
    ready,
    reserved_usd,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble

D = Decimal
BOTH = (BTC, SOL)
FLAT = {BTC: D(95_000), SOL: D(150)}


@pytest.mark.parametrize("how", [Trouble.REPLY_LOST, Trouble.RAISES, Trouble.REQUEST_LOST])
def test_timeout_is_unknown_and_never_resent(how: Trouble) -> None:
    """M-39: a timeout was a failure, and the same order was sent twice."""
    world = World()

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        venue.trouble("place", how)
        venue.trouble("find", Trouble.RAISES, Trouble.RAISES)
        await ask(world, session, intent("a", CALM))
        assert list(session.recorder.ledger.in_doubt) == [venue.calls[0].order_id]
        await ask(world, session, intent("a", CALM))
        for n in (1, 2, 3):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))
        return venue

    venue = run(scenario())

    assert venue.kinds().count("place") == 1
    assert {c.order_id for c in venue.calls if c.kind == "find"} == {
        venue.calls[0].order_id
    }
    came = how is not Trouble.REQUEST_LOST
    expected = Status.FILLED if came else Status.VENUE_REFUSED
    assert world.outcome("a").status is expected
    assert run(tapped(World()))[1].calls == []


def test_client_order_id_is_durable_before_the_call() -> None:
    """M-41: the order was recorded after the reply; a crash lost both."""
    world = World()
    seen: list[tuple[str, list[str]]] = []

    class Looking(Tap):
        async def place(self, approved, order_id):  # type: ignore[no-untyped-def]
            written = [e.order_id for e in world.events(Sending)]
            seen.append((order_id, list(written)))
            raise Crash

    async def scenario() -> Tap:
        session = await ready(world, venue=Looking)
        with pytest.raises(Crash):
            await ask(world, session, intent("a", CALM))
        session = world.start(venue=Tap)
        await play(session, calm())
        await session.execution.drain()
        assert isinstance(session.keeper.venue, Tap)
        return session.keeper.venue

    venue = run(scenario())

    ((order_id, written),) = seen
    assert written == [order_id]
    assert order_id == client_order_id(world.events(Sending)[0].intent_id, Leg.ENTRY)
    placed = [c.order_id for c in venue.calls if c.kind == "place"]
    assert placed == [order_id]
    assert len(world.results()) == 1
    assert world.outcome("a").status is Status.FILLED


def test_unknown_order_is_never_closed_by_a_counter() -> None:
    """M-42: live or filled orders became rejected after five retries."""
    world = World()
    tries = 60

    async def scenario() -> Session:
        session, venue = await tapped(world, BOTH)
        venue.trouble("place", Trouble.REPLY_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST, Trouble.RAISES] * tries)
        await ask(world, session, intent("a", CALM))
        for n in range(1, tries // 2):
            await session.on_tick(at(CALM + n, FLAT))
            await ask(world, session, intent(f"b-{n}", CALM + n))
            assert reserved_usd(session.recorder.ledger) == (D(4000), D(400))
        assert venue.kinds().count("find") > tries // 2
        assert "a" not in {s.intent_id for s in world.events(Settled)}
        venue.troubles.clear()
        await session.on_tick(at(CALM + tries, FLAT))
        return session

    session = run(scenario())

    refused = [s for s in world.events(Settled) if s.intent_id.startswith("b-")]
    assert len(refused) == tries // 2 - 1
    assert all("ORDER_UNKNOWN" in s.codes for s in refused)
    entry = [e.event for e in world.events(Resolved) if e.leg is Leg.ENTRY]
    assert entry == ["TIMED_OUT", "FILLED"]
    assert world.outcome("a").status is Status.FILLED
    assert reserved_usd(session.recorder.ledger) == (D(0), D(0))


def test_restart_adopts_the_venue_state_exactly() -> None:
    """M-43: restarts invented fills, counted partial ones twice, dropped working orders."""
    world = World()
    there = Survivor(world.venue(), world.journal)

    def start() -> Session:
        return world.start(venue=lambda _: ChaosVenue(there, PEACE))

    async def scenario() -> Session:
        session = start()
        await play(session, calm(BOTH))
        await ask(world, session, intent("a", CALM), intent("b", CALM, symbol=SOL))
        await ask(world, session, close("part", CALM, quantity=0.02))
        await session.on_tick(at(CALM + 1, FLAT))
        for n in (2, 3):
            # We are dead while the market moves: SOL's stop fires at the venue.
            await there.advance(at(CALM + n, FLAT | {SOL: D(146)}))
        session = start()
        lived = [at(CALM + 1, FLAT)] + [at(CALM + n, FLAT | {SOL: D(146)}) for n in (2, 3)]
        await play(session, [*calm(BOTH), *lived])
        return session

    session = run(scenario())

    exchange = there.inner._exchange
    assert session.recorder.ledger.positions == exchange.positions
    assert set(exchange.positions) == {BTC}
    assert session.recorder.ledger.view(BTC).stop_price_usd == exchange.stop_price_usd(BTC)
    fills = [f for f in world.events(Filled) if f.book is Book.ACCOUNT]
    assert len(fills) == len({f.trade_id for f in fills}) == exchange.ledger.trades == 4
    assert world.positions()[-1].symbol == SOL
    assert world.positions()[-1].quantity_base == 0


def test_after_a_restart_entries_wait_for_what_is_unknown() -> None:
    """The last clause of M-43: nothing new before every fate is known."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world, BOTH)
        venue.trouble("place", Trouble.REPLY_LOST)
        await ask(world, session, intent("a", CALM))
        silent = world.start(venue=Tap)
        assert isinstance(silent.keeper.venue, Tap)
        silent.keeper.venue.trouble("find", *[Trouble.REQUEST_LOST] * 9)
        await play(silent, calm(BOTH))
        await ask(world, silent, intent("b", CALM, symbol=SOL))

    run(scenario())

    assert "ORDER_UNKNOWN" in world.outcome("b").codes


@pytest.mark.parametrize("side", list(Side))
def test_close_side_follows_the_position(side: Side) -> None:
    """M-44: what was not BUY was sold: CLOSE became SELL on a short."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM, action=side), close("out", CALM))
        words = ("LONG", "SHORT", "sell", "BUY ", "EXIT", "")
        tries = [intent(f"w-{n}", CALM, action=word) for n, word in enumerate(words)]
        await ask(world, session, *tries)
        return session

    session = run(scenario())

    (_, exit_) = [f for f in world.events(Filled) if f.book is Book.ACCOUNT]
    assert (exit_.side, exit_.kind) == (side.opposite, FillKind.REDUCE)
    assert session.recorder.ledger.positions == {}
    assert [letter.reason for letter in world.dead()] == ["not_understood"] * 6
