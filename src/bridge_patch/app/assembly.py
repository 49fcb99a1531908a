"""The execution side, put together over whatever bus, journal and venue there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final, final

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.inbox import BusInbox
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.told import BusTold
from bridge_patch.app.backlogs import backlog_watch
from bridge_patch.app.brains import exits_here
from bridge_patch.app.market_place import priced_by
from bridge_patch.app.permits import permit_of
from bridge_patch.app.settings import Settings
from bridge_patch.app.shadow_books import books_of
from bridge_patch.app.surroundings import Surroundings
from bridge_patch.app.switches import CONSUMER, switch_of
from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import Book
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.governor.snapshot import Reading
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.desk import LiveDesk, ReduceDesk
from bridge_patch.services.execution import Execution
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.flattening import Flattening
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
from bridge_patch.services.statements import Statements
from bridge_patch.services.switch import Switch
from bridge_patch.services.trader import Trader

DISTRIBUTION: Final = "bridge-patch"


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

    While the journal is `cramped` what room it has is kept for reductions. `faults` says
    what is wrong with who reads the bus.
    """

    bus: Bus
    journal: Journal
    venue: Venue
    run_id: str
    cramped: Callable[[], bool] = lambda: False
    faults: Callable[[], tuple[str, ...]] = tuple
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
    settings, clock = run.settings, run.clock
    past = past or unread(run, ports.venue, ports.around.lasting)
    past.follow(ports.journal.read(past.seq))
    past.begin()
    brain = exits or exits_here(ports.bus, ports.around.lasting, run.telemetry)
    trader, account, switch, reconciler = _trader(
        run, ports, past=past, watch=watch, exits=brain
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
            flattening=Flattening(desk=trader.desk),
            adopt=ports.around.adopt,
        ),
        execution=Execution(
            inbox=inbox,
            trader=trader,
            recall=recall,
            clock=clock,
            age_max_ms=age_max_ms,
            alive=run.alive,
            watch=backlog_watch(settings, inbox, trader.recorder.telemetry, clock),
        ),
        lost=_lost(ports, inbox, recall, age_max_ms),
        brain=brain,
        live=run.live is not None,
        resumed_ms=trader.recorder.progress.at_ms,
    )


def _lost(ports: Ports, inbox: BusInbox, recall: Recall, age_max_ms: int) -> Lost:
    return Lost(
        inbox=inbox,
        told=BusTold(ports.bus),
        recall=recall,
        clock=recall.trader.clock,
        age_max_ms=age_max_ms,
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
    exits: ExitsApart | ExitBrain,
) -> tuple[Trader, Account, Switch, Reconciler]:
    """Return the trader, and the account it judges by: the venue's, in shadow a book's."""
    settings, limits, clock = run.settings, run.settings.limits(), run.clock
    live, venue = run.mode is Mode.LIVE, ports.venue
    books, ledger, market = past.books, past.account.ledger, MarketView()
    account: Account = watch(books.governed or venue)
    recorder = Recorder(ports.journal, past.account, run.telemetry)
    switch = switch_of(
        ports.bus,
        venue,
        recorder=recorder,
        clock=clock,
        instruments=ports.around.instruments,
        market=market,
        permit=permit_of(settings, recorder.mandate, clock),
        faults=ports.faults,
    )
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
        desk=_desk(run, ports, recorder, switch if live else None),
        books=books,
        instruments=ports.around.lasting,
        clock=clock,
        limits=limits,
        scribe=Scribe(recorder=recorder, clock=clock, identity=identity),
        statements=Statements(limits.round_trip_fraction / 2),
    )
    return trader, account, switch, reconciler


def _desk(
    run: Run, ports: Ports, recorder: Recorder, switch: Switch | None
) -> ReduceDesk | LiveDesk:
    """Return the way to the venue; in shadow it is one that cannot open."""
    venue, instruments, clock = ports.venue, ports.around.lasting, run.clock
    naked_max_ms = run.settings.naked_max_sec * 1000
    if switch is None:
        return ReduceDesk(
            venue=venue,
            recorder=recorder,
            clock=clock,
            instruments=instruments,
            naked_max_ms=naked_max_ms,
        )
    return LiveDesk(
        venue=venue,
        exchange=venue,
        recorder=recorder,
        clock=clock,
        instruments=instruments,
        naked_max_ms=naked_max_ms,
        switch=switch,
    )


def _conditions(
    run: Run,
    ports: Ports,
    clock: Clock,
    exits: ExitsApart | ExitBrain,
    reconciler: Reconciler,
) -> Conditions:
    """Say where orders, account and prices are of.

    In shadow nothing hangs on the venue's records: what is opened is opened in a book. Nor
    is the venue's clock read then, as the account is not: the market's is.
    """
    name = run.settings.venue.value
    followed = run.live.skew if run.live else None
    return Conditions(
        clock=clock,
        venues=Venues(orders=name, account=name, prices=priced_by(run.settings)),
        exits=(lambda: exits.heard_ms) if isinstance(exits, ExitsApart) else None,
        blind=exits.blind,
        skew=followed if run.mode is Mode.SHADOW else ports.around.skew or followed,
        cramped=ports.cramped,
        unread=reconciler.unread if reconciler.binds else lambda: None,
    )
