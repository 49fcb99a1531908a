"""An intent is taken up where its process died; an order is sent once or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bridge_patch.domain.events import (
    Event,
    IntentReceived,
    Judged,
    Resolved,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import Leg
from bridge_patch.services.ports import Journal
from bridge_patch.services.session import Session
from tests.simulation.chaos import PEACE, ChaosJournal, Crash, Survivor
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
)
from tests.simulation.tap import Tap, Trouble

Wanted = Callable[[Event], bool]


@dataclass
class Dying(ChaosJournal):
    """Dies when something is to be written, or right after it was."""

    when: Wanted = lambda _: False
    after: bool = True

    async def append(self, events: Sequence[Event]) -> None:
        due = any(map(self.when, events))
        if self.after or not due:
            await self.inner.append(events)
        if due:
            raise Crash


def sending(leg: Leg) -> Wanted:
    return lambda event: isinstance(event, Sending) and event.leg is leg


def resolved(leg: Leg) -> Wanted:
    return lambda event: isinstance(event, Resolved) and event.leg is leg


def settled(event: Event) -> bool:
    return isinstance(event, Settled)


async def dead(
    world: World, when: Wanted, *messages: Any, after: bool = True, **wraps: Any
) -> Session:
    """A process that died over these messages; returned for what is left of it."""

    def journal(inner: Journal) -> Journal:
        return Dying(inner, PEACE, when, after)

    session = await ready(world, journal=journal, **wraps)
    with pytest.raises(Crash):
        await ask(world, session, *messages)
    return session


async def restarted(world: World, more: int = 0, **wraps: Any) -> tuple[Session, Tap]:
    """Another process, that plays on from where the journal ends."""
    session = world.start(venue=Tap, **wraps)
    later = [at(CALM + n, {BTC: 95_000}) for n in range(1, more + 1)]
    await play(session, [*calm(), *later])
    venue = session.keeper.venue
    assert isinstance(venue, Tap)
    return session, venue


def test_an_order_announced_and_never_sent_leaves_once_under_its_own_id() -> None:
    """Killed between the record and the act: one order, one outcome."""
    world = World()

    async def scenario() -> Tap:
        await dead(world, sending(Leg.ENTRY), intent("a", CALM))
        _, venue = await restarted(world)
        return venue

    venue = run(scenario())

    (announced,) = [e for e in world.events(Sending) if e.leg is Leg.ENTRY]
    (placed,) = [call for call in venue.calls if call.kind == "place"]
    assert placed.order_id == announced.order_id
    assert world.outcome("a").status is Status.FILLED
    assert len(world.events(IntentReceived)) == len(world.events(Judged)) == 1


def test_an_order_that_the_venue_has_is_adopted_and_not_sent_again() -> None:
    """A venue outlives us: what it did while we were dead is what happened."""
    world = World()
    there = Survivor(world.venue(), world.journal)
    calls: list[Tap] = []

    def venue(_: object) -> Tap:
        calls.append(Tap(there))
        return calls[-1]

    async def scenario() -> Session:
        never = resolved(Leg.ENTRY)
        await dead(world, never, intent("a", CALM), after=False, venue=venue)
        session = world.start(venue=venue)
        await play(session, calm())
        return session

    session = run(scenario())

    assert calls[0].kinds() == ["place"]
    assert calls[1].kinds() == ["find", "stop"]
    assert world.outcome("a").status is Status.FILLED
    assert session.recorder.ledger.positions == there.inner._exchange.positions


def test_what_has_become_too_old_meanwhile_never_leaves() -> None:
    world = World()

    async def scenario() -> Tap:
        await dead(world, sending(Leg.ENTRY), intent("a", CALM))
        session = world.start(venue=Tap)
        for one in [*calm(), *(at(CALM + n, {BTC: 95_000}) for n in (1, 2))]:
            await session.warm_up(one)
        await session.on_tick(at(CALM + 3, {BTC: 95_000}))
        assert isinstance(session.keeper.venue, Tap)
        return session.keeper.venue

    venue = run(scenario())

    assert "place" not in venue.kinds()
    assert world.outcome("a").codes == ("PASS", "ORDER_ABSENT")


@pytest.mark.parametrize("env", [{"MAX_POSITION_USD": "300"}, {"MIN_CONFIDENCE": "0.95"}])
def test_what_would_be_judged_otherwise_now_never_leaves(env: dict[str, str]) -> None:
    """An approval does not outlive its process: it is asked for again, to the digit."""
    world = World()

    async def scenario() -> Tap:
        await dead(world, sending(Leg.ENTRY), intent("a", CALM))
        world.env = env
        _, venue = await restarted(world)
        return venue

    venue = run(scenario())

    assert "place" not in venue.kinds()
    outcome = world.outcome("a")
    assert outcome.status is Status.VENUE_REFUSED
    assert outcome.codes == ("PASS", "ORDER_ABSENT")


def test_a_run_that_comes_back_in_shadow_does_not_send_it_either() -> None:
    world = World()

    async def scenario() -> Tap:
        await dead(world, sending(Leg.ENTRY), intent("a", CALM))
        _, venue = await restarted(world, mode=Mode.SHADOW)
        return venue

    venue = run(scenario())

    assert set(venue.kinds()) == {"find"}
    assert world.outcome("a").codes == ("PASS", "ORDER_ABSENT")


def test_the_outcome_of_a_filled_entry_is_the_entrys_not_its_stops() -> None:
    """Both orders carry the intent's id; the result is about the one that was asked for."""
    world = World()

    async def scenario() -> Tap:
        await dead(world, settled, intent("a", CALM), after=False)
        _, venue = await restarted(world)
        return venue

    venue = run(scenario())

    outcome = world.outcome("a")
    assert outcome.status is Status.FILLED
    assert outcome.filled_quantity_base == outcome.approved_quantity_base
    assert outcome.stop_price_usd is not None
    assert "place" not in venue.kinds()


def test_a_stop_that_a_crash_forgot_is_the_one_the_entry_was_sized_for() -> None:
    """Not a default: the hard stop of the approval, also after a restart."""
    world = World()

    async def scenario() -> Session:
        wide = intent("a", CALM, stop_loss_pct=3)
        await dead(world, resolved(Leg.ENTRY), wide)
        session, _ = await restarted(world)
        return session

    session = run(scenario())

    view = session.recorder.ledger.view(BTC)
    assert view.position is not None
    assert view.stop_price_usd is not None
    distance = 1 - view.stop_price_usd / view.position.entry_price_usd
    assert round(distance, 4) == round(distance.from_float(0.03), 4)


def test_why_the_venue_refused_is_known_after_a_restart_too() -> None:
    world = World()

    async def scenario() -> None:
        def refusing(inner: Any) -> Tap:
            venue = Tap(inner)
            venue.trouble("place", Trouble.REFUSED)
            return venue

        await dead(world, settled, intent("a", CALM), after=False, venue=refusing)
        await restarted(world)

    run(scenario())

    assert world.outcome("a").codes == ("PASS", "-2021")


def test_a_close_announced_and_never_sent_leaves_once() -> None:
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        await dead(world, sending(Leg.REDUCE), close("out", CALM))
        return await restarted(world)

    session, venue = run(scenario())

    assert venue.kinds() == ["find", "find", "reduce"]
    assert [e.leg for e in world.events(Sending)].count(Leg.REDUCE) == 1
    assert world.outcome("out").status is Status.FILLED
    assert session.recorder.ledger.positions == {}


def test_a_close_that_timed_out_and_never_arrived_is_judged_and_sent_anew() -> None:
    """Only a reduction may be: the venue bounds it by what is open."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session = await ready(world, venue=Tap)
        venue = session.keeper.venue
        assert isinstance(venue, Tap)
        await ask(world, session, intent("a", CALM))
        venue.trouble("reduce", Trouble.REQUEST_LOST)
        await ask(world, session, close("out", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds() == ["place", "stop", "reduce", "find", "reduce"]
    orders = [e for e in world.events(Sending) if e.leg is Leg.REDUCE]
    assert len({e.order_id for e in orders}) == 2
    assert [j.intent_id for j in world.events(Judged)] == ["a", "out", "out"]
    assert world.outcome("out").status is Status.FILLED
    assert session.recorder.ledger.positions == {}
