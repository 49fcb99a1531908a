"""What the market does not give: a fill in part, and funding, through the whole service."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
    Settled,
    Status,
    StopArmed,
)
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.market import Funding, Tick
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from bridge_patch.sim.trades import REST_EXPIRED
from tests.simulation.rig import (
    BTC,
    CALM,
    World,
    ask,
    at,
    bar,
    calm,
    close,
    intent,
    minute,
    play,
    ready,
    run,
    tick,
)

D = Decimal


#: The Governor lets an order take all of a bar: how much fills is up to the venue.
DEEP = {"TURNOVER_MAX_PCT": "100"}


def thin(n: int, volume: str) -> Tick:
    """The n-th bar at 95,000, in which only this much was traded."""
    return tick(n, replace(bar(BTC, n, 95_000), volume=D(volume)))


async def entered(world: World, volume: str) -> Session:
    """Ask for 400 × 10 = 4,000 USD, which is 0.042 BTC, in a bar of this volume."""
    session = await ready(world)
    await play(session, [thin(CALM + 1, volume)])
    await ask(world, session, intent("a", CALM + 1))
    return session


def test_an_entry_filled_in_part_is_protected_and_told_as_filled() -> None:
    """0.2 BTC traded: 0.02 of the 0.042 fill, and everything after speaks of 0.02."""
    world = World(env=DEEP)
    session = run(entered(world, "0.2"))
    told, ledger = world.outcome("a"), session.recorder.ledger
    (armed,) = [e for e in world.events(StopArmed) if e.book is Book.ACCOUNT]
    (ended,) = [
        e
        for e in world.events(OrderEnded)
        if e.book is Book.ACCOUNT and e.reason == REST_EXPIRED
    ]

    assert told.status is Status.FILLED
    assert (told.approved_quantity_base, told.filled_quantity_base) == (
        D("0.042"),
        D("0.020"),
    )
    assert (ended.order_id,) == told.order_ids
    assert told.stop_price_usd == armed.stop_price_usd
    assert ledger.positions[BTC].quantity_base == D("0.020")
    assert not ledger.naked()
    assert not ledger.in_doubt
    update = world.positions()[-1]
    assert (update.quantity_base, update.first_base) == (D("0.020"), D("0.020"))

    run(play(session, [at(CALM + 2, {BTC: 92_000})]))
    (stopped,) = [
        e.quantity_base
        for e in world.events(Filled)
        if e.book is Book.ACCOUNT and e.kind is FillKind.STOP
    ]
    assert stopped == D("0.020")
    assert not ledger.positions


def test_a_restart_behind_a_fill_in_part_changes_nothing() -> None:
    """The rest that expired must not make the order a cancelled one."""
    world = World()
    before = run(entered(world, "0.2"))
    count = len(list(world.journal.read()))
    after = world.start()
    run(play(after, [*calm(), thin(CALM + 1, "0.2")]))
    run(world.send(intent("a", CALM + 1)))
    run(after.execution.drain())

    assert after.recorder.ledger.positions == before.recorder.ledger.positions
    assert after.recorder.ledger.plans == before.recorder.ledger.plans
    assert not after.recorder.ledger.in_doubt
    assert [e.intent_id for e in world.events(Settled)] == ["a"]
    new = [s.event for s in world.journal.read(count)]
    assert not [e for e in new if isinstance(e, Filled | StopArmed | OrderEnded)]


def test_in_shadow_the_book_fills_in_part_as_the_venue_would() -> None:
    world = World(Mode.SHADOW, DEEP)
    session = run(entered(world, "0.2"))
    told, book = world.outcome("a"), session.keeper.trader.books.governed
    assert book is not None

    assert (told.status, told.filled_quantity_base) == (Status.SIMULATED, D("0.020"))
    assert book.exchange.positions[BTC].quantity_base == D("0.020")
    assert book.exchange.stop_price_usd(BTC) == told.stop_price_usd is not None


def test_where_nothing_trades_nothing_is_ordered() -> None:
    world = World()
    session = run(entered(world, "0"))
    told = world.outcome("a")

    assert (told.status, told.codes) == (Status.REFUSED, ("DEPTH_EXCEEDED",))
    assert not session.recorder.ledger.positions


def test_a_close_in_part_leaves_the_rest_protected_until_it_is_asked_again() -> None:
    """0.1 BTC traded: 0.01 of 0.042 can be left, and 0.032 are guarded."""
    world = World()

    async def scenario() -> Session:
        session = await entered(world, "1000")
        await play(session, [thin(CALM + 2, "0.1")])
        await ask(world, session, close("out", CALM + 2))
        return session

    session = run(scenario())
    ledger = session.recorder.ledger
    assert world.outcome("out").filled_quantity_base == D("0.010")
    assert ledger.positions[BTC].quantity_base == D("0.032")
    assert not ledger.naked()

    run(play(session, [thin(CALM + 3, "1000")]))
    run(ask(world, session, close("again", CALM + 3)))
    assert world.outcome("again").filled_quantity_base == D("0.032")
    assert not ledger.positions


@pytest.mark.parametrize("mode", list(Mode))
def test_funding_is_booked_once_in_ledger_account_and_journal(mode: Mode) -> None:
    """0.042 BTC at 95,000 and 0.1 % is 3.99, and a restart does not pay it again."""
    world = World(mode)
    funding = Funding(
        symbol=BTC, at_ms=UnixMs(minute(CALM + 1) + 5), rate_fraction=D("0.001")
    )
    paying = replace(thin(CALM + 2, "1000"), fundings=(funding,))

    async def scenario() -> tuple[Session, Session]:
        session = await entered(world, "1000")
        await play(session, [paying])
        again = world.start()
        await play(again, [*calm(), thin(CALM + 1, "1000"), paying])
        return session, again

    session, again = run(scenario())
    book = Book.ACCOUNT if mode is Mode.LIVE else Book.GOVERNED
    (paid,) = [e for e in world.events(FundingPaid) if e.book is book]
    (entry,) = [e for e in world.events(Filled) if e.book is book]
    read, read_again = run(session.keeper.account.read()), run(again.keeper.account.read())
    assert isinstance(read, AccountReading)

    assert (paid.amount_usd, paid.at_ms) == (D("-3.99"), funding.at_ms)
    assert read == read_again
    assert read.positions[0].margin_usd == entry.margin_usd - D("3.99")
    if mode is Mode.LIVE:
        held = session.recorder.ledger.positions[BTC]
        assert held.margin_usd == entry.margin_usd - D("3.99")
        assert again.recorder.ledger == session.recorder.ledger
