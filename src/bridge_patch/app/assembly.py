"""The execution side, put together over whatever bus, journal and venue there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final, final

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.inbox import BusCommands, BusInbox, BusOutbox, BusOutcomes
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.told import BusTold
from bridge_patch.app.market_place import priced_by
from bridge_patch.app.settings import Settings
from bridge_patch.app.shadow_books import books_of
from bridge_patch.app.surroundings import Surroundings
from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import Book
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.governor.snapshot import Reading
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.backlog import BacklogLimits, BacklogWatch
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.desk import LiveDesk, ReduceDesk
from bridge_patch.services.execution import Execution
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.keeper import Keeper
from bridge_patch.services.lost import Lost
from bridge_patch.services.market import MarketView
from bridge_patch.services.past import Past
from bridge_patch.services.ports import (
    Account,
    Clock,
    Instruments,
    Journal,
    Telemetry,
    Venue,
)
from bridge_patch.services.recall import Recall
from bridge_patch.services.reconcile import Reconciler
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.records import Identity
from bridge_patch.services.scribe import Scribe
from bridge_patch.services.session import DataClock, Session
from bridge_patch.services.snapshots import Snapshots
from bridge_patch.services.switch import Switch
from bridge_patch.services.trader import Trader
from bridge_patch.services.unknowns import Unknowns

DISTRIBUTION: Final = "bridge-patch"
CONSUMER: Final = "execution-1"


def build_id() -> str:
    """Return what is running: the distribution's version."""
    return version(DISTRIBUTION)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTime:
    """The present of a live run, and how far it is ahead of the venue's."""

    clock: DataClock
    skew: Callable[[], Reading]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run is: its mode, its market and what it says about itself.

    `live` is None where time is that of recorded data. `alive` is told of each batch that
    ended and each call to the venue: a long backlog is no stalled process.
    """

    settings: Settings
    mode: Mode
    feed: str
    telemetry: Telemetry
    live: LiveTime | None = None
    alive: Callable[[], None] = lambda: None
    data_clock: DataClock = field(default_factory=lambda: ManualClock(UnixMs(0)))

    @property
    def clock(self) -> DataClock:
        """Its clock: the present, or one that the ticks wind."""
        return self.live.clock if self.live else self.data_clock


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one execution side, whatever stands behind it.

    While the journal is `cramped` what room it has is kept for reductions.
    """

    bus: Bus
    journal: Journal
    venue: Venue
    run_id: str
    cramped: Callable[[], bool] = lambda: False
    around: Surroundings = field(default_factory=Surroundings)


def assemble(
    run: Run,
    ports: Ports,
    *,
    watch: Callable[[Account], Account] = lambda account: account,
    exits: ExitsApart | None = None,
    past: Past | None = None,
) -> Session:
    """Put the execution side together over these ports, and begin behind the journal's end.

    `exits` is the way to another process that decides on them; else it is done here. `past`
    is as much of this very journal as was followed before; the rest of it is read now.
    """
    settings = run.settings
    lasting, clock = ports.around.lasting, run.clock
    past = past or unread(run, ports.venue, lasting)
    past.follow(ports.journal.read(past.seq))
    past.begin()
    trader, account, switch, reconciler = _trader(
        run, ports, past=past, watch=watch, exits=exits
    )
    recall, age_max_ms = Recall(trader=trader), settings.intent_max_age_sec * 1000
    inbox = BusInbox(
        ports.bus, consumer=CONSUMER, mode=run.mode, clock=clock, age_max_ms=age_max_ms
    )
    return Session(
        clock=clock,
        keeper=Keeper(
            inbox=inbox,
            trader=trader,
            venue=ports.venue,
            account=account,
            switch=switch,
            reconciler=reconciler,
            adopt=ports.around.adopt,
        ),
        execution=Execution(
            inbox=inbox,
            trader=trader,
            recall=recall,
            clock=clock,
            age_max_ms=age_max_ms,
            alive=run.alive,
            watch=_backlog_watch(settings, inbox, trader.recorder.telemetry, clock),
        ),
        lost=Lost(
            inbox=inbox,
            told=BusTold(ports.bus),
            recall=recall,
            clock=clock,
            age_max_ms=age_max_ms,
        ),
        brain=exits or _brain(run, ports),
        live=run.live is not None,
        resumed_ms=trader.recorder.progress.at_ms,
    )


def _brain(run: Run, ports: Ports) -> ExitBrain:
    return ExitBrain(
        outcomes=BusOutcomes(ports.bus, run.telemetry),
        outbox=BusOutbox(ports.bus),
        instruments=ports.around.lasting,
    )


def _backlog_watch(
    settings: Settings, depths: BusInbox, telemetry: Telemetry, clock: Clock
) -> BacklogWatch:
    return BacklogWatch(
        depths=depths,
        limits=BacklogLimits(
            entries_max=settings.backlog_alarm_entries,
            age_max_sec=settings.backlog_alarm_age_sec,
        ),
        telemetry=telemetry,
        wall=SystemClock(),
        clock=clock,
    )


def unread(run: Run, venue: Venue, instruments: Instruments) -> Past:
    """Return the past of a journal of which nothing was read yet, for a run of this mode.

    `venue` is the one whose state is a fold of the journal, and nobody asks it meanwhile.
    """
    live = run.mode is Mode.LIVE
    return Past(
        account=AccountFold.of(Book.ACCOUNT if live else Book.GOVERNED),
        books=books_of(run.settings, instruments, live=live),
        venue=venue,
    )


def _trader(
    run: Run,
    ports: Ports,
    *,
    past: Past,
    watch: Callable[[Account], Account],
    exits: ExitsApart | None,
) -> tuple[Trader, Account, Switch, Reconciler]:
    """Return the trader, and the account it judges by: the venue's, in shadow a book's."""
    settings, limits, clock = run.settings, run.settings.limits(), run.clock
    commands = BusCommands(ports.bus, consumer=CONSUMER)
    live, venue = run.mode is Mode.LIVE, ports.venue
    books, ledger, market = past.books, past.account.ledger, MarketView()
    account: Account = watch(books.governed or venue)
    recorder = Recorder(ports.journal, past.account, run.telemetry)
    unknowns = Unknowns(Hearing(venue, recorder, clock))
    switch = Switch(commands=commands, recorder=recorder, clock=clock, unknowns=unknowns)
    every_ms = settings.reconcile_sec * 1000
    reconciler = Reconciler(venue=venue, recorder=recorder, clock=clock, every_ms=every_ms)
    governed = books.governed
    snapshots = Snapshots(
        account=account,
        held=lambda: ledger.positions if governed is None else governed.exchange.positions,
        market=market,
        gauge=past.account.gauge,
        ledger=ledger,
        activity=past.account.activity,
        instruments=ports.around.instruments,
        conditions=_conditions(run, ports, clock, exits, reconciler),
        clock=clock,
        limits=limits,
    )
    identity = Identity(
        run_id=ports.run_id,
        mode=run.mode,
        build=build_id(),
        limits_hash=limits.digest(),
    )
    trader = Trader(
        recorder=recorder,
        snapshots=snapshots,
        market=market,
        desk=_desk(ports, recorder, clock, switch if live else None),
        books=books,
        instruments=ports.around.lasting,
        clock=clock,
        limits=limits,
        scribe=Scribe(recorder=recorder, clock=clock, identity=identity),
    )
    return trader, account, switch, reconciler


def _desk(
    ports: Ports, recorder: Recorder, clock: Clock, switch: Switch | None
) -> ReduceDesk | LiveDesk:
    """Return the way to the venue; in shadow it is one that cannot open."""
    venue, instruments = ports.venue, ports.around.lasting
    if switch is None:
        return ReduceDesk(
            venue=venue, recorder=recorder, clock=clock, instruments=instruments
        )
    return LiveDesk(
        venue=venue,
        exchange=venue,
        recorder=recorder,
        clock=clock,
        instruments=instruments,
        switch=switch,
    )


def _conditions(
    run: Run,
    ports: Ports,
    clock: Clock,
    exits: ExitsApart | None,
    reconciler: Reconciler,
) -> Conditions:
    """Say where orders, account and prices are of.

    In shadow nothing hangs on the venue's records: what is opened is opened in a book.
    """
    name = run.settings.venue.value
    return Conditions(
        clock=clock,
        venues=Venues(orders=name, account=name, prices=priced_by(run.settings)),
        exits=None if exits is None else lambda: exits.heard_ms,
        skew=ports.around.skew or (run.live.skew if run.live else None),
        cramped=ports.cramped,
        unread=reconciler.unread if reconciler.binds else lambda: None,
    )
