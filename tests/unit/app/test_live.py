"""A live market over the bus: the engine waits for nobody, the execution starts alone."""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.adapters.feeds.live_clock import LiveClock, VenueTime
from bridge_patch.adapters.market_bus import TickPublisher, TickReader
from bridge_patch.adapters.memory import MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import MARKET_TICK, REPLAY_BARRIER
from bridge_patch.app.commands.options import RunOptions
from bridge_patch.app.commands.run import market_of
from bridge_patch.app.live import (
    BARS_MIN,
    EQUITY_AGE_MAX_MS,
    FromBus,
    Live,
    ToBus,
    bars_needed,
)
from bridge_patch.app.market_place import followed, priced_by
from bridge_patch.app.settings import MarketFeed, Settings, SettingsError, load_settings
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import FundingTerms, Mark, Tick
from bridge_patch.services.messages import Barrier
from tests.public_exchange import (
    MINUTE_MS,
    PublicExchange,
    kline_frame,
    mark_frame,
    trading,
    until,
)
from tests.unit.adapters.live_scene import NOON_MS, Heard, Wall

SYMBOLS = ("BTCUSDT", "SOLUSDT")
OPTIONS = RunOptions(data=None, env_file=None, state=None, start_ms=None, end_ms=None)


def settings(**env: str) -> Settings:
    return load_settings({"MARKET_FEED": "live"} | env)


@pytest.mark.parametrize(
    ("env", "rest"),
    [
        ({}, "https://fapi.binance.com"),
        ({"VENUE": "binance-demo"}, "https://demo-fapi.binance.com"),
        ({"VENUE": "simulator"}, "http://127.0.0.1:8797"),
        ({"MARKET_URL": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000"),
    ],
)
def test_the_market_followed_is_the_venues_own_and_for_paper_the_real_one(
    env: dict[str, str], rest: str
) -> None:
    assert followed(settings(**env)).rest == rest


@pytest.mark.parametrize(
    ("env", "prices"),
    [
        ({}, "paper"),
        ({"MARKET_URL": "http://127.0.0.1:9000"}, "paper"),
        ({"VENUE": "binance"}, "binance"),
        ({"VENUE": "binance", "MARKET_URL": "http://127.0.0.1:9000"}, "another simulator"),
        ({"VENUE": "simulator"}, "simulator"),
        (
            {"VENUE": "simulator", "MARKET_URL": "http://127.0.0.1:9000"},
            "another simulator",
        ),
        ({"VENUE": "simulator", "MARKET_FEED": "replay"}, "simulator"),
    ],
)
def test_prices_of_a_simulator_are_not_those_of_a_real_venue(
    env: dict[str, str], prices: str
) -> None:
    """Orders there would be judged by what somebody made up: VENUE_MISMATCH refuses."""
    assert priced_by(settings(**env)) == prices


def test_recorded_prices_are_no_real_venues_even_where_such_settings_came_to_be() -> None:
    """The start refuses them; the Governor would refuse them too."""
    real = replace(settings(VENUE="binance-demo"), market_feed=MarketFeed.REPLAY)
    assert priced_by(real) == "recorded"


def test_only_a_simulator_at_home_may_stand_in_for_an_exchange() -> None:
    with pytest.raises(SettingsError, match="MARKET_URL"):
        settings(MARKET_URL="https://example.com")


def test_a_calibrated_model_is_given_a_past_to_learn_from() -> None:
    """Eight hundred outcomes, one an hour and symbol, behind what the volatility needs."""
    assert bars_needed(settings()) == BARS_MIN
    assert bars_needed(settings(SIGNAL_SOURCE="honest")) == BARS_MIN + 400 * 60


def test_a_live_market_has_no_folder_and_no_dates() -> None:
    for asked in (
        replace(OPTIONS, start_ms=UnixMs(1)),
        replace(OPTIONS, end_ms=UnixMs(1)),
        replace(OPTIONS, data=Path()),
    ):
        with pytest.raises(InvalidValueError, match="goes as it goes"):
            market_of(asked, settings())
    assert isinstance(market_of(OPTIONS, settings()), Live)


@dataclass
class Said:
    """An engine that keeps what it is shown."""

    seen: list[UnixMs] = field(default_factory=list)
    decided: list[UnixMs] = field(default_factory=list)

    def see(self, tick: Tick) -> None:
        self.seen.append(tick.at_ms)

    async def on_tick(self, tick: Tick) -> tuple[()]:
        self.decided.append(tick.at_ms)
        return ()


@dataclass
class Watched:
    """A session that keeps what it is shown."""

    resumed_ms: UnixMs = UnixMs(0)  # noqa: RUF009 - a number
    warmed: list[UnixMs] = field(default_factory=list)
    played: list[UnixMs] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    begun: int = 0

    @property
    def keeper(self) -> "Watched":
        return self

    def needs_since_ms(self) -> UnixMs:
        return self.resumed_ms

    async def warm_up(self, tick: Tick) -> None:
        self.warmed.append(tick.at_ms)

    async def on_tick(self, tick: Tick) -> None:
        self.played.append(tick.at_ms)

    async def begin(self) -> None:
        self.begun += 1

    async def pulse(
        self, marks: tuple[Mark, ...] = (), terms: tuple[FundingTerms, ...] = ()
    ) -> None:
        self.marks += marks


@dataclass
class Place:
    """A live market at an exchange on loopback, and a bus."""

    wall: Wall = field(default_factory=Wall)
    streams: MemoryStreams = field(default_factory=MemoryStreams)
    stop: Stop = field(default_factory=Stop)
    exchange: PublicExchange = field(init=False)
    live: Live = field(init=False)

    def __post_init__(self) -> None:
        self.exchange = PublicExchange(self.wall)

    @property
    def clock(self) -> LiveClock:
        return self.live.time.clock

    def bus(self) -> MemoryBus:
        return MemoryBus(self.streams, LiveClock(self.wall, self.wall))

    def open(self) -> None:
        url = f"http://127.0.0.1:{self.exchange.port}"
        time = VenueTime(LiveClock(self.wall, self.wall))
        self.live = Live(settings(MARKET_URL=url), Heard(), time)

    async def bar(self, later: int) -> None:
        open_ms = NOON_MS + later * MINUTE_MS
        self.wall.now = max(self.wall.now, open_ms + MINUTE_MS + 50)
        await self.exchange.say(*(kline_frame(s, open_ms) for s in SYMBOLS))

    async def mark(self) -> None:
        self.wall.now += 500
        now = self.wall.now
        await self.exchange.say(*(mark_frame(s, now, 95_000) for s in SYMBOLS))


def test_an_engine_puts_every_bar_on_the_bus_though_nobody_reads_it() -> None:
    """And one that comes back puts there what was missed, once, and proposes nothing."""

    async def propose(place: Place, *bars: int) -> Said:
        engine, stop = Said(), Stop()
        to_bus = ToBus(TickPublisher(place.bus()), place.clock, lambda: None)
        proposing = place.live.propose(engine, to_bus, stop)  # type: ignore[arg-type]
        work = asyncio.create_task(proposing)
        await until(lambda: place.exchange.listeners == 1)
        await until(lambda: len(engine.seen) >= BARS_MIN)
        for number, later in enumerate(bars):
            await place.bar(later)
            await until(lambda n=number: len(engine.decided) > n)
        stop.asked = True
        await work
        return engine

    async def scenario() -> tuple[Said, Said, int]:
        place = Place()
        async with trading(place.exchange):
            place.open()
            place.live = replace(place.live, barred=lambda: barred.append(place.wall.now))
            one = await propose(place, 0, 1)
            place.wall.now = NOON_MS + 5 * MINUTE_MS + 10_000
            two = await propose(place, 5)
        return one, two, len(place.streams.numbers[MARKET_TICK])

    barred: list[int] = []
    one, two, published = asyncio.run(scenario())

    assert len(barred) == (1 + 2) + (1 + 1)  # that it follows, and each bar that came then
    assert one.decided == [NOON_MS + n * MINUTE_MS for n in (1, 2)]
    assert two.decided == [NOON_MS + 6 * MINUTE_MS]
    assert published == BARS_MIN + 2 + 3 + 1


def test_equity_that_nobody_has_stated_lately_is_not_known() -> None:
    """An engine sizes nothing for an execution that is down."""

    async def scenario() -> list[Decimal | Unknown]:
        place = Place()
        place.live = Live(settings(), Heard(), VenueTime(LiveClock(place.wall, place.wall)))
        to_bus = ToBus(TickPublisher(place.bus()), place.clock, lambda: None)
        said = [await to_bus.equity_usd()]
        reader = TickReader(place.bus(), consumer="one")
        await TickPublisher(place.bus()).publish(Tick(at_ms=UnixMs(NOON_MS), bars=()))
        await reader.next_tick(wait_ms=0)
        stated = Barrier(at_ms=UnixMs(place.wall.now), equity_usd=Decimal(10_000))
        await reader.done(stated)
        await to_bus.hear()
        said.append(await to_bus.equity_usd())
        place.wall.now += EQUITY_AGE_MAX_MS + 1
        await to_bus.hear()
        return [*said, await to_bus.equity_usd()]

    unread, known, old = asyncio.run(scenario())

    assert isinstance(unread, Unknown)
    assert known == 10_000
    assert isinstance(old, Unknown)


def test_an_execution_begins_without_an_engine_and_takes_marks_from_the_exchange() -> None:
    async def scenario() -> tuple[Watched, int]:
        place, session, announced = Place(), Watched(), []
        async with trading(place.exchange):
            place.open()

            async def announce() -> None:
                announced.append(1)

            async def equity(_: object, tick: Tick) -> Barrier:
                return Barrier(at_ms=tick.at_ms, equity_usd=Decimal(1))

            async def before(_: Tick) -> None:
                await asyncio.sleep(0)

            publisher = TickPublisher(place.bus())
            old = Tick(at_ms=UnixMs(NOON_MS - 60 * MINUTE_MS), bars=(), marks=(_mark(),))
            fresh = Tick(at_ms=UnixMs(NOON_MS), bars=(), marks=(_mark(),))
            bus = FromBus(TickReader(place.bus(), consumer="one"), announce, equity)
            work = asyncio.create_task(
                place.live.follow(session, bus, place.stop, before)  # type: ignore[arg-type]
            )
            await until(lambda: place.exchange.listeners == 1)
            await place.mark()
            await until(lambda: session.begun > 0 and len(session.marks) == 2)
            await publisher.publish(old)
            await publisher.publish(fresh)
            await until(lambda: session.played == [NOON_MS])
            await until(lambda: len(place.streams.numbers[REPLAY_BARRIER]) == 2)
            place.stop.asked = True
            await work
        return session, len(announced)

    session, announced = asyncio.run(scenario())

    assert announced == 1
    assert session.warmed == [NOON_MS - 60 * MINUTE_MS]


def _mark() -> Mark:
    usd = Decimal(95_000)
    return Mark(symbol=settings().symbols[0], mark_usd=usd, index_usd=usd, at_ms=UnixMs(1))
