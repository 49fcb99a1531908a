"""`exits`: the exit brain as a process of its own; it holds no venue and no journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from bridge_patch.adapters.exit_turns import TurnTaker
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.telemetry import Part
from bridge_patch.app.brains import exits_here
from bridge_patch.app.commands.options import RunOptions
from bridge_patch.app.commands.run import announce, settings_of
from bridge_patch.app.monitoring import monitored
from bridge_patch.app.outage import Outage
from bridge_patch.app.periods import EXITS_LOOK_SEC
from bridge_patch.app.settings import ExitsProcess, MarketFeed, Settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import Run, bus_of, telemetry_of
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.market import Tick
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.limits_heard import LimitsHeard

WAIT_MS: Final = EXITS_LOOK_SEC * 1000


def exits(options: RunOptions) -> None:
    """Decide on the exits of each tick that the execution has played, until it is over."""
    settings = settings_of(options).without_keys()
    if settings.exits_process is not ExitsProcess.SEPARATE:
        msg = (
            "EXITS_PROCESS must be separate for `exits`, here and for `execution`, was"
            f" {settings.exits_process}: the execution decides on exits itself"
        )
        raise InvalidValueError(msg)
    asyncio.run(_exits(settings))


async def _exits(settings: Settings) -> None:
    outage, stop = Outage(telemetry=telemetry_of(settings)), Stop.on_signals()
    with monitored(settings, Part.EXITS, outage, stop):
        await outage.outlast(lambda: _once(settings, outage, stop), stop)


async def _once(settings: Settings, outage: Outage, stop: Stop) -> None:
    store = bus_of(settings, outage)
    try:
        telemetry = outage.telemetry
        run_ = Run(
            settings=settings,
            mode=settings.ai_sizing_mode,
            feed="the engine's, over the bus",
            telemetry=telemetry,
        )
        brain = exits_here(store.bus, ListedInstruments(), telemetry)
        if not outage.why:
            announce(telemetry, run_, {Part.EXITS})
        live = settings.market_feed is MarketFeed.LIVE
        limits = LimitsHeard(
            ours=settings.limits().digest(), other="the execution", telemetry=telemetry
        )
        turns = TurnTaker(store.bus, limits)
        await follow(brain, turns, stop, outage.well, live=live)
    finally:
        store.close()


def _unheard() -> None:
    return


async def follow(
    brain: ExitBrain,
    turns: TurnTaker,
    stop: Stop,
    well: Callable[[], None] = _unheard,
    *,
    live: bool = False,
) -> None:
    """Take every turn that is due; what an earlier process decided is only seen.

    `well` is told after each: what was decided is on the bus. In a live market a turn
    without a tick asks for a sign of life, and judges the longest hold.
    """
    await brain.catch_up()
    async for tick in turns.resume():
        brain.see(tick)
    stop.watchdog.ready("deciding on exits")
    while stop.go_on():
        due_ms = await turns.due(wait_ms=WAIT_MS)
        if due_ms is None:
            continue
        due = Tick(at_ms=due_ms, bars=())
        between = True
        async for tick in turns.up_to(due_ms):
            if tick.at_ms != due_ms:
                await brain.catch_up()  # it may be the first bar of what is open now
                brain.see(tick)
            elif tick.over:
                return
            else:
                due, between = tick, False
        if between and not live:
            continue
        asked = await brain.decide(due)
        await turns.done(due_ms, asked, brain.blind())
        well()
