"""Every message ends once: as an outcome, a duplicate, or a dead letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from bridge_patch.adapters.bus import Ack, Post
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.events import (
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    Event,
    Expired,
    IntentReceived,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Mode, Symbol, UnixMs, Unknown
from bridge_patch.services.execution import BATCH_MAX
from bridge_patch.services.session import Session
from tests.simulation.chaos import PEACE, ChaosBus, Crash
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
    tapped,
)
from tests.simulation.tap import Trouble


def statuses(world: World) -> dict[str, Status]:
    return {r.intent_id: r.status for r in world.results() if isinstance(r, Settled)}


def test_poison_between_good_ones_stops_nobody() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        await ask(
            world,
            session,
            intent("a", CALM),
            "[1, 2]",
            '{"symbol": NaN}',
            intent("b", CALM, symbol=SOL),
        )

    run(scenario())

    assert statuses(world) == {"a": Status.FILLED, "b": Status.FILLED}
    assert [letter.reason for letter in world.dead()] == ["not_understood"] * 2
    assert [letter.payload for letter in world.dead()] == ["[1, 2]", '{"symbol": NaN}']
    assert len(world.events(DeadLettered)) == 2
    assert run(world.unfinished()) == 0


@pytest.mark.parametrize("together", [True, False])
def test_a_duplicate_is_counted_and_not_answered(together: bool) -> None:
    """One id is one order and one outcome, in one batch or in two."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        twice = [intent("a", CALM), intent("a", CALM, margin=300)]
        for messages in [twice] if together else [twice[:1], twice[1:]]:
            await ask(world, session, *messages)

    run(scenario())

    assert len(world.results()) == 1
    assert world.outcome("a").proposed_margin_usd == 400
    assert len(world.events(DuplicateSeen)) == 1
    assert len(world.events(Sending)) == 2  # the entry and its stop
    assert run(world.unfinished()) == 0


def test_stale_entries_end_in_one_outcome_that_names_them_all() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        old = [intent(f"old-{k}", CALM - 2) for k in range(3)]
        await ask(world, session, *old, intent("new", CALM), intent("old-1", CALM - 2))

    run(scenario())

    (bulk,) = [r for r in world.results() if isinstance(r, BulkExpired)]
    assert bulk.intent_ids == ("old-0", "old-1", "old-2")
    assert statuses(world) == {"new": Status.FILLED}
    assert [letter.reason for letter in world.dead()] == ["too_old"] * 3
    assert world.events(Expired) == []  # one entry for all of them, not one each
    assert len(world.events(DuplicateSeen)) == 1
    assert world.events(BulkExpired) == [bulk]


@pytest.mark.parametrize(("age_sec", "trades"), [(60, True), (61, False)])
def test_the_age_limit_is_a_limit(age_sec: int, trades: bool) -> None:
    """60 s is not older than 60 s."""
    world = World()
    made = iso_of(minute(CALM) - age_sec * 1000)  # type: ignore[arg-type]

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM, timestamp=made))

    run(scenario())

    assert bool(world.events(Sending)) is trades


def test_an_entry_past_its_own_validity_is_set_aside_with_that_reason() -> None:
    """It is young enough for us, and too late for whoever asked."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        until = iso_of(minute(CALM) - 5000)  # type: ignore[arg-type]
        await ask(world, session, intent("a", CALM, valid_until=until))

    run(scenario())

    (letter,) = world.dead()
    assert letter.reason == "too_old"
    assert letter.faults == ("was valid until 5.0 s ago",)
    assert world.events(Sending) == []


def test_a_shadow_batch_of_512_is_one_commit_and_one_settlement() -> None:
    """That is what makes a backlog cheap; the numbers behind it are in bench/."""
    world = World(Mode.SHADOW)
    appends: list[int] = []
    commits: list[int] = []

    class Counting(ChaosBus):
        async def commit(
            self, group: str, acks: Sequence[Ack], posts: Sequence[Post]
        ) -> None:
            commits.append(len(acks))
            await self.inner.commit(group, acks, posts)

    async def scenario() -> None:
        session = await ready(world, bus=lambda bus: Counting(bus, PEACE))
        commits.clear()
        append = world.journal.append

        async def counted(events: Sequence[Event]) -> None:
            appends.append(len(events))
            await append(events)

        world.journal.append = counted  # type: ignore[method-assign]
        for k in range(BATCH_MAX):
            await world.send(intent(f"i-{k}", CALM))
        assert await session.execution.step(wait_ms=0) == BATCH_MAX

    run(scenario())

    assert len(appends) == 1
    assert commits == [BATCH_MAX]
    assert len(world.results()) == BATCH_MAX


@dataclass
class Moody:
    """Trading rules that raise for one symbol, as our own defect would."""

    inner: ListedInstruments

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        if symbol == SOL:
            raise ZeroDivisionError
        return self.inner.find(symbol)

    def read_ms(self, now_ms: UnixMs) -> UnixMs:
        return self.inner.read_ms(now_ms)


async def with_a_defect(world: World) -> Session:
    """A process in which everything about SOL raises."""
    session = await ready(world, (BTC, SOL))
    moody = Moody(ListedInstruments())
    object.__setattr__(session.keeper.trader.snapshots, "instruments", moody)
    return session


def test_a_defect_of_ours_ends_one_intent_and_no_other() -> None:
    """Dead-lettered once with a reason, an outcome with a stable code, and on with it."""
    world = World()

    async def scenario() -> None:
        session = await with_a_defect(world)
        bad = intent("bad", CALM, symbol=SOL)
        await ask(world, session, bad, intent("good", CALM), bad)

    run(scenario())

    assert statuses(world) == {"bad": Status.REFUSED, "good": Status.FILLED}
    outcome = world.outcome("bad")
    assert outcome.codes == ("RULE_FAILED",)
    assert outcome.detail == "handling failed: ZeroDivisionError"
    assert [(e.reason, e.faults) for e in world.events(DeadLettered)] == [
        ("handling_failed", ("ZeroDivisionError",))
    ]
    assert len(world.dead()) == 1
    assert len(world.events(DuplicateSeen)) == 1
    assert run(world.unfinished()) == 0


def test_what_a_crash_kept_back_is_published_once_and_counted_once() -> None:
    """Killed between the journal and the settlement: the journal is not written again."""
    world = World()

    class Dies(ChaosBus):
        async def commit(
            self, group: str, acks: Sequence[Ack], posts: Sequence[Post]
        ) -> None:
            if acks:
                raise Crash
            await self.inner.commit(group, acks, posts)

    async def scenario() -> None:
        session = await ready(world, bus=lambda bus: Dies(bus, PEACE))
        stale, fresh = intent("stale", CALM - 9), intent("fresh", CALM)
        with pytest.raises(Crash):
            await ask(world, session, fresh, stale, "[]", fresh)
        assert world.results() == []
        again = world.start()
        await play(again, calm())

    run(scenario())

    kinds = (IntentReceived, Settled, BulkExpired, DeadLettered, DuplicateSeen)
    assert [len(world.events(kind)) for kind in kinds] == [1] * len(kinds)
    assert len(world.results()) == 2
    assert [letter.reason for letter in world.dead()] == ["too_old", "not_understood"]
    assert run(world.unfinished()) == 0
    assert world.positions()[-1].intent_id == "fresh"


def test_an_unknown_order_holds_back_its_message_and_nobody_elses() -> None:
    """Acknowledged last: while nobody knows, the message stays ours."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world, (BTC, SOL))
        venue.trouble("place", Trouble.REPLY_LOST)
        await ask(world, session, intent("a", CALM), intent("b", CALM, symbol=SOL))
        assert statuses(world) == {"b": Status.FILLED}
        assert await world.unfinished() == 1
        await ask(world, session, intent("a", CALM))
        assert statuses(world) == {"b": Status.FILLED}
        await session.on_tick(at(CALM + 1, {BTC: 95_000, SOL: 150}))

    run(scenario())

    assert statuses(world) == {"b": Status.FILLED, "a": Status.FILLED}
    assert len(world.events(DuplicateSeen)) == 1
    assert run(world.unfinished()) == 0


def test_a_reduction_of_any_age_is_judged_against_what_is_open() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM), close("late", CALM - 100))
        await ask(world, session, close("flat", CALM - 100))

    run(scenario())

    assert statuses(world) == {
        "a": Status.FILLED,
        "late": Status.FILLED,
        "flat": Status.REFUSED,
    }
    assert world.outcome("flat").codes == ("NOTHING_TO_REDUCE",)
