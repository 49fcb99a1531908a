"""What a crash leaves half done is done once: bars, readings, orders, duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bridge_patch.adapters.bus import Bus, Post
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import AccountEquity, bounds_of
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
from bridge_patch.domain.intent import Confidence, IntentId, Mode, ReduceIntent, Side
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import Quantity
from bridge_patch.domain.order import Leg
from bridge_patch.governor.judge import ApprovedReduction, judge_reduction
from bridge_patch.services.answers import Sent
from bridge_patch.services.engine import Engine, Signal
from bridge_patch.services.session import Session
from tests.simulation.chaos import PEACE, ChaosBus, Crash
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    Silence,
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
from tests.unit.services.test_recall import dead, resolved, restarted, sending

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


def test_a_start_protects_what_is_naked_before_it_reads_the_bus() -> None:
    """Killed between fill and stop, and gone for a minute: first that, then new risk."""
    world = World()

    async def scenario() -> None:
        await dead(world, resolved(Leg.ENTRY), intent("a", CALM))
        session = world.start()
        flat = {BTC: 95_000, SOL: 150}
        for one in [*calm(BOTH), at(CALM + 1, flat)]:
            await session.warm_up(one)
        await world.send(intent("b", CALM + 1, symbol=SOL))
        await session.on_tick(at(CALM + 2, flat))

    run(scenario())

    assert [e.leg for e in world.events(Sending)] == [
        Leg.ENTRY,
        Leg.STOP,  # announced with the fill, and never sent
        Leg.STOP,
        Leg.ENTRY,
        Leg.STOP,
    ]
    assert world.outcome("b").status is Status.FILLED
    assert world.outcome("b").judged_ms == minute(CALM + 1)


class OneIdea:
    """A model that speaks about one tick."""

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        if tick.at_ms != minute(CALM + 1):
            return ()
        sure = Confidence(D("0.85"))
        return (
            Signal(symbol=BTC, side=Side.BUY, confidence=sure, source="m", reason="up"),
        )


def engine(session: Session, bus: Bus) -> Engine:
    return Engine(
        source=OneIdea(),
        outbox=BusOutbox(bus),
        equity=AccountEquity(session.keeper.account),
        telemetry=Silence(),
        bounds=bounds_of(load_settings({})),
        mode=Mode.LIVE,
    )


class Dies(ChaosBus):
    """A bus that lets one publication out and no life after it."""

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        await self.inner.publish(posts)
        raise Crash


NEXT = [*calm(), at(CALM + 1, {BTC: 95_000})]


def test_what_was_proposed_at_a_quiet_tick_is_not_from_the_future_after_a_kill() -> None:
    """Its time is durable before it is on the bus, or a restart would not know of it."""
    world = World()

    async def scenario() -> None:
        doomed = world.start(bus=lambda bus: Dies(bus, PEACE), engine=engine)
        with pytest.raises(Crash):
            await play(doomed, NEXT)
        await play(world.start(engine=engine), NEXT)

    run(scenario())

    assert world.events(DeadLettered) == []
    (outcome,) = [r for r in world.results() if isinstance(r, Settled)]
    assert outcome.status is Status.FILLED
    assert outcome.judged_ms == minute(CALM + 1)


def test_an_exit_asked_for_at_a_quiet_tick_is_not_from_the_future_either() -> None:
    world = World()
    bars = [*calm(), *(at(CALM + n, {BTC: 96_200}) for n in (1, 2))]

    async def scenario() -> None:
        session = await ready(world, bus=lambda bus: Dies(bus, PEACE))
        scalper = {"mode": "scalper", "partial_trigger_pct": 1.2}
        await ask(world, session, intent("a", CALM, harvest_policy=scalper))
        with pytest.raises(Crash):
            await play(session, bars[CALM:])
        await play(world.start(), bars)

    run(scenario())

    assert world.events(DeadLettered) == []
    told = [r for r in world.results() if isinstance(r, Settled)]
    assert [r.detail for r in told[1:]][:1] == ["PARTIAL_PROFIT"]
    assert told[1].judged_ms == minute(CALM + 1)


def test_exits_and_proposals_of_a_finished_tick_are_not_decided_again() -> None:
    """The half was taken; the trail is for the next bar, and the idea was had."""
    world = World()
    bars = [*calm(), at(CALM + 1, {BTC: 95_000}), at(CALM + 2, {BTC: 96_500})]

    async def scenario() -> list[int]:
        lengths = []
        for _ in range(2):
            await play(world.start(engine=engine), bars[:-1])
            lengths.append(len(list(world.journal.read())))
        for _ in range(2):
            await play(world.start(engine=engine), bars)
            lengths.append(len(list(world.journal.read())))
        return lengths

    first, again, second, last = run(scenario())

    assert (first, second) == (again, last)
    assert second > first
    assert world.events(DuplicateSeen) == []
