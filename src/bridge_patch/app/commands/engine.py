"""`engine`: feed, signal and sizer as a process of their own; it has no venue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

from bridge_patch.adapters.feeds.series import Feed
from bridge_patch.adapters.market_bus import TickPublisher
from bridge_patch.adapters.telemetry import Part
from bridge_patch.app.commands.options import RunOptions
from bridge_patch.app.commands.run import (
    Recorded,
    announce,
    market_of,
    settings_of,
)
from bridge_patch.app.live import Live, ToBus
from bridge_patch.app.monitoring import Monitor, monitored
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import Settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import (
    Run,
    Store,
    bus_of,
    engine_side,
    source_of,
    telemetry_of,
)
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.services.engine import Engine, Equity
from bridge_patch.services.messages import Barrier


def engine(options: RunOptions) -> None:
    """Put the market onto the bus: recorded, as fast as the execution follows; or live."""
    settings = settings_of(options).without_keys()
    asyncio.run(_engine(settings, market_of(options, settings)))


@final
@dataclass(slots=True)
class BarrierEquity:
    """Equity as the last barrier stated it."""

    last: Barrier | None = None

    async def equity_usd(self) -> Decimal | Unknown:
        """Return the equity, or why it is not known."""
        if self.last is None or self.last.equity_usd is None:
            return Unknown("the execution has not stated an equity yet")
        return self.last.equity_usd


async def _engine(settings: Settings, market: Recorded | Live) -> None:
    outage, stop = Outage(telemetry=telemetry_of(settings)), Stop.on_signals()
    with monitored(settings, Part.ENGINE, outage, stop) as monitor:
        if isinstance(market, Live):
            market = replace(market, barred=monitor.barred)
        await outage.outlast(lambda: _once(settings, market, outage, stop, monitor), stop)


async def _once(
    settings: Settings,
    market: Recorded | Live,
    outage: Outage,
    stop: Stop,
    monitor: Monitor,
) -> None:
    store = bus_of(settings, outage)
    try:
        publisher = TickPublisher(store.bus)
        if isinstance(market, Live):
            to_bus = ToBus(publisher, market.time.clock, outage.well)
            engine_ = _built(settings, market.label, outage, store, to_bus)
            await market.propose(engine_, to_bus, stop)
            return
        equity = BarrierEquity()
        engine_ = _built(settings, market.label, outage, store, equity)
        equity.last = await publisher.last_passed()

        stop.watchdog.ready("proposing")

        async def pass_(tick: Tick) -> bool:
            passed = await _pass(publisher, equity, tick, stop)
            outage.well()
            return passed

        await _play(engine_, equity, market.feed, pass_)
    finally:
        monitor.forget()
        store.close()


def _built(
    settings: Settings, label: str, outage: Outage, store: Store, equity: Equity
) -> Engine:
    """Return the engine, and say that it was started."""
    run_ = Run(
        settings=settings,
        mode=settings.ai_sizing_mode,
        feed=label,
        telemetry=outage.telemetry,
    )
    engine_ = engine_side(run_, store, equity, source_of(settings))
    if not outage.why:
        announce(outage.telemetry, run_, {Part.ENGINE})
    return engine_


async def _play(
    engine_: Engine,
    equity: BarrierEquity,
    feed: Feed,
    pass_: Callable[[Tick], Awaitable[bool]],
) -> None:
    passed_ms = equity.last.at_ms if equity.last else UnixMs(0)
    last_ms = passed_ms
    for tick in feed:
        last_ms = tick.at_ms
        if tick.at_ms < passed_ms:
            engine_.see(tick)
            continue
        if tick.at_ms > passed_ms and not await pass_(tick):
            return
        await engine_.on_tick(tick)
    await pass_(Tick(at_ms=UnixMs(last_ms + 1), bars=()))


async def _pass(
    publisher: TickPublisher, equity: BarrierEquity, tick: Tick, stop: Stop
) -> bool:
    """Publish a tick and wait for its barrier; False when asked to stop meanwhile."""
    await publisher.publish(tick)
    while stop.go_on():
        barrier = await publisher.passed(tick.at_ms)
        if barrier is not None:
            equity.last = barrier
            return True
    return False
