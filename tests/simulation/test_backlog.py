"""A backlog when an execution starts: what is late goes in bulk, the rest is judged."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import DEAD_LETTER, TRADE_INTENT
from bridge_patch.domain.events import (
    BulkExpired,
    DuplicateSeen,
    Event,
    Expired,
    IntentReceived,
    Judged,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.batch import LETTER_TEXT_MAX
from bridge_patch.services.execution import BATCH_MAX
from tests.simulation.chaos import Chaos, ChaosBus, ChaosJournal, Crash
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
    run,
)


async def put(world: World, *payloads: dict[str, Any]) -> None:
    posts = [
        Post(
            TRADE_INTENT,
            Envelope(
                (
                    ("event_type", "trade.intent"),
                    ("payload", json.dumps(one)),
                    ("source", "t"),
                )
            ),
        )
        for one in payloads
    ]
    await MemoryBus(world.streams, world.wall).publish(posts)


def named(world: World) -> Counter[str]:
    """How often each intent stands in a published outcome."""
    told: Counter[str] = Counter()
    for result in world.results():
        told.update(
            result.intent_ids if isinstance(result, BulkExpired) else [result.intent_id]
        )
    return told


def test_a_backlog_is_drained_at_the_start_and_only_what_is_fresh_is_judged() -> None:
    """Reductions are decided again, whatever their age; nothing late is ever ordered."""
    world = World()
    late = [intent(f"late-{n}", CALM - 9 - n % 50, symbol=SOL) for n in range(20_000)]
    fresh = [intent(f"fresh-{n}", CALM, symbol=SOL) for n in range(10)]
    outs = [close(f"out-{n}", CALM - 60) for n in range(3)]

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        await ask(world, session, intent("held", CALM))
        mixed = [*late[:9_000], outs[0], *late[9_000:], *outs[1:], *fresh]
        await put(world, *mixed)
        session = world.start()
        await play(session, calm((BTC, SOL)))

    run(scenario())

    judged = {event.intent_id for event in world.events(Judged)}
    assert judged == {
        "held",
        *(f"fresh-{n}" for n in range(10)),
        *(f"out-{n}" for n in range(3)),
    }
    assert world.outcome("out-0").status is Status.FILLED
    assert world.outcome("out-1").codes == ("NOTHING_TO_REDUCE",)
    assert not {e.intent_id for e in world.events(Sending)} & {
        str(o["intent_id"]) for o in late
    }
    everything = [*late, *fresh, *outs, intent("held", CALM)]
    assert named(world) == Counter(str(one["intent_id"]) for one in everything)
    assert Counter(letter.payload for letter in world.dead()) == Counter(
        map(json.dumps, late)
    )
    assert run(world.unfinished()) == 0
    assert len(world.events(BulkExpired)) < 20_000 / BATCH_MAX
    assert len(world.streams.numbers[DEAD_LETTER]) < 20_000 / BATCH_MAX
    assert world.events(Expired) == []


def test_a_dead_letter_stays_below_a_mebibyte() -> None:
    world = World()
    quotes = ["q" * 1_900 for _ in range(2)]
    late = [intent(f"l-{n}", CALM - 9, reason=quotes[0]) for n in range(1_000)]

    async def scenario() -> None:
        session = await ready(world)
        await put(world, *late)
        await session.execution.drain()

    run(scenario())

    numbers = world.streams.numbers[DEAD_LETTER]
    sizes = [len(world.streams.get(n).envelope.payload or "") for n in numbers]
    assert sum(sizes) > 2 * LETTER_TEXT_MAX
    assert 1 < len(sizes) < 10
    assert max(sizes) < 1024 * 1024
    assert [letter.payload for letter in world.dead()] == [json.dumps(one) for one in late]


@pytest.mark.parametrize("again", ["late", "restamped", "a close"])
@pytest.mark.parametrize("restart", [False, True])
def test_an_id_that_expired_is_taken(again: str, restart: bool) -> None:
    """The second message is a duplicate, also where it says that it is fresh."""
    world = World()
    second = {
        "late": intent("a", CALM - 9),
        "restamped": intent("a", CALM),
        "a close": close("a", CALM),
    }[again]

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("held", CALM), intent("a", CALM - 9))
        if restart:
            session = world.start()
            await play(session, calm())
        await ask(world, session, second)

    run(scenario())

    if again == "a close":  # an id in use may not block a reduction
        assert world.results()[-1].intent_id.startswith("a~")  # type: ignore[union-attr]
        assert world.events(Settled)[-1].status is Status.FILLED
    else:
        assert named(world) == {"held": 1, "a": 1}
        assert [e.intent_id for e in world.events(DuplicateSeen)] == ["a"]
    assert len(world.events(IntentReceived)) == (2 if again == "a close" else 1)


def test_a_close_under_the_id_of_a_late_entry_beside_it_is_carried_out() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("held", CALM))
        await ask(world, session, intent("a", CALM - 9), close("a", CALM))

    run(scenario())

    assert world.events(Settled)[-1].action == "CLOSE"
    assert world.events(Settled)[-1].status is Status.FILLED


@dataclass
class Hardy(ChaosJournal):
    """Dies at what it writes; a thousand look-ups in a row would never all succeed."""

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        return await self.inner.history(intent_id)


@pytest.mark.parametrize("seed", range(4))
def test_a_crash_in_the_middle_of_a_drain_loses_none_and_doubles_none(seed: int) -> None:
    """At every await of it the process may die; what it held comes back as it was."""
    world = World()
    chaos = Chaos(random.Random(seed), death=0.2, armed=False)
    late = [intent(f"late-{n}", CALM - 9) for n in range(6_000)]
    fresh = [intent(f"fresh-{n}", CALM, symbol=SOL) for n in range(5)]

    async def scenario() -> None:
        await ready(world, (BTC, SOL))
        await put(world, *late[:3_000], close("out", CALM - 60), *late[3_000:], *fresh)
        while await world.unfinished():
            session = world.start(
                bus=lambda bus: ChaosBus(bus, chaos),
                journal=lambda journal: Hardy(journal, chaos),
            )
            chaos.armed = True
            try:
                session.clock.set(at(CALM, {}).at_ms)
                await session.execution.drain()
            except Crash:
                pass
            chaos.armed = False

    run(scenario())

    everything = [*late, *fresh, close("out", CALM)]
    assert named(world) == Counter(str(one["intent_id"]) for one in everything)
    assert Counter(letter.payload for letter in world.dead()) == Counter(
        map(json.dumps, late)
    )
    in_journal = [i for event in world.events(BulkExpired) for i in event.intent_ids]
    assert sorted(in_journal) == sorted(str(one["intent_id"]) for one in late)
    assert chaos.counted["crash"] > 0
