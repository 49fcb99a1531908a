"""The market between processes survives an entry that is no tick."""

import asyncio
from decimal import Decimal

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.market_bus import NO_TICK, TickPublisher, TickReader
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import DEAD_LETTER, MARKET_TICK
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick

TICK = Tick(
    at_ms=UnixMs(120_000),
    bars=(
        Bar(
            symbol=Symbol("BTCUSDT"),
            open_ms=UnixMs(60_000),
            close_ms=UnixMs(120_000),
            open=Decimal(10),
            high=Decimal(12),
            low=Decimal(9),
            close=Decimal(11),
            volume=Decimal(1),
        ),
    ),
)


def test_an_entry_that_is_no_tick_is_set_aside_and_the_next_one_is_read() -> None:
    """Left pending it would stop every start, with a position open behind it."""

    async def play() -> tuple[Tick | None, Tick | None, str | None]:
        bus = MemoryBus(MemoryStreams(), ManualClock(UnixMs(0)))
        garbage = Envelope.of(
            event_type="market.tick", payload="{", timestamp="", source="x"
        )
        await bus.publish((Post(MARKET_TICK, garbage),))
        await TickPublisher(bus).publish(TICK)
        reader = TickReader(bus, consumer="one")
        first = await reader.next_tick(wait_ms=0)
        second = await reader.next_tick(wait_ms=0)
        letters = await bus.follow(DEAD_LETTER, "", count=9, wait_ms=0)
        return first, second, letters[0].envelope.field("reason")

    assert asyncio.run(play()) == (None, TICK, NO_TICK)
