"""An exit process that starts anew learns peak and stage from the streams, or says not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.exit_turns import TurnGiver, TurnTaker
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import MARKET_TICK, POSITION_UPDATE
from bridge_patch.app.brains import exits_here
from bridge_patch.app.commands.exits import follow
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.policy.harvesting import Track
from bridge_patch.services.messages import PositionUpdate
from tests.simulation.rig import BTC, NOON_MS, Silence, at, minute

D = Decimal
OPEN = PositionUpdate(
    at_ms=minute(1),
    symbol=BTC,
    side=Side.BUY,
    quantity_base=D("0.04"),
    first_base=D("0.04"),
    entry_price_usd=D(100_000),
    opened_ms=minute(1),
    stop_price_usd=D(98_000),
    policy=POLICIES[HarvestMode.SCALPER],
    intent_id=IntentId("a"),
)
PRICES = {2: 100_200, 3: 100_800, 4: 100_400, 5: 100_300}


@dataclass
class Heard(Silence):
    """Telemetry that keeps what was noted."""

    notes: list[str] = field(default_factory=list)

    def note(self, area: str, message: str, **facts: object) -> None:
        self.notes.append(message)


def bus() -> MemoryBus:
    return MemoryBus(MemoryStreams(), ManualClock(NOON_MS))


async def show(shared: MemoryBus, *minutes: int) -> None:
    for n in minutes:
        one = codec.encode_tick(at(n, {BTC: PRICES[n]}))
        await shared.publish((Post(MARKET_TICK, one),))


async def state(shared: MemoryBus, *, due: int | None = None) -> tuple[Track, list[str]]:
    """What a process knows that starts now; with `due` once it has had that turn."""
    heard, stop = Heard(), Stop(asked=due is None)
    brain = exits_here(shared, ListedInstruments(), heard)
    following = asyncio.create_task(follow(brain, TurnTaker(shared), stop))
    if due is not None:
        giver = TurnGiver(shared, silence_max_ms=5_000)
        assert await giver.decided(minute(due)) == ()
        stop.asked = True
        await giver.due(UnixMs(minute(due) + 1))
    await following
    return brain.tracks()[BTC], heard.notes


async def stated(shared: MemoryBus, update: PositionUpdate) -> None:
    await shared.publish((Post(POSITION_UPDATE, codec.encode_position(update)),))


def test_it_learns_the_peak_from_the_bars_since_the_entry() -> None:
    async def scenario() -> tuple[Track, list[str]]:
        shared = bus()
        await stated(shared, OPEN)
        await show(shared, 2, 3, 4)
        await TurnTaker(shared).done(minute(4), [])
        return await state(shared)

    track, notes = asyncio.run(scenario())
    assert track.best_price_usd == 100_800
    assert notes == []


def test_bars_that_were_trimmed_are_missed_aloud() -> None:
    """The stop that rests says how far it had come, and the stage is in the journal."""

    async def scenario() -> tuple[Track, list[str]]:
        shared = bus()
        pulled = replace(OPEN, stop_price_usd=D(100_150), partial_asked=True)
        await stated(shared, OPEN)
        await stated(shared, pulled)
        await show(shared, 4, 5)
        await TurnTaker(shared).done(minute(5), [])
        return await state(shared)

    track, notes = asyncio.run(scenario())
    assert [note.startswith("bars since the entry are missing") for note in notes] == [True]
    assert (track.stop_price_usd, track.partial_done) == (D(100_150), True)


def test_a_tick_that_was_passed_over_still_counts_for_the_peak() -> None:
    """The execution was late with it and asked for no decision; its prices were there."""

    async def scenario() -> tuple[Track, list[str]]:
        shared = bus()
        await stated(shared, OPEN)
        await show(shared, 2, 3, 4)
        return await state(shared, due=4)

    track, notes = asyncio.run(scenario())
    assert track.best_price_usd == 100_800
    assert notes == []
