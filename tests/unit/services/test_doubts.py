"""An order in doubt counts where that is worse, and a restart forgets none of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.account import Exposure
from bridge_patch.domain.events import Judged, Resolved, Sending, Status, Verdict
from bridge_patch.domain.intent import IntentId, Side, Symbol
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.position import Position
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.session import Session
from tests.rooms import usd
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    play,
    reserved_usd,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_snapshots import FLAT, IN_DOUBT, NOW, OPEN, READ, taken

D = Decimal
ETH = Symbol("ETHUSDT")
#: An entry of 900 USD on the other side.
SHORT = replace(
    IN_DOUBT,
    order_id=ClientOrderId("o-2"),
    side=Side.SELL,
    symbol=ETH,
    leverage=10,
    margin_usd=D(90),
)
MANY = 1_000


def exposed(*orders: Sending, held: Sequence[Position] = (), begun: int = 0) -> Exposure:
    """What the account carries; the first `begun` orders were in doubt at the start."""
    ledger = Ledger()
    for n, order in enumerate(orders):
        if n == begun:
            ledger.begin()
        ledger.apply(order)
    if begun == len(orders):
        ledger.begin()
    stated = (READ,) if held else ()
    exposure = taken(replace(FLAT, positions=stated), *held, ledger=ledger).exposure
    assert isinstance(exposure, Exposure)
    return exposure


def test_an_order_in_doubt_adds_to_its_side_and_offsets_nothing_on_the_other() -> None:
    """3,840 short are open; 1,500 long may never come to be."""
    exposure = exposed(IN_DOUBT, held=[OPEN])

    assert (exposure.long_usd, exposure.short_usd) == (D(1_500), D(3_840))
    assert exposure.net_short_usd == 3_840
    assert exposure.net_long_usd == 1_500 - 3_840
    assert exposure.open_positions == 2


def test_two_orders_in_doubt_do_not_make_each_other_harmless() -> None:
    exposure = exposed(IN_DOUBT, SHORT)

    assert (exposure.net_long_usd, exposure.net_short_usd) == (D(1_500), D(900))
    assert exposure.notional_usd == 2_400


orders = st.lists(
    st.tuples(st.sampled_from(Side), usd("1", "2000")), min_size=0, max_size=5
)


@given(drawn=orders, held=st.booleans())
def test_whichever_of_them_fill_the_account_carries_no_more_than_was_stated(
    drawn: list[tuple[Side, Decimal]], held: bool
) -> None:
    """The worst case really is the worst, and no worse than can happen."""
    doubts = [
        replace(
            IN_DOUBT,
            order_id=ClientOrderId(f"o-{n}"),
            symbol=Symbol(f"S{n}USDT"),
            side=side,
            leverage=1,
            margin_usd=notional,
        )
        for n, (side, notional) in enumerate(drawn)
    ]
    exposure, short = exposed(*doubts, held=[OPEN] if held else []), D(3_840 * held)
    nets = []
    for fates in product((0, 1), repeat=len(drawn)):
        signed = [
            fate * side.sign * usd_ for fate, (side, usd_) in zip(fates, drawn, strict=True)
        ]
        nets.append(sum(signed, -short))
        assert sum(map(abs, signed), short) <= exposure.notional_usd
    event(f"{len(drawn)} in doubt")

    assert max(nets) == exposure.net_long_usd
    assert -min(nets) == exposure.net_short_usd


def test_what_stands_in_doubt_on_the_intents_own_symbol_is_told_apart() -> None:
    own = replace(SHORT, symbol=BTC)
    exposure = exposed(IN_DOUBT, own, held=[OPEN])

    assert exposure.symbol_usd == 3_840 + 900
    assert (exposure.unknown_orders, exposure.unknown_on_symbol) == (2, 1)
    assert exposure.open_positions == 2


def test_a_reduction_in_doubt_is_unknown_and_lends_no_room() -> None:
    """It may not have reduced anything, and it is no exposure of its own."""
    sell = replace(IN_DOUBT, leg=Leg.REDUCE, leverage=None, margin_usd=None, symbol=BTC)
    exposure = exposed(sell, held=[OPEN])

    assert exposure == replace(
        exposed(held=[OPEN]),
        unknown_orders=1,
        unknown_on_symbol=1,
        unknown_since_ms=NOW,
    )


def test_an_order_in_doubt_since_before_the_start_is_told_apart() -> None:
    assert exposed(IN_DOUBT, SHORT, begun=1).unknown_at_start == 1
    assert exposed(IN_DOUBT, SHORT, begun=2).unknown_at_start == 2
    assert exposed(IN_DOUBT, SHORT).unknown_at_start == 0


@pytest.mark.parametrize("end", [OrderEvent.FILLED, OrderEvent.REJECTED])
def test_an_inherited_doubt_ends_with_its_order(end: OrderEvent) -> None:
    ledger = Ledger()
    ledger.apply(IN_DOUBT)
    ledger.begin()
    ledger.apply(
        Resolved(
            at_ms=NOW,
            intent_id=IN_DOUBT.intent_id,
            order_id=IN_DOUBT.order_id,
            leg=Leg.ENTRY,
            event=end,
        )
    )

    assert taken(FLAT, ledger=ledger).exposure == taken(FLAT).exposure


# Through the whole service


async def in_doubt(world: World) -> tuple[Session, Tap]:
    """A long of BTC is open, and nobody knows what became of a short of SOL."""
    session, venue = await tapped(world, (BTC, SOL))
    await ask(world, session, intent("open", CALM))
    venue.trouble("place", Trouble.REQUEST_LOST)
    venue.trouble("find", *[Trouble.REQUEST_LOST] * MANY)
    await ask(world, session, intent("lost", CALM, symbol=SOL, action="SELL"))
    return session, venue


async def restarted(world: World, *, silent: bool) -> Session:
    """Another process on the same journal; a silent venue answers no question."""
    session = world.start(venue=Tap)
    venue = session.keeper.venue
    assert isinstance(venue, Tap)
    venue.trouble("find", *[Trouble.REQUEST_LOST] * (MANY * silent))
    await play(session, calm((BTC, SOL)))
    await play(session, [at(CALM + 1, {BTC: 95_000, SOL: 150})])
    return session


def verdict(world: World, name: str) -> Judged:
    return next(j for j in reversed(world.events(Judged)) if j.intent_id == IntentId(name))


def test_reservations_survive_a_restart_through_the_journal() -> None:
    world = World()

    async def scenario() -> tuple[Session, Session]:
        session, _ = await in_doubt(world)
        return session, world.start()

    lived, again = run(scenario())

    assert reserved_usd(again) == reserved_usd(lived) == (D(4_000), D(400))
    assert again.recorder.ledger.budget == lived.recorder.ledger.budget
    assert again.recorder.ledger.inherited == set(lived.recorder.ledger.in_doubt)
    assert not lived.recorder.ledger.inherited


def test_a_doubt_of_this_run_leaves_room_elsewhere_and_an_inherited_one_none() -> None:
    """After a start every fate has to be known first; closing waits for none of them."""
    world = World(env={"SYMBOLS": "BTCUSDT,SOLUSDT,ETHUSDT"})

    async def scenario() -> None:
        session, _ = await in_doubt(world)
        await play(session, [at(CALM + 1, {BTC: 95_000, SOL: 150})])
        await ask(world, session, intent("before", CALM + 1, symbol=ETH))
        session = await restarted(world, silent=True)
        await ask(world, session, intent("after", CALM + 1, symbol=ETH))
        await ask(world, session, close("out", CALM + 1))

    run(scenario())

    assert "ORDER_UNKNOWN" not in verdict(world, "before").codes
    assert "ORDER_UNKNOWN" in verdict(world, "after").codes
    assert "since before the start" in verdict(world, "after").detail
    assert world.outcome("out").status is Status.FILLED


def test_once_an_inherited_doubt_is_resolved_entries_go_on() -> None:
    world = World()

    async def scenario() -> Session:
        await in_doubt(world)
        session = await restarted(world, silent=False)
        await ask(world, session, intent("next", CALM + 1, symbol=SOL))
        return session

    session = run(scenario())

    assert verdict(world, "next").verdict is Verdict.ACCEPT
    assert reserved_usd(session) == (D(0), D(0))
