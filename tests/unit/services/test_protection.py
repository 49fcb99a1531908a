"""Every position is protected, or closed: the desk's part that only reduces."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.events import (
    Filled,
    FillKind,
    Sending,
    Status,
)
from bridge_patch.domain.order import Leg
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    close,
    intent,
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


def test_a_stop_that_is_refused_closes_the_position() -> None:
    """-2021: the price is there already; what cannot be protected is not held."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REFUSED)
        await ask(world, session, intent("a", CALM))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "stop", "reduce"]
    assert session.recorder.ledger.positions == {}
    assert [s.leg for s in world.events(Sending)] == [Leg.ENTRY, Leg.STOP, Leg.FLATTEN]
    assert world.outcome("a").status is Status.FILLED
    assert world.outcome("a").stop_price_usd is None


def test_a_stop_that_never_arrived_is_sent_once_more_under_another_id() -> None:
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REQUEST_LOST)
        await ask(world, session, intent("a", CALM))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "stop", "find", "stop"]
    first, second = [c.order_id for c in venue.calls if c.kind == "stop"]
    assert first != second
    assert session.recorder.ledger.naked() == ()


def test_a_stop_whose_fate_stays_unknown_gives_way_to_a_close_at_the_deadline() -> None:
    """NAKED has a deadline: until then no second stop, after it no position."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 3)
        await ask(world, session, intent("a", CALM))
        assert session.recorder.ledger.naked() == (BTC,)
        await ask(world, session, intent("b", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "stop", "find", "find", "find", "reduce"]
    assert session.recorder.ledger.positions == {}
    assert "POSITION_NAKED" in world.outcome("b").codes


def test_a_close_that_is_refused_is_tried_again_at_the_next_occasion() -> None:
    """A position is never forgotten because two things went wrong at once.

    And no other stop is tried meanwhile: once it is to be closed it is closed.
    """
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world)
        venue.trouble("stop", Trouble.REFUSED)
        venue.trouble("reduce", Trouble.REFUSED)
        await ask(world, session, intent("a", CALM))
        assert session.recorder.ledger.naked() == (BTC,)
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "stop", "reduce", "reduce"]
    assert len({call.order_id for call in venue.calls}) == 4
    assert session.recorder.ledger.positions == {}


def test_a_stop_is_moved_new_first_and_the_old_one_cancelled_after() -> None:
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await filled(world)
        await ask(world, session, close("up", CALM, stop_move_to=94_500))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "stop", "stop", "cancel"]
    assert venue.calls[3].order_id == venue.calls[1].order_id
    assert session.recorder.ledger.view(BTC).stop_price_usd == 94_500
    assert world.outcome("up").status is Status.RESTING


def test_a_stop_that_was_not_moved_leaves_the_old_one_standing() -> None:
    world = World()

    async def scenario() -> tuple[Session, Tap, Decimal | None]:
        session, venue = await filled(world)
        before = session.recorder.ledger.view(BTC).stop_price_usd
        await ask(world, session, close("over", CALM, stop_move_to=96_000))
        return session, venue, before

    session, venue, before = run(scenario())

    assert "cancel" not in venue.kinds()
    assert world.outcome("over").codes == ("PASS", "-2021")
    assert session.recorder.ledger.view(BTC).stop_price_usd == before


def test_a_stop_that_would_risk_more_is_no_reduction() -> None:
    """It can only shrink: a stop further away enlarges what may be lost."""
    world = World()

    async def scenario() -> Tap:
        session, venue = await filled(world)
        await ask(world, session, close("down", CALM, stop_move_to=90_000))
        return venue

    venue = run(scenario())

    assert venue.kinds() == ["place", "stop"]
    assert world.outcome("down").codes == ("REDUCE_WRONG_SIDE",)


def test_a_cancel_without_an_answer_is_made_up_for() -> None:
    """The old stop is not forgotten while it may still rest."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await filled(world)
        venue.trouble("cancel", Trouble.REPLY_LOST)
        await ask(world, session, close("up", CALM, stop_move_to=94_500))
        assert len(session.recorder.ledger.stale_stops(BTC)) == 1
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds().count("cancel") >= 2
    assert session.recorder.ledger.stale_stops(BTC) == ()


def test_a_full_close_leaves_no_stop_and_says_so() -> None:
    world = World()

    async def scenario() -> Session:
        session, _ = await filled(world)
        await ask(world, session, close("out", CALM))
        return session

    session = run(scenario())

    assert session.recorder.ledger.positions == {}
    assert session.recorder.ledger.stale_stops(BTC) == ()
    assert world.outcome("out").status is Status.FILLED
    assert world.positions()[-1].quantity_base == 0
    assert [f.kind for f in world.events(Filled) if f.book == "account"] == [
        FillKind.ENTRY,
        FillKind.REDUCE,
    ]
