"""A live market as the processes follow it: no end, no barrier, and a clock that goes.

`run` follows bars and marks. Apart, the engine follows the bars and puts them on the bus,
and the execution follows the marks itself: what orders are valued by comes from the
exchange, and from no process that proposes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias, final

from bridge_patch.adapters.feeds.live import LiveFeed
from bridge_patch.adapters.feeds.live_clock import VenueTime
from bridge_patch.adapters.feeds.live_frames import MINUTE_MS
from bridge_patch.adapters.feeds.series import utc
from bridge_patch.adapters.market_bus import TickPublisher, TickReader
from bridge_patch.app.market_place import followed
from bridge_patch.app.settings import Settings, SignalName
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import LiveTime, telemetry_of
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.policy.baseline import HOLD_MS
from bridge_patch.policy.calibration import OUTCOMES_MIN
from bridge_patch.policy.reliability import FORECASTS_MIN
from bridge_patch.services.engine import Engine
from bridge_patch.services.messages import Barrier
from bridge_patch.services.ports import Clock, Telemetry
from bridge_patch.services.progress import NEVER
from bridge_patch.services.session import LATE_MS, Session

#: What readings need: two half-lives of the volatility. Also all that goes onto a new bus.
BARS_MIN: Final = 1_440
#: The longest time that is played again behind a restart: a week.
BARS_MAX: Final = 10_080
#: An equity is stated with every bar; an older one is of an execution that is down.
EQUITY_AGE_MAX_MS: Final = 3 * MINUTE_MS
#: How long a start waits for the first marks: what waits on the bus is judged by them.
FIRST_MARKS_MS: Final = 3_000
#: How long a pulse waits for news from the exchange; the bus is read as often at least.
PULSE_MS: Final = 100


def _unheard() -> None:
    return


BeforeTick: TypeAlias = Callable[[Tick], Awaitable[None]]


@final
@dataclass(frozen=True, slots=True)
class Live:
    """A market that is followed, opened anew for each attempt.

    `barred` is told when it is followed, and of all bars that come then.
    """

    settings: Settings
    telemetry: Telemetry
    time: VenueTime = field(default_factory=VenueTime)
    barred: Callable[[], None] = _unheard

    @property
    def label(self) -> str:
        """Say what it is, in one sentence for people."""
        return self.feed().label

    @property
    def live(self) -> LiveTime:
        """The present, and whether it is the venue's."""
        return LiveTime(clock=self.time.clock, skew=self.time.skew_ms)

    def start_ms(self) -> UnixMs:
        """Return when it begins: now."""
        return self.time.clock.now_ms()

    def feed(self, *, marks_only: bool = False) -> LiveFeed:
        """Return the exchange's streams and answers, not yet open."""
        return LiveFeed(
            followed(self.settings),
            self.settings.symbols,
            time=self.time,
            telemetry=self.telemetry,
            marks_only=marks_only,
        )

    async def play(self, session: Session, stop: Stop, before_tick: BeforeTick) -> None:
        """Follow it until told to stop, from where the journal ends, if there is one."""
        async with self.feed() as feed:
            depth = self._depth(session.resumed_ms)

            async def wanted() -> bool:
                """Show that this process lives, also while it waits for an answer."""
                await before_tick(self._moment())
                return stop.go_on()

            async for tick in feed.past(depth, wanted):
                if session.resumed_ms == NEVER or tick.at_ms < session.resumed_ms:
                    await session.warm_up(tick)
                else:
                    await before_tick(tick)
                    await session.on_tick(tick)
                await asyncio.sleep(0)
            await feed.all_heard(FIRST_MARKS_MS)
            stop.watchdog.ready("following the market")
            self.barred()
            while stop.go_on():
                tick_now = await feed.next(PULSE_MS)
                await before_tick(tick_now or self._moment())
                await session.begin()
                if tick_now is not None:
                    self._came(tick_now)
                    await session.keeper.pulse(feed.marks(), feed.terms())
                    await session.on_tick(tick_now)
                await session.pulse(feed.marks(), feed.terms())

    async def follow(
        self, session: Session, bus: FromBus, stop: Stop, before_tick: BeforeTick
    ) -> None:
        """Follow the bars that come over the bus, and the exchange's own marks."""
        async with self.feed(marks_only=True) as feed:
            tick = await bus.begun(session)
            await feed.all_heard(FIRST_MARKS_MS)
            stop.watchdog.ready("following the market")
            self.barred()
            while stop.go_on():
                await before_tick(tick or self._moment())
                late = tick is not None and self.is_late(tick)
                if not late:
                    await session.begin()
                if tick is not None:
                    self._came(tick)
                    await session.keeper.pulse(feed.marks(), feed.terms())
                    await self._take(session, tick)
                    await bus.done(session, tick, late=late)
                if not late:
                    await session.pulse(feed.marks(), feed.terms())
                tick = await bus.reader.next_tick(wait_ms=PULSE_MS)

    async def propose(self, engine: Engine, bus: ToBus, stop: Stop) -> None:
        """Let the engine follow the bars, and put each on the bus, waiting for nobody."""
        async with self.feed() as feed:
            newest_ms = await bus.publisher.newest_ms()
            needed = bars_needed(self.settings)
            seen, oldest_ms = 0, self.time.clock.now_ms() - BARS_MIN * MINUTE_MS

            async def wanted() -> bool:
                return stop.go_on()

            async for tick in feed.past(needed, wanted):
                engine.see(tick)
                if tick.at_ms > max(newest_ms, oldest_ms):
                    await bus.publisher.publish(tick)
                    seen += 1
                await asyncio.sleep(0)
            self.telemetry.note("MARKET", "the past is on the bus", ticks=seen)
            stop.watchdog.ready("proposing")
            self.barred()
            while stop.go_on():
                tick_now = await feed.next(1_000)
                await bus.hear()
                if tick_now is None:
                    continue
                self._came(tick_now)
                await bus.publisher.publish(tick_now)
                if self.is_late(tick_now):
                    engine.see(tick_now)
                else:
                    await engine.on_tick(tick_now)

    def _came(self, tick: Tick) -> None:
        if tick.bars:
            self.barred()

    def is_late(self, tick: Tick) -> bool:
        """Tell whether a tick is history, of which nothing is decided."""
        return self.time.clock.now_ms() - tick.at_ms > LATE_MS

    async def _take(self, session: Session, tick: Tick) -> None:
        """Play a tick; to a journal that has only begun, history is there to be seen."""
        if tick.over:
            return
        if session.resumed_ms == NEVER and self.is_late(tick):
            await session.warm_up(tick)
        else:
            await session.on_tick(tick)

    def _moment(self) -> Tick:
        return Tick(at_ms=self.time.clock.now_ms(), bars=())

    def _depth(self, resumed_ms: UnixMs) -> int:
        """Return how many minutes are read: what is needed, and what was missed."""
        needed = bars_needed(self.settings)
        if resumed_ms == NEVER:
            return needed
        missed = (self.time.clock.now_ms() - resumed_ms) // MINUTE_MS + 1
        if missed > BARS_MAX:
            what = "the time before is not played again: too long ago"
            since_ms = self.time.clock.now_ms() - BARS_MAX * MINUTE_MS
            self.telemetry.note("MARKET", what, ended=utc(resumed_ms), until=utc(since_ms))
        return max(needed, min(missed, BARS_MAX))


@final
@dataclass(slots=True)
class ToBus:
    """The engine's end of the bus. Equity is what the execution stated a moment ago.

    `well` is told whenever the bus was reached.
    """

    publisher: TickPublisher
    clock: Clock
    well: Callable[[], None]
    last: Barrier | None = None

    async def hear(self) -> None:
        """Take in what the execution stated since, if anything."""
        self.last = await self.publisher.last_passed() or self.last
        self.well()

    async def equity_usd(self) -> Decimal | Unknown:
        """Return the equity, or why it is not known: who is silent states none."""
        if self.last is None or self.last.equity_usd is None:
            return Unknown("the execution has not stated an equity yet")
        age_ms = self.clock.now_ms() - self.last.at_ms
        if age_ms > EQUITY_AGE_MAX_MS:
            return Unknown(f"the execution has stated no equity for {age_ms // 1000} s")
        return self.last.equity_usd


@final
@dataclass(frozen=True, slots=True)
class FromBus:
    """The execution's end of the bus: ticks one way, what the account is worth the other.

    `announce` writes what the journal keeps about a start.
    """

    reader: TickReader
    announce: Callable[[], Awaitable[None]]
    equity: Callable[[Session, Tick], Awaitable[Barrier]]

    async def begun(self, session: Session) -> Tick | None:
        """Warm up with every tick that is over; return one that was not finished."""
        tick = await self.reader.next_tick(wait_ms=0)
        async for past in self.reader.before(session.needs_since_ms()):
            if not past.over:
                await session.warm_up(past)
        await self.announce()
        return tick

    async def done(self, session: Session, tick: Tick, *, late: bool) -> None:
        """End a tick; what the account was worth at a late one nobody needs to know."""
        unsaid = Barrier(at_ms=tick.at_ms, equity_usd=None)
        await self.reader.done(unsaid if late else await self.equity(session, tick))


def live_market(settings: Settings) -> Live:
    """Return the live market that the settings name."""
    return Live(settings, telemetry_of(settings))


def bars_needed(settings: Settings) -> int:
    """Return how many minutes the readings and the model need to begin with.

    A calibrated model learns from one outcome an hour and symbol; half of them make the
    calibration, and the other half have to prove it.
    """
    if settings.signal_source is SignalName.EXAMPLE:
        return BARS_MIN
    hours = -(-(OUTCOMES_MIN + FORECASTS_MIN) // len(settings.symbols))
    return BARS_MIN + hours * (HOLD_MS // MINUTE_MS)
