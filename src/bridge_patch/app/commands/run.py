"""`run`: engine, execution and exits in one process, over one market."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.feeds.choose import choose_feed
from bridge_patch.adapters.feeds.series import Feed, Window
from bridge_patch.adapters.health import HealthFile
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.app.buses import BusAt
from bridge_patch.app.collecting import collect_seldom
from bridge_patch.app.commands.options import RunOptions
from bridge_patch.app.in_force import SIMULATED
from bridge_patch.app.live import Live, live_market
from bridge_patch.app.monitoring import Monitor, monitored
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import (
    MarketFeed,
    Settings,
    SignalName,
    VenueName,
    load_settings,
)
from bridge_patch.app.standby import Standby
from bridge_patch.app.stopping import Stop
from bridge_patch.app.venues import contacted
from bridge_patch.app.wiring import (
    STORE_NAME,
    AccountEquity,
    LiveTime,
    Run,
    engine_side,
    execution_side,
    source_of,
    start_events,
    telemetry_of,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.services.session import Session

CACHE_NAME: Final = "market"
_SIGNALS: Final = MappingProxyType(
    {
        SignalName.EXAMPLE: "example AI, overconfident and uncalibrated; for show only",
        SignalName.HONEST: "calibrated momentum; on most markets it abstains",
        SignalName.BOTH: "example AI, uncalibrated, for show; and calibrated momentum",
    }
)


def run(options: RunOptions) -> None:
    """Play the market to its end, or follow it, until told to stop."""
    settings = settings_of(options)
    collect_seldom()
    asyncio.run(_run(settings, market_of(options, settings)))


def settings_of(options: RunOptions) -> Settings:
    """Return the settings, with what the command line says in place of theirs."""
    settings = load_settings(env_file=options.env_file)
    return replace(
        settings,
        state_dir=options.state or settings.state_dir,
        market_data_dir=options.data or settings.market_data_dir,
    )


def market_of(options: RunOptions, settings: Settings) -> Recorded | Live:
    """Return the market to play, or to follow."""
    if settings.market_feed is MarketFeed.LIVE:
        window = (options.start_ms, options.end_ms)
        if options.data is not None or window != (None, None):
            msg = "MARKET_FEED=live goes as it goes: leave out --data and the times"
            raise InvalidValueError(msg)
        return live_market(settings)
    return Recorded(feed_of(options, settings))


@final
@dataclass(frozen=True, slots=True)
class Recorded:
    """A market that is played in data time, as fast as can be."""

    feed: Feed
    live: LiveTime | None = None

    @property
    def label(self) -> str:
        """Say what it is, in one sentence for people."""
        return self.feed.info.label

    def start_ms(self) -> UnixMs:
        """Return when it begins."""
        return self.feed.info.start_ms

    async def play(
        self, session: Session, stop: Stop, before_tick: Callable[[Tick], Awaitable[None]]
    ) -> None:
        """Play it to its end; `before_tick` comes before each tick that is played."""
        stop.watchdog.ready("playing a recorded market")
        await play(session, self.feed, stop=stop, before_tick=before_tick)


def feed_of(options: RunOptions, settings: Settings) -> Feed:
    """Return the recorded market to play."""
    return choose_feed(
        settings.market_data_dir,
        symbols=settings.symbols,
        cache_dir=settings.state_dir / CACHE_NAME,
        instruments=ListedInstruments(),
        seed=settings.example_ai_seed,
        window=Window(start_ms=options.start_ms, end_ms=options.end_ms),
    )


async def _run(settings: Settings, market: Recorded | Live) -> None:
    telemetry = telemetry_of(settings)
    with watched(settings, telemetry) as outage:
        stop = Stop.on_signals()
        with monitored(settings, Part.EXECUTION, outage, stop) as monitor:
            if isinstance(market, Live):
                market = replace(market, barred=monitor.barred)
            await outage.outlast(
                lambda: _play_all(settings, market, outage, stop, monitor), stop
            )


@contextmanager
def watched(settings: Settings, telemetry: LogTelemetry) -> Iterator[Outage]:
    """Yield what knows of outages, and lets `status` know."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with closing(HealthFile(SqliteFile(settings.state_dir / STORE_NAME))) as health:
        yield Outage(telemetry=telemetry, say=health.say)


async def _play_all(
    settings: Settings,
    market: Recorded | Live,
    outage: Outage,
    stop: Stop,
    monitor: Monitor,
) -> None:
    telemetry = outage.telemetry
    run_ = Run(
        settings=settings,
        mode=settings.ai_sizing_mode,
        feed=market.label,
        telemetry=telemetry,
        live=market.live,
        alive=stop.watchdog.alive,
    )
    standby = Standby(run=run_)
    store = await standby.opened(stop, again=bool(outage.why))
    if store is None:
        return
    stop.watchdog.recovering()
    try:
        session = execution_side(run_, store, past=standby.past)
        engine = engine_side(
            run_, store, AccountEquity(session.keeper.account), source_of(settings)
        )
        session = replace(session, engine=engine)
        recorder = session.recorder
        events = start_events(run_, store, recorder.account, market.start_ms())
        await recorder.write(*events)
        if not outage.why:
            announce(telemetry, run_, {Part.ENGINE, Part.EXECUTION, Part.EXITS})
        monitor.follow(session)

        begun = False

        async def before(_: Tick) -> None:
            nonlocal begun
            store.assure()
            if begun:  # the tick before this one was played to its end
                outage.well()
            begun = True

        async with contacted(session.keeper.venue):
            await market.play(session, stop, before)
    finally:
        monitor.forget()
        store.close()


def announce(telemetry: LogTelemetry, run_: Run, parts: set[Part]) -> None:
    """Say what was started; the components' own lines come last."""
    settings = run_.settings
    limits = settings.limits()
    telemetry.started(
        parts=parts,
        mode=run_.mode,
        fail_open=limits.fail_open,
        notes=(
            f"market: {run_.feed}",
            _venue_note(settings),
            f"limits: {limits.digest()}, journal: {settings.state_dir}",
            f"signal: {_SIGNALS[settings.signal_source]}",
            *BusAt.of(settings).notes(in_full=Part.EXECUTION in parts),
            *settings.notices(),
        ),
    )


def _venue_note(settings: Settings) -> str:
    if settings.venue is VenueName.PAPER:
        return f"venue: paper, simulated; equity {settings.paper_equity_usd} USD"
    whose = "simulated" if settings.venue in SIMULATED else "real money"
    return f"venue: {settings.venue}, {whose}"


async def _nothing(_: Tick) -> None:
    return


async def play(
    session: Session,
    feed: Feed,
    *,
    stop: Stop,
    before_tick: Callable[[Tick], Awaitable[None]] = _nothing,
) -> None:
    """Play every tick that an earlier run has not played; stop between two ticks."""
    for tick in feed:
        if not stop.go_on():
            return
        if tick.at_ms < session.resumed_ms:
            await session.warm_up(tick)
            continue
        await before_tick(tick)
        await session.on_tick(tick)
