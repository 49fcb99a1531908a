"""Composition: which adapter stands behind which port. The one place that knows both."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import final

from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.example_ai import ExampleAI, distort
from bridge_patch.adapters.inbox import BusInbox, BusOutbox, BusOutcomes
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.settings import LogFormat, Settings
from bridge_patch.domain.events import Book, Event, InstrumentSeen, RunStarted
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Mode, UnixMs, Unknown
from bridge_patch.policy.sizing import SizingBounds
from bridge_patch.services.books import ShadowBook
from bridge_patch.services.desk import LiveDesk, ReduceDesk
from bridge_patch.services.engine import Engine, Equity, SignalSource
from bridge_patch.services.execution import Execution
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.keeper import Keeper, restored
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import Account, Telemetry
from bridge_patch.services.recall import Recall
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.records import Identity
from bridge_patch.services.session import Session
from bridge_patch.services.snapshots import Snapshots
from bridge_patch.services.trader import Books, Trader
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.exchange import Exchange

DISTRIBUTION = "bridge-patch"
STORE_NAME = "bridge.db"
CONSUMER = "execution-1"


def build_id() -> str:
    """Return what is running: the distribution's version."""
    return version(DISTRIBUTION)


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
@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The embedded bus and journal of one run, in one file of the state folder."""

    file: SqliteFile
    bus: SqliteBus
    journal: SqlJournal | None
    run_id: str

    def close(self) -> None:
        """Let go of the file."""
        self.bus.close()
        if self.journal is not None:
            self.journal.close()


def open_store(state_dir: Path, *, journal: bool) -> Store:
    """Open, or begin, the store in `state_dir`; only the execution writes a journal."""
    state_dir.mkdir(parents=True, exist_ok=True)
    file, clock, run_id = SqliteFile(state_dir / STORE_NAME), SystemClock(), _new_id()
    return Store(
        file=file,
        bus=SqliteBus(file, clock),
        journal=SqlJournal(file, run_id=run_id, clock=clock, new_id=_new_id)
        if journal
        else None,
        run_id=run_id,
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run is: its mode, its market and what it says about itself."""

    settings: Settings
    mode: Mode
    feed: str
    telemetry: Telemetry


def execution_side(
    run: Run,
    store: Store,
    *,
    watch: Callable[[Account], Account] = lambda account: account,
) -> Session:
    """Build venue, books, Governor, execution and exits, restored from the journal.

    `watch` may wrap the account that is judged; a demo uses it to stage an outage.
    """
    if store.journal is None:
        msg = "the execution side needs a journal: open_store(journal=True)"
        raise ValueError(msg)
    settings, limits = run.settings, run.settings.limits()
    live = run.mode is Mode.LIVE
    instruments, clock = ListedInstruments(), ManualClock(UnixMs(0))
    venue = PaperVenue(
        wallet_usd=settings.paper_equity_usd,
        instruments=instruments,
        costs=_costs(settings),
    )
    books = Books(
        asked=_book(Book.ASKED, settings, instruments),
        governed=None if live else _book(Book.GOVERNED, settings, instruments),
    )
    account: Account = watch(books.governed or venue)
    book = Book.ACCOUNT if live else Book.GOVERNED
    recorder = Recorder(store.journal, Ledger(), EquityGauge(book), run.telemetry)
    market = MarketView()
    snapshots = Snapshots(
        account=account,
        market=market,
        gauge=recorder.gauge,
        ledger=recorder.ledger,
        instruments=instruments,
        clock=clock,
    )
    trader = Trader(
        recorder=recorder,
        snapshots=snapshots,
        market=market,
        desk=LiveDesk(
            venue=venue,
            exchange=venue,
            recorder=recorder,
            clock=clock,
            instruments=instruments,
        )
        if live
        else ReduceDesk(
            venue=venue, recorder=recorder, clock=clock, instruments=instruments
        ),
        books=books,
        instruments=instruments,
        clock=clock,
        limits=limits,
        identity=Identity(
            run_id=store.run_id,
            mode=run.mode,
            build=build_id(),
            limits_hash=limits.digest(),
        ),
    )
    inbox = BusInbox(store.bus, consumer=CONSUMER, mode=run.mode, clock=clock)
    resumed_ms = restored(trader, venue, (s.event for s in store.journal.read()))
    return Session(
        clock=clock,
        keeper=Keeper(inbox=inbox, trader=trader, venue=venue, account=account),
        execution=Execution(
            inbox=inbox,
            trader=trader,
            recall=Recall(trader=trader),
            clock=clock,
            age_max_ms=settings.intent_max_age_sec * 1000,
        ),
        brain=ExitBrain(
            outcomes=BusOutcomes(store.bus, run.telemetry),
            outbox=BusOutbox(store.bus),
            instruments=instruments,
        ),
        resumed_ms=resumed_ms,
    )


def engine_side(run: Run, store: Store, equity: Equity) -> Engine:
    """Build the engine: the example AI, the sizer and the way onto the bus."""
    source: SignalSource = ExampleAI(run.settings.example_ai_seed)
    return Engine(
        source=source,
        outbox=BusOutbox(store.bus),
        equity=equity,
        telemetry=run.telemetry,
        bounds=bounds_of(run.settings),
        mode=run.mode,
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


def _book(book: Book, settings: Settings, instruments: ListedInstruments) -> ShadowBook:
    exchange = Exchange(
        book=book,
        wallet_usd=settings.paper_equity_usd,
        instruments=instruments,
        costs=_costs(settings),
    )
    return ShadowBook(exchange, instruments)


def _costs(settings: Settings) -> Costs:
    return Costs(taker_fraction=settings.taker_fee_pct / 100)


def _new_id() -> str:
    return uuid.uuid4().hex
