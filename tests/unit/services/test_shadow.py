"""Law 6: shadow opens and enlarges nothing, whatever anybody says."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    Judged,
    Sending,
    Status,
    Verdict,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import Leg
from bridge_patch.services.desk import LiveDesk, ReduceDesk
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    play,
    ready,
    run,
    tapped,
)
from tests.simulation.script import Proposers, Script
from tests.simulation.tap import Tap

D = Decimal


def test_a_shadow_run_holds_no_way_to_open() -> None:
    """Not a flag that is looked at: the desk has no such call."""
    shadow, live = World(Mode.SHADOW).start(), World(Mode.LIVE).start()

    assert isinstance(live.keeper.trader.desk, LiveDesk)
    assert type(shadow.keeper.trader.desk) is ReduceDesk
    assert not hasattr(shadow.keeper.trader.desk, "open")


@pytest.mark.parametrize("seed", range(6))
def test_a_flat_shadow_run_makes_no_call_of_any_kind(seed: int) -> None:
    """Entries, closes, stop moves, duplicates, poison: the venue hears nothing at all."""
    world = World(Mode.SHADOW)
    script = Script(seed)
    proposers = Proposers(world, script)

    async def scenario() -> Tap:
        session = world.start(venue=Tap)
        for one in script.ticks:
            await proposers.before(session, one)
            await session.on_tick(one)
        assert isinstance(session.keeper.venue, Tap)
        return session.keeper.venue

    venue = asyncio.run(scenario())

    assert venue.calls == []
    assert world.events(Sending) == []
    books = {fill.book for fill in world.events(Filled)}
    assert books == {Book.ASKED, Book.GOVERNED, Book.BASELINE}


@pytest.mark.parametrize("says", [{"mode": "live"}, {"mode": "shadow"}, {}])
def test_no_payload_raises_the_mode_of_the_service(says: dict[str, str]) -> None:
    world = World(Mode.SHADOW)

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM) | says)
        return venue

    assert run(scenario()).calls == []
    assert world.outcome("a").status is Status.SIMULATED
    assert world.outcome("a").mode is Mode.SHADOW


def test_a_payload_lowers_the_mode_for_itself_alone() -> None:
    world = World(Mode.LIVE)

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM, mode="shadow"))
        assert venue.calls == []
        await ask(world, session, intent("b", CALM))
        await ask(world, session, close("c", CALM, mode="shadow"))
        return venue

    assert run(scenario()).kinds() == ["place", "stop"]
    assert world.outcome("a").status is Status.SIMULATED
    assert world.outcome("b").status is Status.FILLED
    assert world.outcome("c").status is Status.REFUSED


def test_a_simulated_outcome_states_what_the_governed_book_did() -> None:
    world = World(Mode.SHADOW)

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM, leverage=12.5))
        return session

    session = run(scenario())

    outcome = world.outcome("a")
    (fill,) = [f for f in world.events(Filled) if f.book is Book.GOVERNED]
    assert outcome.filled_quantity_base == fill.quantity_base == D("0.050")  # 400 x 12
    assert outcome.filled_price_usd == fill.price_usd
    assert outcome.fee_usd == fill.fee_usd
    assert outcome.order_ids == ()
    governed = session.keeper.trader.books.governed
    assert governed is not None
    assert outcome.stop_price_usd == governed.exchange.stop_price_usd(BTC)


def test_a_reduction_in_shadow_reduces_the_governed_book() -> None:
    world = World(Mode.SHADOW)

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        await ask(world, session, close("up", CALM, stop_move_to=94_500))
        await ask(world, session, close("half", CALM, quantity=0.021))
        return session

    session = run(scenario())

    books = session.keeper.trader.books
    left = {book.exchange.book: book.exchange.positions[BTC] for book in books}
    assert {book: position.quantity_base for book, position in left.items()} == {
        Book.ASKED: D("0.021"),
        Book.GOVERNED: D("0.021"),
        Book.BASELINE: D("0.031"),  # 5000 at 95 003.2 is 0.052
    }
    assert {book.exchange.stop_price_usd(BTC) for book in books} == {D(94_500)}
    assert world.outcome("up").status is Status.SIMULATED
    assert world.outcome("half").filled_quantity_base == D("0.021")


def test_a_position_left_open_by_a_live_run_stays_protected_and_is_harvested() -> None:
    """Rollback is safe: switching back leaves no naked position, and enlarges none."""
    world = World(Mode.LIVE)

    async def scenario() -> tuple[Session, Tap]:
        session = await ready(world)
        swing = {"mode": "swing", "trail_pct": 1.0, "max_time_sec": 240}
        await ask(world, session, intent("a", CALM, harvest_policy=swing))
        session = world.start(Mode.SHADOW, venue=Tap)
        later = [at(CALM + n, {BTC: 95_000 + 100 * n}) for n in range(1, 6)]
        await play(session, [*calm(), *later])
        await ask(world, session, intent("b", CALM + 5))
        assert isinstance(session.keeper.venue, Tap)
        return session, session.keeper.venue

    session, venue = run(scenario())

    kinds = venue.kinds()
    assert "place" not in kinds
    assert {"stop", "reduce"} <= set(kinds)
    assert session.recorder.ledger.positions == {}
    account = [f.kind for f in world.events(Filled) if f.book is Book.ACCOUNT]
    assert account == [FillKind.ENTRY, FillKind.REDUCE]
    assert world.outcome("b").status is Status.SIMULATED


def test_a_naked_position_of_a_live_run_is_protected_by_the_shadow_run() -> None:
    world = World(Mode.LIVE)

    async def scenario() -> tuple[Session, Tap]:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        ledger = session.recorder.ledger
        (stop,) = ledger.plans[BTC].stops
        gone = await session.keeper.venue.cancel(BTC, stop.order_id)
        await session.recorder.write(*gone.events)
        session = world.start(Mode.SHADOW, venue=Tap)
        await play(session, calm())
        assert isinstance(session.keeper.venue, Tap)
        return session, session.keeper.venue

    session, venue = run(scenario())

    assert venue.kinds() == ["stop"]
    assert session.recorder.ledger.naked() == ()
    assert world.events(Sending)[-1].leg is Leg.STOP


def test_the_two_books_part_where_the_governor_says_less() -> None:
    """As asked is traded as asked; that is what makes the two worth comparing."""
    world = World(Mode.SHADOW)

    async def scenario() -> Session:
        session = await ready(world)
        greedy = intent("a", CALM, leverage=40)
        await ask(world, session, greedy, intent("b", CALM, margin=20))
        return session

    session = run(scenario())

    (clamped, refused) = world.events(Judged)
    assert (clamped.verdict, refused.verdict) == (Verdict.CLAMP, Verdict.REJECT)
    books = session.keeper.trader.books
    assert books.governed is not None
    asked = books.asked.exchange.positions[BTC].quantity_base
    governed = books.governed.exchange.positions[BTC].quantity_base
    assert asked > governed > 0


def test_shadow_is_the_same_run_whoever_listens_at_the_venue() -> None:
    """Sanity of the proof above: the ear changes nothing."""
    worlds = [World(Mode.SHADOW), World(Mode.SHADOW)]

    async def scenario(world: World, listen: bool) -> None:
        session = world.start(venue=Tap if listen else lambda venue: venue)
        rng = random.Random(1)
        await play(session, calm())
        for n in range(1, 9):
            await ask(world, session, intent(f"i-{n}", CALM + n - 1))
            price = D(95_000 + rng.randrange(-400, 400))
            await session.on_tick(at(CALM + n, {BTC: price}))

    for world, listen in zip(worlds, (True, False), strict=True):
        asyncio.run(scenario(world, listen))

    one, two = ([s.event for s in w.journal.read()] for w in worlds)
    assert one == two
