"""An entry is recorded before it is sent, and looked up when nobody knows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import (
    Event,
    Filled,
    OrderRefused,
    Resolved,
    Sending,
    Settled,
    Status,
    StopArmed,
    TradingState,
)
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.services.ports import Report
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    NOON_MS,
    World,
    ask,
    at,
    intent,
    ready,
    reserved_usd,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble

D = Decimal


async def filled(world: World) -> tuple[Session, Tap]:
    """A long BTC position with its stop."""
    session, venue = await tapped(world)
    await ask(world, session, intent("a", CALM))
    assert session.recorder.ledger.positions[BTC].signed_base > 0
    return session, venue


def words(world: World, leg: Leg) -> list[str]:
    """What was heard of the orders of a leg, oldest first."""
    return [e.event for e in world.events(Resolved) if e.leg is leg]


def test_an_entry_is_placed_and_its_stop_rests_before_the_outcome() -> None:
    """The good case of everything below, in the order in which it is written down."""
    world = World()
    session, venue = run(filled(world))

    assert venue.kinds() == ["place", "stop"]
    kinds = [type(s.event) for s in world.journal.read()]
    (entry, stop) = world.events(Sending)
    assert (entry.leg, stop.leg) == (Leg.ENTRY, Leg.STOP)
    assert kinds.index(Sending) < kinds.index(Resolved)
    assert world.outcome("a").status is Status.FILLED
    (fill,) = [f for f in world.events(Filled) if f.order_id == entry.order_id]
    # 2 % below the fill, on the tick of 0.1, rounded towards the entry
    exact = fill.price_usd * D("0.98")
    stands = session.recorder.ledger.view(BTC).stop_price_usd
    assert stands is not None
    assert exact <= stands <= exact + D("0.1")


@pytest.mark.parametrize("trouble", [Trouble.REPLY_LOST, Trouble.RAISES])
def test_an_entry_without_an_answer_is_unknown_reserved_and_looked_up(
    trouble: Trouble,
) -> None:
    """Law 8: its risk stays as if it were filled, and nothing new comes in meanwhile."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("place", trouble)
        await ask(world, session, intent("a", CALM), intent("b", CALM, symbol=BTC))
        assert reserved_usd(session) == (D("4000"), D("400"))
        assert await world.unfinished() == 1
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "find", "stop"]
    assert words(world, Leg.ENTRY) == ["TIMED_OUT", "FILLED"]
    assert "ORDER_UNKNOWN" in world.outcome("b").codes
    outcome = world.outcome("a")
    assert outcome.status is Status.FILLED
    assert outcome.filled_quantity_base == outcome.approved_quantity_base
    assert reserved_usd(session) == (D(0), D(0))


def test_an_entry_that_never_arrived_is_not_sent_again() -> None:
    """A time-out may have been an order: it is looked up, and that is all."""
    world = World()

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        venue.trouble("place", Trouble.REQUEST_LOST)
        await ask(world, session, intent("a", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        await session.on_tick(at(CALM + 2, {BTC: 95_000}))
        return venue

    venue = run(scenario())

    assert venue.kinds() == ["place", "find"]
    outcome = world.outcome("a")
    assert outcome.status is Status.VENUE_REFUSED
    assert outcome.codes == ("PASS", "ORDER_ABSENT")
    assert len(world.events(Sending)) == 1


def test_a_look_up_that_fails_changes_nothing_and_is_tried_again() -> None:
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("place", Trouble.REPLY_LOST)
        venue.trouble("find", Trouble.RAISES, *[Trouble.REQUEST_LOST] * 4)
        await ask(world, session, intent("a", CALM))
        for n in (1, 2):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))
        assert session.recorder.ledger.in_doubt != {}
        assert world.results() == []
        await session.on_tick(at(CALM + 3, {BTC: 95_000}))
        return session, venue

    session, venue = run(scenario())

    assert words(world, Leg.ENTRY) == ["TIMED_OUT", "FILLED"]
    assert venue.kinds().count("place") == 1
    assert len(world.results()) == 1
    assert session.recorder.ledger.naked() == ()


def test_a_latch_set_between_verdict_and_send_keeps_the_order_back() -> None:
    """The one switch is read in the last step before every entry leaves."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        gauge, append = session.recorder.gauge, world.journal.append

        async def halting(events: list[Event]) -> None:
            await append(events)
            if any(isinstance(e, Sending) for e in events):
                gauge.apply(gauge.holds.latch(TradingState.HALTED, "X", "x", NOON_MS))

        world.journal.append = halting  # type: ignore[method-assign, assignment]
        await ask(world, session, intent("a", CALM))
        return session, venue

    session, venue = run(scenario())

    assert venue.calls == []
    outcome = world.outcome("a")
    assert outcome.status is Status.REFUSED
    assert outcome.codes == ("PASS", "TRADING_HALTED")
    assert outcome.order_ids == ()
    assert reserved_usd(session) == (D(0), D(0))


def test_a_broken_promise_of_the_venue_stops_the_process() -> None:
    """What nobody can answer for is not an unknown order."""
    world = World()

    class Broken(Tap):
        async def place(self, approved: object, order_id: ClientOrderId) -> Report:
            raise BrokenPromiseError

    async def scenario() -> None:
        session = await ready(world, venue=Broken)
        await ask(world, session, intent("a", CALM))

    with pytest.raises(BrokenPromiseError):
        run(scenario())


def test_an_answer_that_the_order_table_forbids_is_no_answer() -> None:
    """An entry that is reported as merely accepted has not been filled."""
    world = World()

    class Vague(Tap):
        async def place(self, approved: object, order_id: ClientOrderId) -> Report:
            return Report(event=OrderEvent.ACCEPTED)

        async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
            return Report(event=OrderEvent.REJECTED)

    async def scenario() -> Session:
        session = await ready(world, venue=Vague)
        await ask(world, session, intent("a", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session

    session = run(scenario())

    assert list(session.recorder.ledger.in_doubt) == [
        e.order_id for e in world.events(Sending)
    ]
    assert world.events(Settled) == []
    assert reserved_usd(session) == (D(4000), D(400))


def test_a_refusal_of_the_venue_reaches_the_outcome_with_its_code() -> None:
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        venue.trouble("place", Trouble.REFUSED)
        await ask(world, session, intent("a", CALM))

    run(scenario())

    outcome = world.outcome("a")
    assert (outcome.status, outcome.codes) == (Status.VENUE_REFUSED, ("PASS", "-2021"))
    assert outcome.detail == "Order would immediately trigger."
    assert [e.code for e in world.events(OrderRefused)] == ["-2021"]
    assert {e.book for e in world.events(StopArmed)} == {"shadow-asked", "shadow-baseline"}
