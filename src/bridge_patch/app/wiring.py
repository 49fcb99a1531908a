"""Composition: which adapter stands behind which port. The one place that knows both."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.adapters.example_ai import ExampleAI, distort
from bridge_patch.adapters.honest_ai import HonestAI
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.sources import Together
from bridge_patch.adapters.stream_faults import stream_faults
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.venue_leased import LeasedVenue
from bridge_patch.app.assembly import (
    LiveTime,
    Ports,
    Run,
    assemble,
    build_id,
    unread,
)
from bridge_patch.app.buses import BusAt
from bridge_patch.app.outage import Outage
from bridge_patch.app.permits import market_named
from bridge_patch.app.promoting import assured, gate_of, waiting
from bridge_patch.app.settings import LogFormat, Settings, SignalName, VenueName
from bridge_patch.app.store import RESERVE_BYTES, STORE_NAME, Room, Store, open_store
from bridge_patch.app.switches import CONSUMER
from bridge_patch.app.venues import new_venue, surroundings_of
from bridge_patch.domain.events import Event, InstrumentSeen, RunStarted
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.policy.sizing import SizingBounds
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.engine import Engine, Equity, SignalSource
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.past import Past
from bridge_patch.services.ports import Account
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
    "unread_past",
]


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
    past: Past | None = None,
) -> Session:
    """Build venue, books, Governor, execution and exits, restored from the journal.

    `watch` may wrap the account that is judged; a demo uses it to stage an outage. `exits`
    is the way to a process of its own that decides on them. `past` is what was followed
    before the journal was ours; it is used only if that is what the journal still holds.
    Raises InvalidValueError where a promotion is needed that the journal does not hold.
    """
    if store.journal is None:
        msg = "the execution side needs a journal: open_store(journal=True)"
        raise ValueError(msg)
    if past and past.last and not store.journal.holds(past.last):
        what = "the journal is not the one that was followed: reading all of it anew"
        run.telemetry.note("STANDBY", what, entry=past.seq)
        past = None
    past = past or unread_past(run)

    def assure() -> None:
        """Each call to a venue is a step on: many slow ones are no stalled process."""
        run.alive()
        store.assure()

    ports = Ports(
        bus=store.acting,
        journal=store.journal,
        venue=LeasedVenue(past.venue, assure),
        run_id=store.run_id,
        cramped=Room(store.file, run.telemetry).is_low,
        faults=lambda: stream_faults(store.bus.readers()),
        around=surroundings_of(past.venue),
    )
    session = assemble(run, ports, watch=watch, exits=exits, past=past)
    if isinstance(run.telemetry, LogTelemetry):
        run.telemetry.remember(past.resting)
    assured(run, session.recorder.account, run.clock.now_ms())
    return session


def unread_past(run: Run) -> Past:
    """Return what a journal tells before it was read, with the venue that is a fold of it.

    Nothing of it reaches bus, journal or exchange.
    """
    venue = new_venue(run)
    return unread(run, venue, surroundings_of(venue).lasting)


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


def start_events(
    run: Run, store: Store, account: AccountFold, at_ms: UnixMs
) -> tuple[Event, ...]:
    """Return what the journal keeps about a start: who judges, under what, where, by whom.

    The rules of a real venue are kept when they have been read from it.
    """
    settings, limits = run.settings, run.settings.limits()
    instruments = ListedInstruments()
    own = instruments.symbols if settings.venue is VenueName.PAPER else ()
    listed = (instruments.find(symbol) for symbol in own)
    left = waiting(run, account, at_ms)
    return (
        *((left,) if left else ()),
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
            market=market_named(settings),
            gate=str(gate_of(run, account, at_ms)),
        ),
        *(
            InstrumentSeen(at_ms=at_ms, instrument=one)
            for one in listed
            if isinstance(one, Instrument)
        ),
    )
