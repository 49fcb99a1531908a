"""Composition: which adapter stands behind which port. The one place that knows both."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.bus import Bus, StoredBus
from bridge_patch.adapters.bus_leased import LeasedBus
from bridge_patch.adapters.example_ai import ExampleAI, distort
from bridge_patch.adapters.holder import this_process
from bridge_patch.adapters.honest_ai import HonestAI
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_lease import Claim, Lease
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.journal_url import EMBEDDED, JournalUrl
from bridge_patch.adapters.sources import Together
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.venue_leased import LeasedVenue
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.assembly import (
    CONSUMER,
    LiveTime,
    Ports,
    Run,
    assemble,
    build_id,
    costs_of,
)
from bridge_patch.app.buses import AT_HOME, BusAt
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import LEASE_TTL_SEC, LogFormat, Settings, SignalName
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Event, InstrumentSeen, RunStarted
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.policy.sizing import SizingBounds
from bridge_patch.services.engine import Engine, Equity, SignalSource
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.ports import Account, Telemetry
from bridge_patch.services.session import Session

__all__ = [
    "CONSUMER",
    "RESERVE_BYTES",
    "STORE_NAME",
    "AccountEquity",
    "LiveTime",
    "Run",
    "Store",
    "bounds_of",
    "build_id",
    "bus_of",
    "engine_side",
    "execution_side",
    "open_store",
    "start_events",
    "telemetry_of",
]

STORE_NAME: Final = "bridge.db"
#: While a disk has less room, no entry is made: some 8,000 reductions fit into it.
RESERVE_BYTES: Final = 32 * 1024 * 1024


def telemetry_of(settings: Settings) -> LogTelemetry:
    """Return the printer of log lines, on stdout."""
    return LogTelemetry(sys.stdout, as_json=settings.log_format is LogFormat.JSON)


def bounds_of(settings: Settings) -> SizingBounds:
    """Return the sizer's part of the limits the Governor enforces."""
    limits = settings.limits()
    return SizingBounds(
        margin_min_usd=limits.margin_min_usd,
        margin_max_usd=limits.margin_max_usd,
        notional_max_usd=limits.notional_max_usd,
        leverage_min=limits.leverage_min,
        leverage_max=limits.leverage_max,
        order_notional_max_equity_multiple=limits.order_notional_max_equity_multiple,
    )


@final
@dataclass(frozen=True, slots=True)
class AccountEquity:
    """Equity for an engine that lives in the execution's own process."""

    account: Account

    async def equity_usd(self) -> Decimal | Unknown:
        """Return the account's equity, or why it could not be read."""
        read = await self.account.read()
        return read if isinstance(read, Unknown) else read.equity_usd


@final
@dataclass(slots=True)
class Room:
    """Watches the disk below a store, and says so when it is low and when it is not."""

    file: SqliteFile
    telemetry: Telemetry
    low: bool = False

    def is_low(self) -> bool:
        """Tell whether what is left must be kept for reductions."""
        low = (left := self.file.room_bytes()) < RESERVE_BYTES
        if low != self.low:
            self.low = low
            what = "too little room: no entries" if low else "room again: entries may go on"
            self.telemetry.note("HEALTH", what, file=self.file, bytes_left=left)
        return low


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Bus and journal of one run; what is not on a server is in one file."""

    file: SqliteFile
    bus: StoredBus
    journal: SqlJournal | None
    run_id: str

    @property
    def lease(self) -> Lease | None:
        """What makes this process the one that acts; None where it writes no journal."""
        return None if self.journal is None else self.journal.lease

    def assure(self) -> None:
        """Raise FencedError where another process may have taken over."""
        if self.lease is not None:
            self.lease.assure()

    @property
    def acting(self) -> Bus:
        """The bus for whoever acts on the account: it ends with the lease."""
        return LeasedBus(self.bus, self.assure)

    def close(self) -> None:
        """Let go of both."""
        self.bus.close()
        if self.journal is not None:
            self.journal.close()


def open_store(
    state_dir: Path,
    *,
    journal: bool,
    again: bool = False,
    url: JournalUrl = EMBEDDED,
    claim: Claim | None = None,
    bus_at: BusAt = AT_HOME,
    key_file: Path | None = None,
    telemetry: Telemetry | None = None,
) -> Store:
    """Open, or begin, the store in `state_dir`; only the execution writes a journal.

    `again` is after an outage: then a store that is not there is not begun. Where another
    process holds the journal HeldError says so, and nothing was read from the bus. The bus
    may be elsewhere; what it has to say goes to `telemetry`. The key in `key_file` signs
    the journal.
    """
    claim = claim or Claim(holder=this_process(), ttl_ms=LEASE_TTL_SEC * 1000)
    file, clock, run_id = SqliteFile(state_dir / STORE_NAME), SystemClock(), _new_id()
    if not again:
        state_dir.mkdir(parents=True, exist_ok=True)
    elif bus_at.url.is_embedded or (journal and url.address is None):
        file.require()
    kept = (
        SqlJournal(
            journal_at(url, state_dir),
            run_id=run_id,
            clock=clock,
            new_id=_new_id,
            claim=claim,
            key_file=key_file,
        )
        if journal
        else None
    )
    try:
        bus = bus_at.open(file, telemetry)
    except BrokenPromiseError:
        if kept is not None:
            kept.close()
        raise
    return Store(file=file, bus=bus, journal=kept, run_id=run_id)


def bus_of(settings: Settings, outage: Outage) -> Store:
    """Open the bus alone, for who writes no journal; anew, where an outage goes before."""
    return open_store(
        settings.state_dir,
        journal=False,
        again=bool(outage.why),
        bus_at=BusAt.of(settings),
        telemetry=outage.telemetry,
    )


def execution_side(
    run: Run,
    store: Store,
    *,
    watch: Callable[[Account], Account] = lambda account: account,
    exits: ExitsApart | None = None,
) -> Session:
    """Build venue, books, Governor, execution and exits, restored from the journal.

    `watch` may wrap the account that is judged; a demo uses it to stage an outage. `exits`
    is the way to a process of its own that decides on them.
    """
    if store.journal is None:
        msg = "the execution side needs a journal: open_store(journal=True)"
        raise ValueError(msg)
    settings = run.settings
    venue = PaperVenue(
        wallet_usd=settings.paper_equity_usd,
        instruments=ListedInstruments(),
        costs=costs_of(settings),
    )
    ports = Ports(
        bus=store.acting,
        journal=store.journal,
        venue=LeasedVenue(venue, store.assure),
        run_id=store.run_id,
        cramped=Room(store.file, run.telemetry).is_low,
    )
    return assemble(run, ports, watch=watch, exits=exits)


def source_of(settings: Settings) -> SignalSource:
    """Return the built-in model that the settings name."""
    example = ExampleAI(settings.example_ai_seed)
    match settings.signal_source:
        case SignalName.EXAMPLE:
            return example
        case SignalName.HONEST:
            return HonestAI()
        case SignalName.BOTH:
            return Together((example, HonestAI()))


def engine_side(run: Run, store: Store, equity: Equity, source: SignalSource) -> Engine:
    """Build the engine: a model, the sizer and the way onto the bus."""
    return Engine(
        source=source,
        outbox=BusOutbox(store.bus),
        equity=equity,
        telemetry=run.telemetry,
        bounds=bounds_of(run.settings),
        mode=run.mode,
        limits_hash=run.settings.limits().digest(),
        build=build_id(),
        distort=distort,
    )


def start_events(run: Run, store: Store, at_ms: UnixMs) -> tuple[Event, ...]:
    """Return what the journal keeps about a start: who judges, under what, where."""
    settings, limits = run.settings, run.settings.limits()
    instruments = ListedInstruments()
    listed = (instruments.find(symbol) for symbol in instruments.symbols)
    return (
        RunStarted(
            at_ms=at_ms,
            run_id=store.run_id,
            mode=run.mode,
            build=build_id(),
            limits_hash=limits.digest(),
            limits=limits.text(),
            feed=run.feed,
            venue=settings.venue,
            equity_usd=settings.paper_equity_usd,
        ),
        *(
            InstrumentSeen(at_ms=at_ms, instrument=one)
            for one in listed
            if isinstance(one, Instrument)
        ),
    )


def _new_id() -> str:
    return uuid.uuid4().hex
