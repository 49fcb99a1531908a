"""What a crash leaves half done is done once: bars, readings, orders, duplicates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    EquityMarked,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import IntentId, Mode, ReduceIntent
from bridge_patch.domain.money import Quantity
from bridge_patch.domain.order import Leg
from bridge_patch.governor.judge import ApprovedReduction, judge_reduction
from bridge_patch.services.answers import Sent
from bridge_patch.services.session import Session
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
from tests.unit.services.test_recall import dead, restarted, sending

D = Decimal
BOTH = (BTC, SOL)


def test_a_book_does_not_harvest_the_same_bar_twice() -> None:
    """A scalper's half was taken before the kill; its trail is for the next bar."""
    world = World(Mode.SHADOW)
    bar = at(CALM + 1, {BTC: 96_200})

    async def scenario() -> tuple[int, int]:
        session = await ready(world)
        await ask(world, session, intent("a", CALM, harvest_policy={"mode": "scalper"}))
        await session.on_tick(bar)
        before = len(list(world.journal.read()))
        again = world.start()
        await play(again, [*calm(), bar])
        for book in again.keeper.trader.books:
            assert book.exchange.last_usd(BTC) == 96_200
        return before, len(list(world.journal.read()))

    before, after = run(scenario())

    assert before == after


def test_what_is_judged_after_a_kill_is_judged_by_the_ticks_own_reading() -> None:
    """The fee of what was filled since is in the next tick's equity, not in this one's."""
    world = World()

    async def scenario() -> tuple[object, object]:
        session = await ready(world, BOTH)
        read = session.recorder.gauge.equity
        await ask(world, session, intent("a", CALM))
        again = world.start()
        await play(again, calm(BOTH))
        await ask(world, again, intent("b", CALM, symbol=SOL))
        return read, again.recorder.gauge.equity

    read, again = run(scenario())

    assert read == again
    assert world.outcome("b").status is Status.FILLED
    marks = [e.at_ms for e in world.events(EquityMarked) if e.book is Book.ACCOUNT]
    assert marks.count(minute(CALM)) == 1


def test_a_duplicate_that_was_written_first_does_not_disown_its_owner() -> None:
    """The owner's expiry was to be written with its batch, and the batch never ended."""
    world = World()

    async def scenario() -> None:
        stale = intent("old", CALM - 9)
        await dead(world, sending(Leg.ENTRY), stale, stale, intent("new", CALM))
        assert world.events(BulkExpired) == []
        session, _ = await restarted(world)
        await session.execution.drain()

    run(scenario())

    (bulk,) = [r for r in world.results() if isinstance(r, BulkExpired)]
    assert bulk.intent_ids == ("old",)
    assert len(world.events(DuplicateSeen)) == 1
    assert world.outcome("new").status is Status.FILLED
    assert run(world.unfinished()) == 0


def test_a_defect_after_the_order_left_waits_and_loses_nothing() -> None:
    """What may have been sent is never set aside: it is taken up again."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world)
        scribe = session.keeper.trader.scribe
        outcome, failures = type(scribe).outcome, [ZeroDivisionError()]

        def failing(*args: object) -> Settled | None:
            if failures:
                raise failures.pop()
            return outcome(*args)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(scribe), "outcome", failing)
            await ask(world, session, intent("a", CALM))
            assert world.results() == []
            await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session

    session = run(scenario())

    assert world.outcome("a").status is Status.FILLED
    assert world.events(DeadLettered) == []
    assert BTC in session.recorder.ledger.positions
    assert run(world.unfinished()) == 0


@pytest.mark.parametrize("quantity", ["0.02", "0.03"])
def test_an_announced_close_leaves_only_as_it_was_announced(quantity: str) -> None:
    """The numbers in the journal are the ones that are sent, or nothing is."""
    world = World()

    async def scenario() -> Sent | None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        await dead(world, sending(Leg.REDUCE), close("part", CALM, quantity=0.02))
        session = world.start()
        for one in calm():
            await session.warm_up(one)
        order = next(e for e in world.events(Sending) if e.leg is Leg.REDUCE)
        wish = ReduceIntent(
            id=IntentId("part"),
            symbol=BTC,
            side=None,
            quantity=Quantity(D(quantity)),
            stop_at=None,
            simulate=False,
            reason="",
            created_ms=minute(CALM),
            source="test",
        )
        position = session.recorder.ledger.positions[BTC]
        verdict = judge_reduction(
            wish, position, session.keeper.trader.instruments.find(BTC)
        )
        assert isinstance(verdict, ApprovedReduction)
        assert order.order_id in session.recorder.ledger.in_doubt
        return await session.keeper.trader.desk.reduce_now(order, verdict)

    assert (run(scenario()) is not None) is (quantity == "0.02")
