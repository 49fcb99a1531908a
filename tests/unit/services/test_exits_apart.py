"""Exits decided elsewhere: each tick once, answered whole, and silence is noticed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.exit_turns import TurnGiver, TurnTaker
from bridge_patch.adapters.inbox import BusOutbox, BusOutcomes
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import EXIT_TURN, MARKET_TICK, TRADE_INTENT
from bridge_patch.app.commands.exits import follow
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.intent import IntentId, ReduceIntent, Symbol, UnixMs
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.exits_apart import SIGN_MS, ExitsApart
from bridge_patch.services.limits_heard import LimitsHeard
from tests.simulation.rig import BTC, NOON_MS, Silence, at, minute


@dataclass
class Scripted:
    """Another process that answers what it is told to."""

    answers: dict[UnixMs, tuple[IntentId, ...]] = field(default_factory=dict)

    async def decided(self, at_ms: UnixMs) -> tuple[IntentId, ...] | None:
        return self.answers.get(at_ms)

    async def newest_ms(self) -> UnixMs:
        return max(self.answers, default=UnixMs(0))

    def blind(self) -> tuple[Symbol, ...]:
        return ()


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


def test_a_sign_of_life_between_ticks_is_asked_for_only_when_the_last_is_old() -> None:
    """Its turn lies behind the newest tick and before every tick that is still to come."""
    asked: list[UnixMs] = []

    class Asked(Scripted):
        async def decided(self, at_ms: UnixMs) -> tuple[IntentId, ...] | None:
            asked.append(at_ms)
            return None if len(asked) > 3 else ()

    async def scenario() -> ExitsApart:
        apart = ExitsApart(Asked(), Silence())
        await apart.act(at(1, {BTC: 95_000}), nothing)
        await apart.pulse(UnixMs(minute(1) + SIGN_MS - 1))
        await apart.pulse(UnixMs(minute(1) + 20_000))
        assert apart.heard_ms == minute(1) + 20_000
        await apart.pulse(UnixMs(minute(1) + 40_000))
        await apart.pulse(UnixMs(minute(1) + 50_000))
        return apart

    apart = asyncio.run(scenario())
    assert asked == [minute(1), *(minute(1) + n for n in (1, 2, 3))]
    assert apart.silent
    assert apart.heard_ms == minute(1) + 40_000


def test_a_turn_without_a_tick_is_answered_in_a_live_market_and_no_bar_is_lost() -> None:
    """The bar behind it may come onto the bus later than the turn between two bars."""
    shared, stop = bus(), Stop()

    async def scenario() -> list[UnixMs]:
        brain = ExitBrain(
            outcomes=BusOutcomes(shared, Silence()),
            outbox=BusOutbox(shared),
            instruments=ListedInstruments(),
            telemetry=Silence(),
        )
        following = asyncio.create_task(follow(brain, TurnTaker(shared), stop, live=True))
        giver = TurnGiver(shared, silence_max_ms=5_000)
        await shared.publish((Post(MARKET_TICK, codec.encode_tick(at(1, {BTC: 95_000}))),))
        dues = (minute(1), UnixMs(minute(1) + 1), UnixMs(minute(1) + 2))
        answered = [d for d in dues if await giver.decided(d) is not None]
        later = codec.encode_tick(at(2, {BTC: 95_000}))
        await shared.publish((Post(MARKET_TICK, later),))
        answered += [d for d in (minute(2),) if await giver.decided(d) is not None]
        stop.asked = True
        await giver.due(minute(3))
        await following
        return answered

    answered = asyncio.run(scenario())
    assert answered == [minute(1), minute(1) + 1, minute(1) + 2, minute(2)]


def _heard(other: str, ours: str, said: list[str]) -> LimitsHeard:
    class Told(Silence):
        def note(self, area: str, message: str, **facts: object) -> None:
            said.append(f"[{area}] {message} {facts}")

    return LimitsHeard(ours=ours, other=other, telemetry=Told())


def test_other_limits_are_an_alarm_on_both_sides_and_stop_no_reduction() -> None:
    """M-78: said once, with both hashes and what to do; then it is well again."""

    async def scenario() -> tuple[list[str], list[str]]:
        shared, here, there = bus(), list[str](), list[str]()
        giver = TurnGiver(
            shared, silence_max_ms=0, limits=_heard("the exit process", "aaa", here)
        )
        for n, theirs in enumerate(("bbb", "bbb", "aaa")):
            taker = TurnTaker(shared, _heard("the execution", theirs, there))
            await giver.due(minute(n))
            due_ms = await taker.due(wait_ms=0)
            assert due_ms == minute(n)
            await taker.done(due_ms, [exit_of(f"x-{n}", n)])
            assert await giver.decided(due_ms) == (IntentId(f"x-{n}"),)
        return here, there

    here, there = asyncio.run(scenario())
    assert len(here) == 2
    assert "[EXITS] LIMITS_MISMATCH: the exit process works under other limits" in here[0]
    assert "'theirs': 'bbb', 'ours': 'aaa'" in here[0]
    assert "restart" in here[0]
    assert "under the same limits again" in here[1]
    assert [text for text in there if "LIMITS_MISMATCH: the execution" in text] == there
    assert len(there) == 2  # one for each process that began under other limits


def test_what_was_answered_under_older_limits_is_no_alarm_after_a_restart() -> None:
    """Both were restarted alike: the past is not held against them."""

    async def scenario() -> list[str]:
        shared, said = bus(), list[str]()
        old = TurnGiver(shared, silence_max_ms=0, limits=_heard("exits", "old", []))
        await old.due(minute(0))
        await TurnTaker(shared, _heard("it", "old", [])).done(minute(0), [])

        giver = TurnGiver(shared, silence_max_ms=0, limits=_heard("exits", "new", said))
        taker = TurnTaker(shared, _heard("the execution", "new", said))
        assert await giver.newest_ms() == minute(0)
        assert [tick async for tick in taker.resume()] == []
        await giver.due(minute(1))
        assert await taker.due(wait_ms=0) == minute(1)
        await taker.done(minute(1), [])
        assert await giver.decided(minute(1)) == ()
        return said

    assert asyncio.run(scenario()) == []
