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


def test_without_a_tick_in_hand_every_tick_there_is_was_before() -> None:
    """A live execution starts whether or not its engine has anything to say just now."""

    async def play() -> tuple[list[Tick], list[Tick], UnixMs]:
        streams = MemoryStreams()
        bus = MemoryBus(streams, ManualClock(UnixMs(0)))
        publisher, reader = TickPublisher(bus), TickReader(bus, consumer="one")
        later = Tick(at_ms=UnixMs(180_000), bars=TICK.bars)
        await publisher.publish(TICK)
        await reader.next_tick(wait_ms=0)
        await publisher.publish(later)
        in_hand = [tick async for tick in reader.before()]
        fresh = [tick async for tick in TickReader(bus, consumer="two").before()]
        return in_hand, fresh, await publisher.newest_ms()

    in_hand, fresh, newest_ms = asyncio.run(play())

    assert in_hand == []
    assert [tick.at_ms for tick in fresh] == [120_000, 180_000]
    assert newest_ms == 180_000
