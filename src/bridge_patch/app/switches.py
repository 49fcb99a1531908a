"""The one switch of an execution, put together over a bus and a venue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.inbox import BusCommands
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.services.adoptions import Adoptions
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.market import MarketView
from bridge_patch.services.permit import Permit
from bridge_patch.services.ports import Clock, Instruments, Venue
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.streams_watch import StreamsWatch
from bridge_patch.services.switch import Switch
from bridge_patch.services.unknowns import Unknowns

#: Under which name the execution reads the bus.
CONSUMER: Final = "execution-1"


def switch_of(
    bus: Bus,
    venue: Venue,
    *,
    recorder: Recorder,
    clock: Clock,
    instruments: Instruments,
    market: MarketView,
    permit: Permit,
    faults: Callable[[], tuple[str, ...]],
) -> Switch:
    """Return what carries out a person's orders; `instruments` are those of the run.

    `faults` says what is wrong with who reads the bus.
    """
    return Switch(
        commands=BusCommands(bus, consumer=CONSUMER),
        recorder=recorder,
        clock=clock,
        permit=permit,
        streams=StreamsWatch(clock=clock, wall=SystemClock(), faults=faults),
        unknowns=Unknowns(Hearing(venue, recorder, clock)),
        adoptions=Adoptions(
            venue=venue,
            recorder=recorder,
            clock=clock,
            instruments=instruments,
            market=market,
        ),
    )
