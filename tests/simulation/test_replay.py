"""The same market gives the same run, bit for bit, also where the process was killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.example_ai import ExampleAI, distort
from bridge_patch.adapters.feeds.generated import generate
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import AccountEquity, bounds_of
from bridge_patch.domain.events import Event, Filled, Judged, Settled
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.engine import Engine
from bridge_patch.services.ports import AccountReading, Journal
from bridge_patch.services.session import Session
from tests.simulation.chaos import Chaos, ChaosBus, ChaosJournal, Crash
from tests.simulation.rig import BTC, NOON_MS, SOL, Silence, World, play

A_DAY = 24 * 60


def market(bars: int = A_DAY) -> list[Tick]:
    return list(
        generate(
            (BTC, SOL),
            instruments=ListedInstruments(),
            seed=11,
            start_ms=UnixMs(NOON_MS),
            bars=bars,
        )
    )


def engine(session: Session, bus: Bus) -> Engine:
    return Engine(
        source=ExampleAI(3),
        outbox=BusOutbox(bus),
        equity=AccountEquity(session.keeper.account),
        telemetry=Silence(),
        bounds=bounds_of(load_settings({})),
        mode=session.keeper.trader.scribe.identity.mode,
        distort=distort,
    )


async def whole(world: World, ticks: Sequence[Tick]) -> Session:
    session = world.start(engine=engine)
    await play(session, ticks)
    return session


async def killed(world: World, ticks: Sequence[Tick], seed: int) -> tuple[Session, Chaos]:
    """Play the same market with a process that dies at awaits, and is started again."""
    chaos = Chaos(random.Random(seed), death=0.004)

    def bus(inner: Bus) -> Bus:
        return ChaosBus(inner, chaos)

    def journal(inner: Journal) -> Journal:
        return ChaosJournal(inner, chaos)

    while True:
        session = world.start(bus=bus, journal=journal, engine=engine)
        try:
            await play(session, ticks)
        except Crash:
            continue
        return session, chaos


async def equity_usd(session: Session) -> Decimal:
    read = await session.keeper.account.read()
    assert isinstance(read, AccountReading)
    return read.equity_usd


def events(world: World) -> list[Event]:
    return [stored.event for stored in world.journal.read()]


def verdicts(world: World) -> dict[IntentId, Judged]:
    """The last verdict on each intent, with everything that went into it."""
    return {judged.intent_id: judged for judged in world.events(Judged)}


def outcomes(world: World) -> dict[IntentId, Settled]:
    """Each outcome, apart from the bus's own number of the message."""
    return {
        s.intent_id: replace(s, entry_id="", order_ids=()) for s in world.events(Settled)
    }


def fills(world: World) -> list[Filled]:
    unnamed = ClientOrderId("")
    return [replace(fill, order_id=unnamed, trade_id="") for fill in world.events(Filled)]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_same_market_gives_the_same_journal(mode: Mode) -> None:
    """Replay is what makes a verdict checkable: nothing but the market decides."""
    ticks, one, two = market(1_500), World(mode), World(mode)

    async def both() -> None:
        await whole(one, ticks)
        await whole(two, ticks)

    asyncio.run(both())

    assert events(one) == events(two)
    assert len(fills(one)) > 20


@pytest.mark.parametrize("mode", list(Mode))
def test_a_killed_run_ends_where_the_uninterrupted_one_does(mode: Mode) -> None:
    """Not nearly: the same verdicts on the same inputs, the same fills, the same equity.

    Where a proposer dies just after it published what nobody understands, it is there
    twice, and counts twice against its source: this seed kills elsewhere.
    """
    ticks, calm, wild = market(), World(mode), World(mode)

    async def both() -> tuple[Session, Session, Chaos]:
        whole_ = await whole(calm, ticks)
        last, chaos = await killed(wild, ticks, seed=6)
        assert await equity_usd(whole_) == await equity_usd(last)
        return whole_, last, chaos

    whole_, last, chaos = asyncio.run(both())

    assert verdicts(calm) == verdicts(wild)
    assert outcomes(calm) == outcomes(wild)
    assert fills(calm) == fills(wild)
    assert last.recorder.ledger.positions == whole_.recorder.ledger.positions
    assert last.recorder.gauge == whole_.recorder.gauge
    assert last.brain.tracks() == whole_.brain.tracks()
    assert chaos.counted["crash"] >= 20
    assert len(fills(calm)) > 40
