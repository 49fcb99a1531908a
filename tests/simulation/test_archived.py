"""What a session decides does not depend on where the past of its journal is kept."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.example_ai import ExampleAI, distort
from bridge_patch.adapters.feeds.generated import generate
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import AccountEquity, bounds_of
from bridge_patch.domain.events import Event, Filled, Judged, TradingState
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.services.engine import Engine
from bridge_patch.services.readings import read_account
from bridge_patch.services.session import Session
from tests.contracts.half_archived import archived, key_of
from tests.simulation.rig import BTC, NOON_MS, SOL, D, Silence, play

BARS, RESTART = 350, 70
CAUSE = "a cause from long ago"


def market() -> list[Tick]:
    return list(
        generate(
            (BTC, SOL),
            instruments=ListedInstruments(),
            seed=11,
            start_ms=UnixMs(NOON_MS),
            bars=BARS,
        )
    )


def put_together(bus: SqliteBus, journal: SqlJournal) -> Session:
    venue = PaperVenue(wallet_usd=D(10_000), instruments=ListedInstruments())
    settings = load_settings({})
    session = assemble(
        Run(settings=settings, mode=Mode.LIVE, feed="-", telemetry=Silence()),
        Ports(bus=bus, journal=journal, venue=venue, run_id="run"),
    )
    session.engine = Engine(
        source=ExampleAI(3),
        outbox=BusOutbox(bus),
        equity=AccountEquity(session.keeper.account),
        telemetry=Silence(),
        bounds=bounds_of(settings),
        mode=Mode.LIVE,
        distort=distort,
    )
    return session


def standing(session: Session) -> list[object]:
    """Everything a restart knows that it had to fold."""
    recorder = session.recorder
    return [
        repr(recorder.gauge),
        sorted(recorder.ledger.plans),
        sorted(recorder.ledger.in_doubt),
        recorder.gauge.holds.state,
        CAUSE in recorder.gauge.holds,
        repr(asyncio.run(read_account(session.keeper.account))),
    ]


def lived(folder: Path, *, archive: bool) -> tuple[list[Event], list[object]]:
    """Play a market, restarting again and again; what is old is moved in between."""
    folder.mkdir()
    file, ticks, known = SqliteFile(folder / "bridge.db"), market(), list[object]()
    for last in range(RESTART, BARS + 1, RESTART):
        clock = ManualClock(NOON_MS)
        with (
            closing(SqliteBus(file, clock)) as bus,
            closing(
                SqlJournal(
                    file,
                    run_id="run",
                    clock=clock,
                    new_id=lambda: "id",
                    key_file=key_of(file),
                )
            ) as journal,
        ):
            session = put_together(bus, journal)
            known += standing(session)
            asyncio.run(play(session, ticks[:last]))
            if last == BARS - RESTART:
                hold = session.recorder.gauge.holds.latch(
                    TradingState.REDUCING, CAUSE, "to be kept", ticks[last - 1].at_ms
                )
                asyncio.run(session.recorder.write(hold))
        if archive:
            archived(file)
    with closing(JournalReader(file)) as reader:
        everything = [stored.event for stored in reader.read()]
        moved = reader.entries.archived
    assert moved > len(everything) / 2 if archive else moved == 0
    return everything, known


def test_verdicts_on_an_archived_journal_are_those_on_a_whole_one(tmp_path: Path) -> None:
    """Four restarts, a latch of long ago, ids, positions, equity."""
    whole, known = lived(tmp_path / "whole", archive=False)
    moved, known_then = lived(tmp_path / "moved", archive=True)

    assert sum(isinstance(event, Judged) for event in whole) > 10
    assert sum(isinstance(event, Filled) for event in whole) > 4
    assert moved == whole
    assert known_then == known
    assert known[-2] is True
