"""What must hold once a story is over and nothing strikes any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bridge_patch.adapters.chain import Row, Walk, extend, genesis
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.events import (
    Book,
    DeadLettered,
    DifferenceFound,
    DuplicateSeen,
    Event,
    Filled,
    FundingPaid,
    InsuranceCleared,
    Judged,
    Settled,
    Status,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.position import wallet_change
from bridge_patch.evidence.replay import rejudge
from bridge_patch.services.session import Session
from tests.laws.account_oracle import WALLET
from tests.laws.account_stage import LISTED
from tests.simulation.faults import Witness
from tests.simulation.rig import World, reserved_usd
from tests.simulation.watch import Watch, ids_of

if TYPE_CHECKING:
    from tests.simulation.story import Story

NOTHING: Final = (Decimal(0), Decimal(0))


def check_ending(story: Story, session: Session) -> None:
    """See that everything ended, and that journal, venue and a new process agree."""
    watch, world, ledger = story.watch, story.world, session.recorder.ledger
    watch.that(not ledger.in_doubt, f"all looked up: {ledger.in_doubt} is in doubt")
    watch.that(reserved_usd(ledger) == NOTHING, f"let go: {reserved_usd(ledger)} is held")
    watch.that(not ledger.naked(), f"protected: {ledger.naked()} are naked")
    stale = [s for s in ledger.symbols() if ledger.stale_stops(s)]
    watch.that(not stale, f"protected: stops outlived their position on {stale}")
    _restarted(watch, session, world.start(story.mode))
    _outcomes(watch, world)
    _venue(watch, world, session)
    _judged_again(watch, world)
    _edited(watch, world, story.seed)


def _restarted(watch: Watch, session: Session, again: Session) -> None:
    """See that another process over the same journal knows the same."""
    one, two = session.recorder, again.recorder
    watch.that(one.ledger.positions == two.ledger.positions, "restart: other positions")
    watch.that(one.ledger.closed == two.ledger.closed, "restart: other closed positions")
    watch.that(one.ledger.budget == two.ledger.budget, "restart: another budget")
    states = (one.gauge.state, two.gauge.state)
    watch.that(states[0] is states[1], f"restart: the account was {states}")
    books, found = session.keeper.trader.books, again.keeper.trader.books
    for name in ("asked", "baseline"):
        pair = (getattr(books, name).exchange.ledger, getattr(found, name).exchange.ledger)
        watch.that(pair[0] == pair[1], f"restart: the book {name} is another")


def _outcomes(watch: Watch, world: World) -> None:
    """See that every message ended once: in an outcome, as a duplicate or set aside."""
    told, settled = ids_of(world.results()), ids_of(world.events(Settled))
    twice = [name for name, n in told.items() if n > 1]
    watch.that(not twice, f"one outcome: {twice} have more")
    lost = watch.plot.named - told.keys()
    watch.that(not lost, f"one outcome: {sorted(lost)} have none")
    untold = settled.keys() - told.keys()
    watch.that(not untold, f"one outcome: {sorted(untold)} were settled and never told")
    duplicates, dead = world.events(DuplicateSeen), world.events(DeadLettered)
    messages = len(world.streams.numbers[TRADE_INTENT])
    ended = len(told) + len(duplicates) + len(dead)
    watch.that(messages == ended, f"one outcome: {messages} messages, {ended} ends")
    letters, expired = len(world.dead()), told.keys() - settled.keys()
    watch.that(letters == len(dead) + len(expired), f"set aside: {letters} letters")


def _venue(watch: Watch, world: World, session: Session) -> None:
    """See that the venue holds what the journal says, and that the outcomes say so too."""
    venue, events = session.keeper.venue, _of_account(world)
    assert isinstance(venue, Witness)
    paper: PaperVenue = venue.paper
    exchange, ledger = paper._exchange, session.recorder.ledger
    watch.that(
        dict(exchange.positions) == ledger.positions,
        f"venue: it holds {dict(exchange.positions)}, we {ledger.positions}",
    )
    for symbol in exchange.positions:
        stops = (exchange.stop_price_usd(symbol), ledger.stop_price_usd(symbol))
        watch.that(stops[0] == stops[1] is not None, f"venue: stops of {symbol}: {stops}")
    resting = {s: o for s, o in exchange.stops.items() if o}
    watch.that(resting.keys() == exchange.positions.keys(), f"venue: stops {resting}")
    watch.that(
        exchange.wallet_usd == WALLET + sum(map(_change, events)),
        f"venue: its wallet is {exchange.wallet_usd}",
    )
    found = world.events(DifferenceFound)
    watch.that(not found, f"venue: what differs is explained, {found} is not")
    fills = [e for e in events if isinstance(e, Filled)]
    watch.that(len({f.trade_id for f in fills}) == len(fills), "venue: a trade told twice")
    for settled in world.events(Settled):
        own = [f for f in fills if f.order_id in settled.order_ids]
        filled = sum((f.quantity_base for f in own), Decimal(0))
        if settled.mode is Mode.LIVE and settled.status is not Status.RESTING:
            stated = settled.filled_quantity_base or 0, settled.status is Status.FILLED
            watch.that(stated == (filled, bool(own)), f"venue: {filled} for {settled}")


def _of_account(world: World) -> list[Event]:
    events = (s.event for s in world.journal.read())
    return [e for e in events if getattr(e, "book", None) is Book.ACCOUNT]


def _change(event: Event) -> Decimal:
    match event:
        case Filled():
            return wallet_change(event)
        case FundingPaid() | InsuranceCleared():
            return event.amount_usd
        case _:
            return Decimal(0)


def _judged_again(watch: Watch, world: World) -> None:
    events = [s.event for s in world.journal.read()]
    again = rejudge([*LISTED, *events], watch.limits)
    watch.that(not again.mismatches, f"same verdicts: {again.mismatches[:1]}")
    watch.seen["approved"] += sum(
        isinstance(e, Judged) and e.margin_usd is not None for e in events
    )


def _edited(watch: Watch, world: World, seed: int) -> None:
    """See that the chain holds, and that an edited, dropped or swapped entry breaks it."""
    entries = [*world.journal.read()]
    rows: list[Row] = []
    head = genesis("memory")
    for entry in entries:
        made, head = extend(
            head, [entry.event], run_id=entry.run_id, recorded_ms=entry.recorded_ms
        )
        rows += made
    links = [entry.link for entry in entries]
    watch.that([row.link for row in rows] == links, "chain: it was not the journal's")
    watch.that(not _faults(rows), "chain: a fault in a journal that nobody touched")
    at = seed % (len(rows) - 1)
    row, after = rows[at], rows[at + 1]
    edits: Mapping[str, list[Row]] = {
        "changed": [*rows[:at], row._replace(body=row.body + b" "), *rows[at + 1 :]],
        "redated": [*rows[:at], row._replace(recorded_ms=1), *rows[at + 1 :]],
        "dropped": [*rows[:at], *rows[at + 1 :]],
        "swapped": [*rows[:at], after, row, *rows[at + 2 :]],
        "cut off": rows[: at or 1],
    }
    for name, edited in edits.items():
        watch.that(_faults(edited, of=rows), f"chain: entry {at + 1} {name}, unnoticed")


def _faults(rows: Iterable[Row], of: list[Row] | None = None) -> bool:
    kept = None
    if of:
        last = of[-1]
        kept = replace(genesis("memory"), seq=last.seq, link=last.link)
    walk = Walk(genesis("memory"), kept)
    return any([*[walk.step(row) for row in rows], walk.end()])
