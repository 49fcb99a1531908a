"""Incidents of messages: old ones traded, bad ones stuck, and some that just vanished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.inbox import BusOutcomes
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import (
    AccountEquity,
    Run,
    engine_side,
    execution_side,
    open_store,
)
from bridge_patch.domain.events import BulkExpired, Filled, Sending, Settled, Status
from bridge_patch.domain.intent import Confidence, Mode, Side, Symbol
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from bridge_patch.services.engine import Signal
from bridge_patch.services.ports import Telemetry
from tests.simulation.chaos import PEACE, ChaosBus, Crash
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    D,
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
    tapped,
)
from tests.simulation.script import Proposers, Script
from tests.simulation.tap import Tap, Trouble


def entries(world: World) -> list[Sending]:
    return [e for e in world.events(Sending) if e.leg is Leg.ENTRY]


def test_stale_exit_is_decided_again_not_dropped() -> None:
    """M-67: a close older than ten minutes was dropped like a stale entry."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        await ask(world, session, intent("b", CALM - 60), close("out", CALM - 60))
        await ask(world, session, close("flat", CALM - 60))

    run(scenario())

    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("flat").codes == ("NOTHING_TO_REDUCE",)
    assert [letter.reason for letter in world.dead()] == ["too_old"]  # the entry's


@pytest.mark.parametrize("seed", range(3))
def test_shadow_opens_and_changes_nothing_at_the_venue(seed: int) -> None:
    """M-70: the service never read the mode, and the shadow message was traded."""
    world, script = World(Mode.SHADOW), Script(seed + 50)
    proposers = Proposers(world, script)

    async def scenario() -> Tap:
        session = world.start(venue=Tap)
        for one in script.ticks:
            await proposers.before(session, one)
            await session.on_tick(one)
        loud = intent("loud", CALM + 24, mode="live", quantity=1)
        await ask(world, session, loud | {"live": True, "dry_run": False})
        assert isinstance(session.keeper.venue, Tap)
        return session.keeper.venue

    assert run(scenario()).calls == []
    assert len(world.events(Filled)) > 0

    async def left_open() -> Tap:
        session = await ready(live)
        await ask(live, session, intent("a", CALM))
        session = live.start(Mode.SHADOW, venue=Tap)
        await play(session, calm())
        await ask(live, session, intent("b", CALM, symbol=SOL), close("out", CALM))
        assert isinstance(session.keeper.venue, Tap)
        return session.keeper.venue

    live = World(Mode.LIVE)
    assert run(left_open()).kinds() == ["reduce"]  # the one exception


@pytest.mark.parametrize("path", ["backlog", "redelivered", "published again"])
def test_old_intents_are_refused_however_they_arrive(path: str) -> None:
    """M-80: a group created at the start of the stream traded what had long been over."""
    world = World()
    late = [at(CALM + n, {BTC: 95_000}) for n in (1, 2, 3)]

    class Dies(ChaosBus):
        async def read(self, *args: Any, **more: Any) -> Any:
            found = await self.inner.read(*args, **more)
            if found:
                raise Crash
            return found

    async def scenario() -> None:
        if path == "backlog":
            await world.send(intent("old", CALM))
        elif path == "redelivered":
            session = await ready(world, bus=lambda bus: Dies(bus, PEACE))
            await session.recorder.mark_tick()
            await world.send(intent("old", CALM))
            with pytest.raises(Crash):
                await session.execution.drain()
        session = world.start()
        for one in [*calm(), *late[:-1]]:
            await session.warm_up(one)
        if path == "published again":
            await world.send(intent("old", CALM))
        await session.on_tick(late[-1])
        await ask(world, session, intent("new", CALM + 3))

    run(scenario())

    (bulk,) = [r for r in world.results() if isinstance(r, BulkExpired)]
    assert bulk.intent_ids == ("old",)
    assert [e.intent_id for e in entries(world)] == ["new"]


class Once:
    """A model that has one idea."""

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        if tick.at_ms != minute(CALM + 1):
            return ()
        sure = Confidence(D("0.85"))
        return (
            Signal(symbol=BTC, side=Side.BUY, confidence=sure, source="m", reason="up"),
        )


def test_one_message_through_the_real_loop(tmp_path: Path) -> None:
    """M-81: the consumer died on its first real message, while health said healthy.

    Nothing stands in for our own code: the producer, the bus and the journal of a file,
    the loop, the Governor, the paper venue.
    """
    telemetry: Telemetry = Silence()
    settings = replace(load_settings({"AI_SIZING_MODE": "live"}), state_dir=tmp_path)
    store = open_store(tmp_path, journal=True)

    async def scenario() -> tuple[list[Any], int]:
        feed = Run(settings=settings, mode=Mode.LIVE, feed="scripted", telemetry=telemetry)
        session = execution_side(feed, store)
        equity = AccountEquity(session.keeper.account)
        session.engine = engine_side(feed, store, equity, Once())
        await play(session, [*calm(), at(CALM + 1, {BTC: 95_000})])
        results = await BusOutcomes(store.bus, telemetry).results(0)
        return list(results), len(session.recorder.ledger.positions)

    try:
        results, open_ = run(scenario())
    finally:
        store.close()
    (result,) = results
    assert isinstance(result, Settled)
    assert (result.status, result.source) == (Status.FILLED, "m")
    assert open_ == 1


@pytest.mark.parametrize(
    "stamp",
    [None, "yesterday", "", "2025-05-04T14:10:00", "2099-01-01T00:00:00Z", 1_746_367_800],
)
def test_bad_or_future_timestamp_is_dead_lettered(stamp: object) -> None:
    """M-82: an unparsable time only warned, a future one gave a negative age."""
    world = World()
    bad = intent("bad", CALM) | {"timestamp": stamp}
    if stamp is None:
        del bad["timestamp"]

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        await ask(world, session, bad, intent("good", CALM, symbol=SOL))

    run(scenario())

    assert [letter.reason for letter in world.dead()] == ["not_understood"]
    assert [e.intent_id for e in entries(world)] == ["good"]
    assert run(world.unfinished()) == 0


def test_poison_message_is_dead_lettered_and_acknowledged() -> None:
    """M-84: bad JSON was never acknowledged, and a valid JSON list stalled the batch."""
    world = World()
    poison = ["{not json", "[1, 2]", '"text"', "", "\udcff\udcfe", "null", "[" * 5000]

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        snapshots = session.keeper.trader.snapshots

        class Defect:
            def find(self, symbol: str) -> object:
                if symbol == SOL:
                    raise KeyError(symbol)
                return session.keeper.trader.instruments.find(symbol)  # type: ignore[arg-type]

            def read_ms(self, now_ms: int) -> int:
                return now_ms

        object.__setattr__(snapshots, "instruments", Defect())
        defect = intent("defect", CALM, symbol=SOL)
        await ask(world, session, *poison, defect, intent("good", CALM))

    run(scenario())

    reasons = [letter.reason for letter in world.dead()]
    assert reasons == ["not_understood"] * len(poison) + ["handling_failed"]
    assert world.outcome("defect").codes == ("RULE_FAILED",)
    assert world.outcome("good").status is Status.FILLED
    assert run(world.unfinished()) == 0


def test_every_intent_ends_in_exactly_one_published_outcome() -> None:
    """M-103: duplicates, locks, refusals, errors and time-outs published nothing."""
    world = World(env={"MIN_CONFIDENCE": "0.5"})

    async def scenario() -> None:
        session, venue = await tapped(world, (BTC, SOL))
        await ask(
            world,
            session,
            intent("filled", CALM),
            intent("filled", CALM),
            intent("unsure", CALM, symbol=SOL, confidence=0.1),
            intent("tiny", CALM, symbol=SOL, margin=1),
            intent("unlisted", CALM, symbol=Symbol("NOPEUSDT")),
            intent("held", CALM),
            intent("old", CALM - 9),
            intent("shadow", CALM, symbol=SOL, mode="shadow"),
            close("part", CALM, quantity=0.01),
            close("flat", CALM, symbol=SOL),
        )
        venue.trouble("place", Trouble.REFUSED, Trouble.REQUEST_LOST)
        await ask(world, session, intent("no", CALM, symbol=SOL))
        await ask(world, session, intent("lost", CALM, symbol=SOL))
        await session.on_tick(at(CALM + 1, {BTC: 95_000, SOL: 150}))

    run(scenario())

    told = [r for r in world.results() if isinstance(r, Settled)]
    codes = {r.intent_id: r.codes[-1] for r in told}
    assert codes == {
        "filled": "PASS",
        "unsure": "CONFIDENCE_BELOW_FLOOR",
        "tiny": "SIZE_BELOW_MIN",
        "unlisted": "SNAPSHOT_INCOMPLETE",
        "held": "POSITION_OPEN",
        "shadow": "PASS",
        "part": "PASS",
        "flat": "NOTHING_TO_REDUCE",
        "no": "-2021",
        "lost": "ORDER_ABSENT",
    }
    assert len(told) == len(codes)
    assert all(r.detail for r in told if r.status is Status.REFUSED)
    (bulk,) = [r for r in world.results() if isinstance(r, BulkExpired)]
    assert bulk.intent_ids == ("old",)
    assert run(world.unfinished()) == 0
