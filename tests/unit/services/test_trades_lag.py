"""A venue says FILLED before its trades can be had: believed is what they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import (
    Book,
    Filled,
    Judged,
    OrderEnded,
    Resolved,
    Status,
)
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.doubt import Doubt
from bridge_patch.services.ports import Report
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    ROOMY,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    play,
    ready,
    reserved_usd,
    run,
)
from tests.simulation.tap import Tap
from tests.unit.services.test_ledger import ENTRY, FILL

D = Decimal
BOTH = (BTC, SOL)


@dataclass
class Laggard(Tap):
    """Tells a share of each market order's trades at once, and all when it is asked later.

    `shares` are of the next orders; after `silent` look-ups it has them.
    """

    shares: list[Decimal] = field(default_factory=list)
    silent: int = 0
    all_of: dict[ClientOrderId, tuple[VenueEvent, ...]] = field(default_factory=dict)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        return self._lagging(order_id, await Tap.place(self, approved, order_id))

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        report = await Tap.reduce(self, approved, order_id)
        if report.event is not OrderEvent.FILLED:
            return report
        return self._lagging(order_id, report)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        report = await Tap.find(self, symbol, order_id)
        if self.silent > 0:
            self.silent -= 1
            return report
        return replace(report, events=self.all_of.get(order_id, ()))

    def _lagging(self, order_id: ClientOrderId, report: Report) -> Report:
        share = self.shares.pop(0) if self.shares else D(1)
        fill, *others = report.events
        assert isinstance(fill, Filled)
        if share == 1:
            return report
        now, rest = parts(fill, share), parts(replace(fill, trade_id="rest"), 1 - share)
        self.all_of[order_id] = (*now, *rest, *others)
        return replace(report, events=now)


def parts(fill: Filled, share: Decimal) -> tuple[Filled, ...]:
    """So much of a fill, as a trade of its own."""
    if share == 0:
        return ()
    amounts = ("quantity_base", "fee_usd", "realised_usd", "margin_usd")
    return (replace(fill, **{name: getattr(fill, name) * share for name in amounts}),)


async def lagging(
    world: World, *shares: str, silent: int = 0, **wraps: Any
) -> tuple[Session, Laggard]:
    session = await ready(world, BOTH, venue=Laggard, **wraps)
    venue = session.keeper.venue
    assert isinstance(venue, Laggard)
    venue.shares, venue.silent = [D(share) for share in shares], silent
    return session, venue


def minutes(*numbers: int) -> list[Any]:
    return [at(CALM + n, {BTC: 95_000, SOL: 150}) for n in numbers]


def words(world: World, leg: Leg) -> list[str]:
    return [e.event for e in world.events(Resolved) if e.leg is leg]


def fills(world: World) -> list[Filled]:
    return [f for f in world.events(Filled) if f.book is Book.ACCOUNT]


@pytest.mark.parametrize("share", ["0", "0.5"])
def test_an_entry_stays_reserved_until_its_trades_add_up_to_it(share: str) -> None:
    """The word alone gave back the room, and the next intent took it a second time."""
    env = dict(ROOMY) | {"MAX_NOTIONAL_USD": "9000", "RISK_PER_TRADE_MAX_PCT": "50"}
    world = World(env=env)

    async def scenario() -> Session:
        session, _ = await lagging(world, share, silent=1)
        await ask(world, session, intent("a", CALM, margin=700))
        await ask(world, session, intent("b", CALM, symbol=SOL, margin=700))
        assert reserved_usd(session)[0] >= 7_000
        assert not [r for r in world.results() if getattr(r, "intent_id", "") == "a"]
        await play(session, minutes(1))
        assert words(world, Leg.ENTRY)[0] == "TIMED_OUT"
        await play(session, minutes(2))
        return session

    session = run(scenario())
    (second,) = [j for j in world.events(Judged) if j.intent_id == IntentId("b")]

    assert (second.notional_usd or D(0)) <= 2_000
    outcome = world.outcome("a")
    assert outcome.status is Status.FILLED
    assert outcome.filled_quantity_base == outcome.approved_quantity_base
    assert session.recorder.ledger.positions[BTC].quantity_base == (
        outcome.filled_quantity_base
    )
    assert reserved_usd(session) == (D(0), D(0))
    assert session.recorder.ledger.naked() == ()


def test_what_is_known_of_an_entry_is_protected_before_the_rest_is() -> None:
    world = World(env=ROOMY)

    async def scenario() -> tuple[Session, Laggard]:
        session, venue = await lagging(world, "0.5", silent=9)
        await ask(world, session, intent("a", CALM))
        return session, venue

    session, venue = run(scenario())

    assert venue.kinds()[:2] == ["place", "stop"]
    assert session.recorder.ledger.naked() == ()


def test_a_trade_that_is_told_twice_is_counted_once() -> None:
    """The look-up tells all of them, also those that are written down."""
    world = World(env=ROOMY)

    async def scenario() -> Session:
        session, _ = await lagging(world, "0.5")
        await ask(world, session, intent("a", CALM))
        await play(session, minutes(1))
        return session

    session = run(scenario())

    assert len(fills(world)) == 2
    total = sum(f.quantity_base for f in fills(world))
    assert session.recorder.ledger.positions[BTC].quantity_base == total
    assert world.outcome("a").filled_quantity_base == total


def test_an_entry_whose_trades_lag_is_the_same_doubt_after_a_restart() -> None:
    world = World(env=ROOMY)

    async def scenario() -> tuple[Session, Session]:
        session, _ = await lagging(world, "0.5", silent=9)
        await ask(world, session, intent("a", CALM))
        return session, world.start()

    session, again = run(scenario())

    assert again.recorder.ledger.in_doubt == session.recorder.ledger.in_doubt != {}
    assert again.recorder.ledger.budget == session.recorder.ledger.budget


@pytest.mark.parametrize("share", ["0", "0.5"])
def test_a_close_whose_trades_lag_leaves_the_position_open_until_they_come(
    share: str,
) -> None:
    """And guarded: what is thought closed and is not would be naked."""
    world = World(env=ROOMY)

    async def scenario() -> Session:
        session, venue = await lagging(world, "1", share, silent=1)
        await ask(world, session, intent("a", CALM), close("out", CALM))
        ledger = session.recorder.ledger
        assert BTC in ledger.positions
        assert ledger.naked() == ()
        assert [d.order.leg for d in ledger.in_doubt.values()] == [Leg.REDUCE]
        await play(session, minutes(1, 2))
        assert venue.kinds().count("reduce") == 1
        return session

    session = run(scenario())

    assert session.recorder.ledger.positions == {}
    outcome = world.outcome("out")
    assert outcome.status is Status.FILLED
    assert outcome.filled_quantity_base == world.outcome("a").filled_quantity_base


# What accounts for an order

HALF = replace(FILL, quantity_base=FILL.quantity_base / 2)
OTHER = replace(HALF, trade_id="other")
EXPIRED = OrderEnded(
    book=Book.ACCOUNT,
    at_ms=FILL.at_ms,
    symbol=FILL.symbol,
    order_id=FILL.order_id,
    reason="the rest expired",
)


@pytest.mark.parametrize(
    ("known", "told", "word"),
    [
        ((), (FILL,), OrderEvent.FILLED),
        ((), (), OrderEvent.TIMED_OUT),
        ((), (HALF,), OrderEvent.TIMED_OUT),
        ((HALF,), (OTHER,), OrderEvent.FILLED),
        ((HALF,), (HALF,), OrderEvent.TIMED_OUT),
        ((HALF, OTHER), (), OrderEvent.FILLED),
        ((), (HALF, EXPIRED), OrderEvent.FILLED),
        ((HALF, EXPIRED), (), OrderEvent.FILLED),
        ((), (EXPIRED,), OrderEvent.TIMED_OUT),
        ((), (replace(FILL, order_id=ClientOrderId("else")),), OrderEvent.TIMED_OUT),
    ],
)
def test_filled_is_believed_once_trades_account_for_it(
    known: tuple[VenueEvent, ...], told: tuple[VenueEvent, ...], word: OrderEvent
) -> None:
    doubt = Doubt(ENTRY, OrderState.UNKNOWN)
    for event in known:
        doubt = doubt.after(event)
    heard = doubt.hear(Report(event=OrderEvent.FILLED, events=told), D(0))

    assert heard.event is word
    assert heard.events == tuple(e for e in told if e not in known or e is EXPIRED)


def test_every_other_word_is_taken_as_it_is() -> None:
    doubt = Doubt(ENTRY, OrderState.UNKNOWN)

    for word in OrderEvent:
        if word is not OrderEvent.FILLED:
            report = Report(event=word, events=())
            assert doubt.hear(report, D(0)) == report


def test_of_a_reduction_no_more_is_expected_than_there_was() -> None:
    """The venue bounds it by the position, whatever it asked for."""
    order = replace(ENTRY, leg=Leg.REDUCE, side=FILL.side.opposite)
    sold = replace(HALF, side=FILL.side.opposite)
    report = Report(event=OrderEvent.FILLED, events=(sold,))
    doubt = Doubt(order, OrderState.UNKNOWN)

    assert doubt.hear(report, D(0)).event is OrderEvent.FILLED
    assert doubt.hear(replace(report, events=()), D(0)).event is OrderEvent.TIMED_OUT
