"""`execution`: Governor and venue as a process of their own, on the embedded bus."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import final

from bridge_patch.adapters.exit_turns import TurnGiver
from bridge_patch.adapters.market_bus import TickReader
from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.app.collecting import collect_seldom
from bridge_patch.app.commands.options import RunOptions
from bridge_patch.app.commands.run import announce, settings_of, watched
from bridge_patch.app.live import BeforeTick, FromBus, live_market
from bridge_patch.app.monitoring import Monitor, monitored
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import ExitsProcess, MarketFeed, Settings
from bridge_patch.app.standby import Standby
from bridge_patch.app.stopping import Stop
from bridge_patch.app.venues import contacted
from bridge_patch.app.wiring import (
    CONSUMER,
    Run,
    Store,
    execution_side,
    start_events,
    telemetry_of,
)
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.limits_heard import LimitsHeard
from bridge_patch.services.messages import Barrier
from bridge_patch.services.session import Session

IDLE_MS = 250
_FEED = "the engine's, over the bus"


def execution(options: RunOptions) -> None:
    """Follow the market on the bus until it is over, or until told to stop."""
    collect_seldom()
    asyncio.run(_execution(settings_of(options)))


async def _execution(settings: Settings) -> None:
    telemetry = telemetry_of(settings)
    with watched(settings, telemetry) as outage:
        stop = Stop.on_signals()
        with monitored(settings, Part.EXECUTION, outage, stop) as monitor:
            await outage.outlast(lambda: _follow(settings, outage, stop, monitor), stop)


async def _follow(settings: Settings, outage: Outage, stop: Stop, monitor: Monitor) -> None:
    telemetry = outage.telemetry
    live = None
    if settings.market_feed is MarketFeed.LIVE:
        live = replace(live_market(settings), barred=monitor.barred)
    run_ = Run(
        settings=settings,
        mode=settings.ai_sizing_mode,
        feed=f"bars over the bus; {live.label}" if live else _FEED,
        telemetry=telemetry,
        live=live.live if live else None,
        alive=stop.watchdog.alive,
    )
    standby = Standby(run=run_)
    store = await standby.opened(stop, again=bool(outage.why))
    if store is None:
        return
    stop.watchdog.recovering()
    try:
        turns = _turns(settings, store, telemetry)
        apart = ExitsApart(turns, telemetry) if turns else None
        session = execution_side(run_, store, exits=apart, past=standby.past)
        parts = {Part.EXECUTION} if turns else {Part.EXECUTION, Part.EXITS}
        first = not outage.why
        if first and live is None:
            announce(telemetry, run_, parts)
        monitor.follow(session)
        reader = TickReader(store.acting, consumer=CONSUMER)
        async with contacted(session.keeper.venue):
            if live is None:
                acting = _Acting(run_, store, session, reader, turns)
                await _act(acting, outage, stop)
            else:
                events = start_events(
                    run_, store, session.recorder.account, live.start_ms()
                )

                async def begun() -> None:
                    """Keep that it began, and only then say so: that line is the last."""
                    await session.recorder.write(*events)
                    if first:
                        announce(telemetry, run_, parts)

                from_bus = FromBus(reader, begun, _barrier)
                await live.follow(session, from_bus, stop, _assured(store, outage))
    finally:
        monitor.forget()
        store.close()


@final
@dataclass(frozen=True, slots=True)
class _Acting:
    """What this process acts with, once it is the one that acts."""

    run: Run
    store: Store
    session: Session
    reader: TickReader
    turns: TurnGiver | None


async def _act(a: _Acting, outage: Outage, stop: Stop) -> None:
    """Play every tick that comes, until the market is over or we are told to stop."""
    begun = False
    stop.watchdog.ready("waiting for the market, then playing it")
    while stop.go_on():
        tick = await a.reader.next_tick(wait_ms=IDLE_MS)
        if tick is None:
            if begun:
                await a.session.keeper.switch.heed()
                await a.session.keeper.flattening.go_on()
                await a.session.execution.drain()
            continue
        if not begun:
            account = a.session.recorder.account
            events = start_events(a.run, a.store, account, tick.at_ms)
            await _begin(a.session, a.reader, events)
            begun = True
        over = await _play(a.session, tick)
        if over and a.turns is not None:
            await a.turns.due(tick.at_ms)
        await a.reader.done(await _barrier(a.session, tick))
        outage.well()
        if over:
            return


def _assured(store: Store, outage: Outage) -> BeforeTick:
    """Return what makes sure, before each moment, that this process may still act."""

    async def before(_: Tick) -> None:
        store.assure()
        outage.well()

    return before


def _turns(settings: Settings, store: Store, telemetry: LogTelemetry) -> TurnGiver | None:
    """Return the way to an exit process; None where exits are decided here."""
    if settings.exits_process is ExitsProcess.EMBEDDED:
        return None
    limits = LimitsHeard(
        ours=settings.limits().digest(), other="the exit process", telemetry=telemetry
    )
    silence_max_ms = settings.exits_silence_max_sec * 1000
    return TurnGiver(store.acting, silence_max_ms=silence_max_ms, limits=limits)


async def _begin(session: Session, reader: TickReader, events: tuple[Event, ...]) -> None:
    """Warm up with every tick that is over, then say that we began."""
    async for tick in reader.before(session.needs_since_ms()):
        if not tick.over:
            await session.warm_up(tick)
    await session.recorder.write(*events)


async def _play(session: Session, tick: Tick) -> bool:
    """Play a tick; tell whether it was the end of the market."""
    if tick.over:
        await session.execution.drain()
        return True
    await session.on_tick(tick)
    return False


async def _barrier(session: Session, tick: Tick) -> Barrier:
    read = await session.keeper.account.read()
    equity = None if isinstance(read, Unknown) else read.equity_usd
    return Barrier(at_ms=tick.at_ms, equity_usd=equity)
