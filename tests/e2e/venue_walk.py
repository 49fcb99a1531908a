"""Hours at an exchange over HTTP and websockets that fails at random: `make soak`.

The whole Session, on a generated market, trades through the adapter at the simulated
exchange on a loopback port. What goes wrong and what is asked for follows from a seed; what
the sockets do with it does not wholly. At the end nothing goes wrong any more, and venue
and journal must agree to the last digit.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from bridge_patch.adapters.loopback import HOST
from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.adapters.venue_ccxt.pace import Pace
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue
from bridge_patch.adapters.venue_ccxt.wire import Wire, open_wire
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import Control, set_account
from bridge_patch.app.binance_server.core import CREDENTIALS, Core
from bridge_patch.app.binance_server.serve import serving
from bridge_patch.app.venues import surroundings_of
from bridge_patch.domain.events import Filled, Sending, Settled, Status
from bridge_patch.domain.intent import IntentId
from bridge_patch.domain.order import Leg
from bridge_patch.domain.reconcile_events import DifferenceFound
from bridge_patch.domain.secret import Secret
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.differences import differences
from bridge_patch.services.reconcile import own_records
from bridge_patch.services.session import Session
from tests.e2e.venue_troubles import Forgetful, Line, relieve, strike
from tests.simulation.rig import CALM, ROOMY, World, at
from tests.simulation.script import SYMBOLS, Proposers, Script, named
from tests.simulation.watch import ids_of

#: An answer that does not come is waited for this long; nothing arrives after the window.
TIMEOUT_MS: Final = 600
RECV_WINDOW_MS: Final = 500
#: How many quiet minutes find everything out.
QUIET: Final = 45
#: A run may take so long, whatever was asked for.
MOST_SEC: Final = 330.0


async def brief_pause(pause_ms: int) -> None:
    """Wait less than is asked for: the data's time stands still meanwhile."""
    await asyncio.sleep(pause_ms / 5_000)


def _as_it_is(wire: Wire) -> Wire:
    return wire


@dataclass
class Notes:
    """A telemetry that counts what it is told."""

    counts: Counter[str] = field(default_factory=Counter)

    def tell(self, event: object) -> None: ...

    def published(self, draft: object) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None:
        self.counts[f"{area}: {message} {facts.get('why', '')}"] += 1


@dataclass
class Walk:
    """One account's hours; `struck` counts the faults that met a request."""

    seed: int
    minutes: int
    core: Core
    script: Script
    world: World
    session: Session
    venue: CcxtVenue
    line: Line
    notes: Notes
    struck: int = 0

    async def live(self) -> None:
        """Trade through the trouble, and then find everything out."""
        chance, proposers = random.Random(self.seed), Proposers(self.world, self.script)
        for one in self.script.ticks:
            if one.at_ms > self.script.ticks[CALM - 1].at_ms:
                self.trouble(chance)
            await proposers.before(self.session, one)
            await self.session.on_tick(one)
            await self.session.execution.drain()
        self.struck += self.core.faults.struck
        relieve(self.core, self.line)
        last = {bar.symbol: bar.close for bar in self.script.ticks[-1].bars}
        for n in range(1, QUIET + 1):
            await self.session.on_tick(at(CALM + self.minutes + n, last))
            await self.session.execution.drain()

    def trouble(self, chance: random.Random) -> None:
        """Let something go wrong in the next minute."""
        self.struck += self.core.faults.struck
        strike(self.core, self.line, chance)

    def opened(self) -> int:
        return sum(e.leg is Leg.ENTRY for e in self.world.events(Sending))

    async def findings(self) -> list[str]:
        """Say everything that is not as it has to be; nothing is what a run is for."""
        stated = await self.venue.records()
        if not isinstance(stated, VenueRecords):
            return [f"the venue's records cannot be read: {stated.why}"]
        return [
            *self._doubts(),
            *self._orphans(),
            *self._differences(stated),
            *self._outcomes(),
            *self._naked(),
        ]

    def _doubts(self) -> list[str]:
        doubts = self.session.recorder.ledger.in_doubt.values()
        return [f"in doubt: {d.order}" for d in doubts if d.order.leg is not Leg.STOP]

    def _orphans(self) -> list[str]:
        """Every order that rests, at either service, is the stop of what is open."""
        records, held = self.core.venue.records, self.core.venue.exchange.positions
        stops = {stop.order_id for stop in own_records(self.session.recorder).stops}
        strangers = [f"order {o.client_id} works" for o in records.open_orders()]
        return strangers + [
            f"conditional {a.client_id} of {a.symbol} is nobody's"
            for a in records.open_algos()
            if a.symbol not in held or a.client_id not in stops
        ]

    def _differences(self, stated: VenueRecords) -> list[str]:
        """Compare everything; a doubt, of a stop that never was, excuses nothing here."""
        recorder = self.session.recorder
        own = own_records(recorder)
        wallet_usd = recorder.reckoning.wallet_usd
        strict = replace(own, doubted=frozenset(), wallet_usd=wallet_usd)
        found = {d.said for each in (own, strict) for d in differences(each, stated)}
        return sorted(found)

    def _outcomes(self) -> list[str]:
        """Count the ends of every intent: told once, and settled once or expired."""
        ends, told = ids_of(self.world.events(Settled)), ids_of(self.world.results())
        return [
            f"{name}: {ends[name]} outcomes in the journal, {told[name]} on the bus"
            for name in map(IntentId, named(self.script))
            if told[name] != 1 or ends[name] > 1
        ]

    def _naked(self) -> list[str]:
        guarded = {a.symbol for a in self.core.venue.records.open_algos()}
        held = self.core.venue.exchange.positions
        return [
            f"{symbol} has no stop"
            for symbol in {*held, *self.session.recorder.ledger.naked()}
            if symbol not in guarded or symbol in self.session.recorder.ledger.naked()
        ]

    def told(self) -> str:
        """Return what happened, in one line."""
        ends = Counter(e.status for e in self.world.events(Settled))
        fills = len(self.world.events(Filled))
        differed = len(self.world.events(DifferenceFound))
        statuses = ", ".join(f"{ends[s]} {s.value}" for s in Status if ends[s])
        return (
            f"seed {self.seed}: {self.struck} faults, {self.opened()} entries sent,"
            f" {fills} fills, {differed} differences on the way; {statuses}"
        )


@asynccontextmanager
async def walking(
    seed: int, minutes: int, planted: Callable[[Wire], Wire] = _as_it_is
) -> AsyncIterator[Walk]:
    """Serve an exchange and start a process that trades there."""
    core, notes = Core(symbols=SYMBOLS, wallet_usd=Decimal(10_000)), Notes()
    kinds = dict.fromkeys(SYMBOLS, "ISOLATED")
    set_account(core, AccountSetting(margin_types=kinds))  # type: ignore[arg-type]
    venues: list[tuple[CcxtVenue, Line]] = []

    async with serving(Control(core)) as (_, port):
        url = f"http://{HOST}:{port}"

        def put_together(run: Run, ports: Ports) -> Session:
            key, secret = Secret(CREDENTIALS.api_key), Secret(CREDENTIALS.secret)
            place = environment_of("simulator", url)
            line = Line(open_wire(place, key, secret, timeout_ms=TIMEOUT_MS), core)
            venue = CcxtVenue(
                planted(line),
                run.clock,
                run.telemetry,
                recv_window_ms=RECV_WINDOW_MS,
                pause=brief_pause,
                pace=Pace(url, Secret(CREDENTIALS.api_key)),
                symbols=SYMBOLS,
            )
            venues.append((venue, line))
            around = surroundings_of(venue)
            return assemble(run, replace(ports, venue=venue, around=around))

        env = ROOMY | {"VENUE": "simulator", "SIMULATOR_URL": url}
        world = World(env=env, assemble=put_together)
        session = world.start(telemetry=notes)
        script = Script(seed, minutes)
        ((venue, line),) = venues
        walk = Walk(seed, minutes, core, script, world, session, venue, line, notes)
        try:
            yield walk
        finally:
            await venue.close()


async def walked(
    seed: int, minutes: int, planted: Callable[[Wire], Wire] = _as_it_is
) -> tuple[Walk, list[str]]:
    """Live one walk to its end; return it with what was found."""
    async with walking(seed, minutes, planted) as walk:
        await walk.live()
        return walk, await walk.findings()


def main(words: Sequence[str]) -> int:
    """Walk seed after seed until the time is over; return 1 where something was found."""
    parser = argparse.ArgumentParser(prog="tests.e2e.venue_walk")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--walks", type=int, default=1)
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args(words)
    begun, found = time.monotonic(), False
    planted = Forgetful if asked.planted else _as_it_is
    for seed in range(asked.seed, asked.seed + asked.walks):
        left_sec = MOST_SEC - (time.monotonic() - begun)
        walk, faults = asyncio.run(
            asyncio.wait_for(walked(seed, asked.minutes, planted), max(left_sec, 1.0))
        )
        print(f"{walk.told()}; {time.monotonic() - begun:.0f} s", flush=True)
        for line in faults:
            print(f"  {line}", flush=True)
        if asked.verbose:
            for note, times in walk.notes.counts.most_common():
                print(f"  {times:4} {note}", flush=True)
        found = found or bool(faults)
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
