"""An intent whose message the bus has lost ends all the same: once, and in public."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import MemoryStreams
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.domain.events import (
    DuplicateSeen,
    IntentReceived,
    Judged,
    Sending,
    Settled,
    Status,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from bridge_patch.services.ports import Journal
from bridge_patch.services.session import Session
from tests.simulation.chaos import PEACE, ChaosJournal, Crash, Survivor
from tests.simulation.rig import (
    BTC,
    CALM,
    ROOMY,
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
from tests.unit.services.test_recall import Wanted, dead, resolved, sending

D = Decimal
BOTH = (BTC, SOL)
#: An order of minute CALM is older than an entry may be from the second minute on.
IN_TIME, TOO_OLD = 1, 2


def later(minutes: int) -> list[Tick]:
    """So many minutes in which nothing moves, after the calm."""
    return [at(CALM + n, {BTC: 95_000, SOL: 150}) for n in range(1, minutes + 1)]


async def announced(world: World, message: Any, when: Wanted) -> None:
    """Die between the record and the act; the bus forgets everything."""
    await dead(world, when, message, symbols=BOTH)
    world.streams = MemoryStreams()


async def restarted(world: World, minutes: int, **wraps: Any) -> Session:
    session = world.start(**wraps)
    await play(session, [*calm(BOTH), *later(minutes)])
    return session


def verdict(world: World, name: str) -> Judged:
    return next(j for j in reversed(world.events(Judged)) if j.intent_id == IntentId(name))


def outcomes(world: World, name: str) -> tuple[int, int]:
    """How often an intent's outcome was published, and how often it was written down."""
    told = [r for r in world.results() if isinstance(r, Settled) and r.intent_id == name]
    kept = [s for s in world.events(Settled) if s.intent_id == name]
    return len(told), len(kept)


def test_an_entry_whose_message_is_lost_gives_back_its_reservation() -> None:
    """Nothing else would ever end it, and as long as it stands no entry is let in."""
    world = World(env=ROOMY)

    async def scenario() -> Session:
        await announced(world, intent("a", CALM), sending(Leg.ENTRY))
        session = await restarted(world, TOO_OLD)
        await ask(world, session, intent("next", CALM + TOO_OLD, symbol=SOL))
        return session

    session = run(scenario())

    outcome = world.outcome("a")
    assert (outcome.status, outcome.codes) == (
        Status.VENUE_REFUSED,
        ("PASS", "ORDER_ABSENT"),
    )
    assert outcomes(world, "a") == (1, 1)
    assert world.events(Settled)[0] == outcome
    assert session.recorder.ledger.in_doubt == {}
    assert session.recorder.ledger.unsettled == {}
    assert reserved_usd(session) == (D(0), D(0))
    assert verdict(world, "next").verdict is Verdict.ACCEPT


def test_as_long_as_the_order_could_be_under_way_everything_stays_reserved() -> None:
    """The venue has it not yet: that is not never, and the message may still come."""
    world = World(env=ROOMY)

    async def scenario() -> Session:
        await announced(world, intent("a", CALM), sending(Leg.ENTRY))
        session = await restarted(world, IN_TIME)
        await ask(world, session, intent("next", CALM + IN_TIME, symbol=SOL))
        return session

    session = run(scenario())

    assert reserved_usd(session) == (D(4_000), D(400))
    assert outcomes(world, "a") == (0, 0)
    assert "ORDER_UNKNOWN" in verdict(world, "next").codes


@pytest.mark.parametrize("same_number", [True, False])
def test_a_lost_message_that_comes_back_later_is_a_duplicate(same_number: bool) -> None:
    """Whatever number the bus gives it: nothing is traded, and nothing is told twice."""
    world = World(env=ROOMY)

    async def scenario() -> tuple[Session, Tap]:
        await pad(world, 9)
        await announced(world, intent("a", CALM), sending(Leg.ENTRY))
        session = await restarted(world, TOO_OLD)
        (received,) = world.events(IntentReceived)
        await pad(world, int(received.entry_id) - same_number)
        await ask(world, session, intent("a", CALM))
        assert (world.streams.numbers[TRADE_INTENT] == [int(received.entry_id)]) is (
            same_number
        )
        session = await restarted(world, TOO_OLD + 1, venue=Tap)
        assert isinstance(session.keeper.venue, Tap)
        return session, session.keeper.venue

    session, venue = run(scenario())

    assert outcomes(world, "a") == (1, 1)
    assert [e.intent_id for e in world.events(DuplicateSeen)] == ["a"]
    assert "place" not in venue.kinds()
    assert session.recorder.ledger.positions == {}


async def pad(world: World, entries: int) -> None:
    """Let the bus hold so many entries, of a stream that nobody reads."""
    for _ in range(entries - len(world.streams.entries)):
        world.streams.add(Post("nobody", Envelope(())))


def test_a_message_that_only_comes_late_is_not_taken_for_lost() -> None:
    """Down for longer than an entry may be old: what the bus still has goes first."""
    world = World()

    async def scenario() -> None:
        await dead(world, sending(Leg.ENTRY), intent("a", CALM), symbols=BOTH)
        session = world.start()
        for one in [*calm(BOTH), *later(5)]:
            await session.warm_up(one)
        await session.on_tick(later(6)[-1])

    run(scenario())

    assert world.outcome("a").entry_id != ""
    assert outcomes(world, "a") == (1, 1)
    assert world.events(DuplicateSeen) == []
    assert run(world.unfinished()) == 0


def test_an_order_that_the_venue_has_is_adopted_without_its_message() -> None:
    """It filled while we were dead: held, protected, and told as what it is."""
    world = World()
    there = Survivor(world.venue(), world.journal)

    async def scenario() -> Session:
        never = resolved(Leg.ENTRY)
        message = intent("a", CALM)
        await dead(
            world, never, message, after=False, symbols=BOTH, venue=lambda _: Tap(there)
        )
        world.streams = MemoryStreams()
        return await restarted(world, TOO_OLD, venue=lambda _: Tap(there))

    session = run(scenario())

    outcome = world.outcome("a")
    assert outcome.status is Status.FILLED
    assert outcome.filled_quantity_base == outcome.approved_quantity_base
    assert outcomes(world, "a") == (1, 1)
    assert session.recorder.ledger.positions == there.inner._exchange.positions != {}
    assert session.recorder.ledger.naked() == ()


def test_a_venue_that_is_silent_at_first_delays_the_end_and_loses_nothing() -> None:
    world = World()

    async def scenario() -> Session:
        await announced(world, intent("a", CALM), sending(Leg.ENTRY))
        session = world.start(venue=Tap)
        assert isinstance(session.keeper.venue, Tap)
        session.keeper.venue.trouble("find", *[Trouble.RAISES] * 3)
        await play(session, [*calm(BOTH), *later(TOO_OLD + 4)])
        return session

    session = run(scenario())

    assert outcomes(world, "a") == (1, 1)
    assert world.outcome("a").codes == ("PASS", "ORDER_ABSENT")
    assert reserved_usd(session) == (D(0), D(0))


@pytest.mark.parametrize("mode", list(Mode))
def test_a_reduction_whose_message_is_lost_still_leaves_once(mode: Mode) -> None:
    """A reduction never expires into nothing, whatever became of its message."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session = await ready(world, BOTH)
        await ask(world, session, intent("a", CALM))
        await announced(world, close("out", CALM), sending(Leg.REDUCE))
        session = await restarted(world, TOO_OLD + 1, mode=mode, venue=Tap)
        assert isinstance(session.keeper.venue, Tap)
        return session, session.keeper.venue

    session, venue = run(scenario())

    assert venue.kinds().count("reduce") == 1
    assert session.recorder.ledger.positions == {}
    assert world.outcome("out").status is Status.FILLED
    assert outcomes(world, "out") == (1, 1)


def test_a_lost_reduction_of_what_is_gone_leaves_no_more() -> None:
    """Its stop fired while we were dead: there is nothing to reduce, and that is told."""
    world = World()
    there = Survivor(world.venue(), world.journal)

    async def scenario() -> tuple[Session, Tap]:
        session, _ = await tapped(world)
        session = world.start(venue=lambda _: Tap(there))
        await play(session, calm())
        await ask(world, session, intent("a", CALM))

        def journal(inner: Journal) -> Journal:
            return DyingOnce(inner, PEACE)

        session = world.start(venue=lambda _: Tap(there), journal=journal)
        await play(session, calm())
        with pytest.raises(Crash):
            await ask(world, session, close("out", CALM))
        world.streams = MemoryStreams()
        session = world.start(venue=lambda _: Tap(there))
        fallen = [at(CALM + n, {BTC: 90_000}) for n in (1, 2, 3)]
        await play(session, [*calm(), *fallen])
        venue = session.keeper.venue
        assert isinstance(venue, Tap)
        return session, venue

    session, venue = run(scenario())

    assert "reduce" not in venue.kinds()
    assert session.recorder.ledger.positions == {}
    assert session.recorder.ledger.in_doubt == {}
    assert world.outcome("out").codes == ("PASS", "ORDER_ABSENT")


@dataclass
class DyingOnce(ChaosJournal):
    """Dies right after a reduction was announced."""

    async def append(self, events: Any) -> None:
        await self.inner.append(events)
        if any(isinstance(e, Sending) and e.leg is Leg.REDUCE for e in events):
            raise Crash
