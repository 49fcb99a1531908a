"""Bus or journal full or away: nothing is acted on, nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.example_ai import ExampleAI, distort
from bridge_patch.adapters.feeds.generated import generate
from bridge_patch.adapters.health import HealthFile, read_health
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import load_settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import AccountEquity, bounds_of, open_store
from bridge_patch.domain.errors import BrokenPromiseError, OutageError
from bridge_patch.domain.events import Filled, Judged, Sending, Settled, Status
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from bridge_patch.services.engine import Engine
from tests.simulation.rig import (
    BTC,
    CALM,
    NOON_MS,
    SOL,
    D,
    Silence,
    World,
    ask,
    calm,
    close,
    intent,
    play,
)
from tests.simulation.rig import (
    run as run_,
)
from tests.simulation.tap import Tap

BARS = 400


def market() -> list[Tick]:
    feed = generate(
        (BTC, SOL),
        instruments=ListedInstruments(),
        seed=11,
        start_ms=UnixMs(NOON_MS),
        bars=BARS,
    )
    return list(feed)


@dataclass
class Disk:
    """A store whose disk is full while `full`; every order that left is noted."""

    file: SqliteFile
    full: bool = False
    connections: list[sqlite3.Connection] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)

    def limit(self) -> None:
        for connection in self.connections:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            most = pages if self.full else 1_000_000
            connection.execute(f"PRAGMA max_page_count = {most}")

    def placed(self) -> int:
        return sum(call.name == "place" for tap in self.taps for call in tap.calls)

    async def attempt(
        self, ticks: Sequence[Tick], faults: set[int], outage: Outage
    ) -> None:
        """One process: put together anew, played until it is over or the disk is full."""
        clock = ManualClock(NOON_MS)
        with (
            closing(SqliteBus(self.file, clock)) as bus,
            closing(
                SqlJournal(self.file, run_id="run", clock=clock, new_id=lambda: "id")
            ) as journal,
        ):
            raw = journal._writer.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            self.connections = [bus._durable, raw]
            self.limit()
            self.taps.append(
                Tap(PaperVenue(wallet_usd=D(10_000), instruments=ListedInstruments()))
            )
            ports = Ports(bus=bus, journal=journal, venue=self.taps[-1], run_id="run")
            settings = load_settings({})
            run = Run(settings=settings, mode=Mode.LIVE, feed="-", telemetry=Silence())
            session = assemble(run, ports)
            session.engine = Engine(
                source=ExampleAI(3),
                outbox=BusOutbox(bus),
                equity=AccountEquity(session.keeper.account),
                telemetry=Silence(),
                bounds=bounds_of(settings),
                mode=Mode.LIVE,
                distort=distort,
            )
            for number, tick in enumerate(ticks):
                if number in faults:
                    faults.remove(number)
                    self.full = True
                    self.limit()
                await play(session, (tick,))
                if tick.at_ms >= session.resumed_ms:
                    outage.well()

    def events(self, *kinds: type) -> list[object]:
        clock = ManualClock(NOON_MS)
        with closing(
            SqlJournal(self.file, run_id="run", clock=clock, new_id=lambda: "id")
        ) as journal:
            return [s.event for s in journal.read() if isinstance(s.event, kinds)]


def played(file: SqliteFile, faults: set[int]) -> tuple[Disk, str, list[str]]:
    """Play the market on a disk that fills up at these ticks, until there is room again."""
    disk, log, seen = Disk(file), io.StringIO(), list[str]()
    ticks = market()

    async def scenario() -> None:
        with closing(HealthFile(file)) as health:
            outage = Outage(telemetry=LogTelemetry(log), say=health.say)
            waits = 0

            async def sleep(_: float) -> None:
                nonlocal waits
                waits += 1
                seen.append(read_health(file))
                if waits == 12:  # two attempts have failed by then
                    disk.full, waits = False, 0

            await outage.outlast(lambda: disk.attempt(ticks, faults, outage), Stop(), sleep)
            seen.append(read_health(file))

    asyncio.run(scenario())
    return disk, log.getvalue(), seen


def test_a_full_disk_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Full at three moments, each for several attempts; it ends as if it never had been."""
    calm_, _, _ = played(SqliteFile(tmp_path / "calm.db"), set())
    file = SqliteFile(tmp_path / "full.db")
    full, log, seen = played(file, {150, 260, 333})

    for kind in (Filled, Judged, Sending):
        assert full.events(kind) == calm_.events(kind)
    assert len(full.events(Settled)) == len(calm_.events(Settled))
    orders = [o for o in full.events(Sending) if isinstance(o, Sending)]
    entries = Counter(o.intent_id for o in orders if o.leg is Leg.ENTRY)
    assert set(entries.values()) == {1}
    assert full.placed() == len(entries)
    assert verify_journal(file.path).faults == ()
    # A tick that records nothing cannot tell that the disk is still full: one more is said.
    assert 4 <= log.count("nothing can be recorded") == log.count("works again") <= 9
    assert "full.db: database or disk is full: make room on its disk" in seen[0]
    assert seen[-1] == ""


def test_what_passes_is_an_outage_and_what_does_not_is_none(tmp_path: Path) -> None:
    """A damaged journal is not waited for: it does not get better."""
    file = SqliteFile(tmp_path / "bridge.db")
    passing = (
        "database is locked",
        "attempt to write a readonly database",
        "disk I/O error",
    )

    assert all(isinstance(file.broken(why), OutageError) for why in passing)
    assert not isinstance(file.broken("file is not a database"), OutageError)
    assert not isinstance(file.broken("entry 7 of the journal: changed"), OutageError)


def test_a_store_that_went_away_is_not_begun_anew(tmp_path: Path) -> None:
    """An unmounted folder must not become an account with a fresh start."""
    open_store(tmp_path / "state", journal=True).close()
    with pytest.raises(OutageError, match="is not there"):
        open_store(tmp_path / "other", journal=True, again=True)

    assert not (tmp_path / "other").exists()
    open_store(tmp_path / "state", journal=True, again=True).close()


def test_an_outage_at_the_start_stops_the_start() -> None:
    """Whoever starts it is there to see it."""
    outage = Outage(telemetry=LogTelemetry(io.StringIO()))

    async def attempt() -> None:
        msg = "full"
        raise OutageError(msg)

    with pytest.raises(BrokenPromiseError, match="full"):
        asyncio.run(outage.outlast(attempt, Stop()))


def test_a_stop_is_heard_during_an_outage() -> None:
    outage, stop = Outage(telemetry=LogTelemetry(io.StringIO())), Stop()
    outage.well()

    async def attempt() -> None:
        msg = "full"
        raise OutageError(msg)

    async def sleep(_: float) -> None:
        stop.asked = True

    asyncio.run(outage.outlast(attempt, stop, sleep))

    assert outage.why == "full"


def test_the_last_room_is_kept_for_reductions() -> None:
    """Entries stop before the journal is full, so that there is still room to get out."""
    world, low = World(), [False]

    async def scenario() -> None:
        session = world.start()
        conditions = session.keeper.trader.snapshots.conditions
        object.__setattr__(conditions, "cramped", lambda: low[0])
        await play(session, calm((BTC, SOL)))
        await ask(world, session, intent("a", CALM))
        low[0] = True
        await ask(world, session, intent("b", CALM, symbol=SOL, margin=100))
        await ask(world, session, close("out", CALM))

    run_(scenario())

    assert world.outcome("a").status is Status.FILLED
    assert world.outcome("b").codes == ("JOURNAL_CRAMPED",)
    assert world.outcome("out").status is Status.FILLED
