"""The market between processes survives an entry that is no tick."""

import asyncio
from decimal import Decimal

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.market_bus import NO_TICK, TickPublisher, TickReader
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import DEAD_LETTER, MARKET_TICK
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.services.messages import Barrier

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


@pytest.mark.parametrize(
    ("since", "least", "first"),
    [
        (0, 512, 1),  # everything
        (4_000, 512, 2_049),  # nothing is open: the newest, in whole pages of 512
        (1_200, 512, 1_025),  # something is open since then
        (4_000, 9_999, 1),  # there are no more than are wanted
    ],
)
def test_a_warm_up_reads_the_newest_ticks_and_all_since_something_was_opened(
    since: int, least: int, first: int
) -> None:
    """A takeover must not wait for months of minutes that nobody needs."""

    async def play() -> list[int]:
        bus = MemoryBus(MemoryStreams(), ManualClock(UnixMs(0)))
        minutes = (Tick(at_ms=UnixMs(n), bars=TICK.bars) for n in range(1, 4_001))
        await bus.publish([Post(MARKET_TICK, codec.encode_tick(tick)) for tick in minutes])
        reader = TickReader(bus, consumer="one")
        return [tick.at_ms async for tick in reader.before(UnixMs(since), least)]

    assert asyncio.run(play()) == list(range(first, 4_001))


def test_a_warm_up_ends_before_the_tick_in_hand() -> None:
    async def play() -> list[int]:
        bus = MemoryBus(MemoryStreams(), ManualClock(UnixMs(0)))
        minutes = (Tick(at_ms=UnixMs(n), bars=TICK.bars) for n in range(1, 4_001))
        await bus.publish([Post(MARKET_TICK, codec.encode_tick(tick)) for tick in minutes])
        reader = TickReader(bus, consumer="one")
        for _ in range(2_999):
            await reader.next_tick(wait_ms=0)
            await reader.done(Barrier(at_ms=UnixMs(1), equity_usd=None))
        await reader.next_tick(wait_ms=0)
        return [tick.at_ms async for tick in reader.before(UnixMs(3_000), 512)]

    assert asyncio.run(play()) == list(range(1_025, 3_000))
