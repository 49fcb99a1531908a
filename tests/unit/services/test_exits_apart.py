"""Exits decided elsewhere: each tick once, answered whole, and silence is noticed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.exit_turns import TurnGiver, TurnTaker
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import EXIT_TURN, MARKET_TICK, TRADE_INTENT
from bridge_patch.domain.intent import IntentId, ReduceIntent, UnixMs
from bridge_patch.services.exits_apart import ExitsApart
from tests.simulation.rig import BTC, NOON_MS, Silence, at, minute


@dataclass
class Scripted:
    """Another process that answers what it is told to."""

    answers: dict[UnixMs, tuple[IntentId, ...]] = field(default_factory=dict)

    async def decided(self, at_ms: UnixMs) -> tuple[IntentId, ...] | None:
        return self.answers.get(at_ms)

    async def newest_ms(self) -> UnixMs:
        return max(self.answers, default=UnixMs(0))


def bus() -> MemoryBus:
    return MemoryBus(MemoryStreams(), ManualClock(NOON_MS))


def exit_of(name: str, n: int) -> ReduceIntent:
    return ReduceIntent(
        id=IntentId(name),
        symbol=BTC,
        side=None,
        quantity=None,
        stop_at=None,
        simulate=False,
        reason="TRAIL",
        created_ms=minute(n),
        source="exit-brain",
    )


async def nothing() -> None: ...


def test_it_counts_as_silent_until_it_has_answered_about_the_newest_tick() -> None:
    """Fail closed at a start, and no forgetting at a restart."""

    async def after(answered: int) -> bool:
        apart = ExitsApart(Scripted({minute(answered): ()}), Silence())
        assert apart.silent
        await apart.catch_up()
        for n in (1, 2, 3):
            apart.see(at(n, {BTC: 95_000}))
        return apart.silent

    assert asyncio.run(after(3)) is False
    assert asyncio.run(after(2)) is True


def test_the_tick_is_durable_before_the_other_process_hears_of_it() -> None:
    done: list[str] = []

    class Asked(Scripted):
        async def decided(self, at_ms: UnixMs) -> tuple[IntentId, ...] | None:
            done.append("asked")
            return (IntentId("x"),)

    async def mark() -> None:
        done.append("marked")

    apart = ExitsApart(Asked(), Silence())

    assert asyncio.run(apart.act(at(1, {BTC: 95_000}), mark)) is True
    assert done == ["marked", "asked"]


def test_a_tick_that_is_due_twice_is_decided_once() -> None:
    """A killed execution asks again; a restarted feed publishes its tick again."""
    shared = bus()

    async def scenario() -> list[UnixMs]:
        one = codec.encode_tick(at(1, {BTC: 95_000}))
        for _ in range(2):
            await shared.publish((Post(MARKET_TICK, one),))
            await TurnGiver(shared, silence_max_ms=1).due(minute(1))
        decided: list[UnixMs] = []
        for _ in range(2):
            taker = TurnTaker(shared)
            assert [t.at_ms async for t in taker.resume()] == decided
            while (due_ms := await taker.due(wait_ms=0)) is not None:
                decided += [t.at_ms async for t in taker.up_to(due_ms)]
                await taker.done(due_ms, [exit_of("x", 1)])
        return decided

    assert asyncio.run(scenario()) == [minute(1)]
    assert len(asyncio.run(shared.follow(TRADE_INTENT, "", count=9, wait_ms=0))) == 1


def test_who_was_silent_is_waited_for_again_once_it_is_heard() -> None:
    """It works through what it missed; meanwhile no tick is held up for long."""
    shared = bus()

    async def scenario() -> list[tuple[IntentId, ...] | None]:
        giver, taker = TurnGiver(shared, silence_max_ms=1), TurnTaker(shared)
        said = [await giver.decided(minute(1)), await giver.decided(minute(2))]
        await taker.done(minute(1), [exit_of("late", 1)])
        await taker.done(minute(2), [])
        said.append(await giver.decided(minute(2)))
        await taker.done(minute(3), [exit_of("x", 3)])
        said.append(await giver.decided(minute(3)))
        return said

    assert asyncio.run(scenario()) == [None, None, (), ("x",)]
    due = asyncio.run(shared.follow(EXIT_TURN, "", count=9, wait_ms=0))
    assert len(due) == 2 + 3
