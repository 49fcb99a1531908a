"""`engine`: feed, signal and sizer as a process of their own; it has no venue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.adapters.feeds.series import Feed
from bridge_patch.adapters.market_bus import TickPublisher
from bridge_patch.adapters.telemetry import Part
from bridge_patch.app.commands.options import RunOptions
from bridge_patch.app.commands.run import announce, feed_of, settings_of
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import Settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import (
    Run,
    bus_of,
    engine_side,
    source_of,
    telemetry_of,
)
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.services.engine import Engine
from bridge_patch.services.messages import Barrier


def engine(options: RunOptions) -> None:
    """Play the market onto the bus, a tick at a time, as fast as the execution follows."""
    settings = settings_of(options).without_keys()
    asyncio.run(_engine(settings, feed_of(options, settings)))


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


async def _engine(settings: Settings, feed: Feed) -> None:
    outage, stop = Outage(telemetry=telemetry_of(settings)), Stop.on_signals()
    await outage.outlast(lambda: _once(settings, feed, outage, stop), stop)


async def _once(settings: Settings, feed: Feed, outage: Outage, stop: Stop) -> None:
    store = bus_of(settings, outage)
    try:
        telemetry = outage.telemetry
        run_ = Run(
            settings=settings,
            mode=settings.ai_sizing_mode,
            feed=feed.info.label,
            telemetry=telemetry,
        )
        equity = BarrierEquity()
        engine_ = engine_side(run_, store, equity, source_of(settings))
        if not outage.why:
            announce(outage.telemetry, run_, {Part.ENGINE})
        publisher = TickPublisher(store.bus)
        equity.last = await publisher.last_passed()

        async def pass_(tick: Tick) -> bool:
            passed = await _pass(publisher, equity, tick, stop)
            outage.well()
            return passed

        await _play(engine_, equity, feed, pass_)
    finally:
        store.close()


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
    while not stop.asked:
        barrier = await publisher.passed(tick.at_ms)
        if barrier is not None:
            equity.last = barrier
            return True
    return False
