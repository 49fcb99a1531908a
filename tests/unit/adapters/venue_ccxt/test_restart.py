"""After a restart, and beside other people: nothing twice, nothing missed or touched."""

import asyncio

import pytest

from bridge_patch.adapters.venue_ccxt.catch_up import ABSENT_ASKED_MS
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.domain.events import FilledLate, Resolved, Sending
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState
from bridge_patch.domain.reconcile_events import ADOPTED
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.plans import UNSEEN, UNSTATED
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.scenes import X, announced, by_hand
from tests.unit.adapters.venue_ccxt.stand import D, Stand, on_stand, traded


def test_what_is_not_ours_is_counted_and_never_touched() -> None:
    async def script(stand: Stand) -> None:
        await by_hand(stand)
        await by_hand(stand, "SELL", "web_2")
        sent = len(stand.wire.sent)

        assert await stand.events() == ()
        assert stand.venue.foreign_orders() == 2
        assert stand.venue.parts.facts.fold.positions == {}
        assert len(stand.wire.sent) == sent

    on_stand(script)


def test_a_restart_tells_nothing_twice_and_misses_nothing() -> None:
    """A second adapter folds the journal, catches up, and ends where the first one is."""

    async def script(stand: Stand) -> None:
        journal: list[object] = [announced(stand, "bp-entry")]
        report = await stand.open()
        journal += report.events
        first = stand.venue
        stand.move("95100")
        stand.streaming = False
        await by_hand(stand)  # not ours
        stop = OrderFacts(
            order_id=ClientOrderId("bp-stop"),
            intent_id=IntentId("r-1"),
            leg=Leg.STOP,
            symbol=BTC,
            side=Side.SELL,
            quantity_base=D("0.105"),
            stop_price_usd=D(94500),
        )
        report = await stand.stop("94500")
        journal += [_sending(stop, stand), *report.events]
        stand.move("94000", low="94000")

        stand.venue = stand.make()
        stand.venue.restore(tuple(journal))  # type: ignore[arg-type]
        await stand.begin()
        events = await stand.events()

        fills = [e for e in events if isinstance(e, Filled)]
        assert traded(tuple(fills)) < 0
        assert {f.order_id for f in fills} == {"bp-stop"}
        assert await stand.events() == ()
        assert first is not stand.venue
        assert stand.venue.foreign_orders() == 1

    on_stand(script)


ENDS = {
    "cancelled": OrderState.CANCELLED,
    "refused": OrderState.REJECTED,
    OrderEvent.FOUND_ABSENT: OrderState.REJECTED,
    OrderEvent.CANCELLED: OrderState.CANCELLED,
}


def _end(how: str, at_ms: UnixMs) -> VenueEvent | Resolved:
    """How the journal tells that an order is over."""
    if how == "refused":
        return OrderRefused(
            book=Book.ACCOUNT, at_ms=at_ms, symbol=BTC, order_id=X, code="-2019", message=""
        )
    if how in set(OrderEvent):
        intent_id = IntentId("i-1")
        return Resolved(
            at_ms=at_ms, intent_id=intent_id, order_id=X, leg=Leg.ENTRY, event=how
        )
    return OrderEnded(book=Book.ACCOUNT, at_ms=at_ms, symbol=BTC, order_id=X, reason=how)


@pytest.mark.parametrize("how", ENDS)
def test_an_order_that_ended_is_over_after_a_restart(how: str) -> None:
    """It is in no doubt: a catch-up asks nothing about it, however old it is.

    Only of one that was absent it asks for a day: nobody saw its end.
    """

    async def script(stand: Stand) -> None:
        entry = announced(stand)
        stand.wire.pass_ms(ABSENT_ASKED_MS * (how == OrderEvent.FOUND_ABSENT))
        stand.venue = stand.make()
        stand.venue.restore((entry, _end(how, entry.at_ms)))

        (order,) = stand.venue.parts.facts.fold.orders.values()
        assert order.state is ENDS[how]
        await stand.venue.parts.transport.sync()
        assert await stand.venue.stream.catch_up()
        assert stand.calls("userTrades") == []

    asyncio.run(script(Stand(streaming=False)))


@pytest.mark.parametrize(("days", "apart"), [(0, False), (0, True), (9, True)])
def test_an_absent_order_is_asked_about_for_a_day_and_while_a_position_is_unexplained(
    days: int, *, apart: bool
) -> None:
    """A trade of it that nobody told is found from the time of its send on."""

    async def script(stand: Stand) -> None:
        entry = announced(stand)
        stand.venue = stand.make()
        stand.venue.restore((entry, _end(OrderEvent.FOUND_ABSENT, entry.at_ms)))
        stand.wire.pass_ms(days * ABSENT_ASKED_MS)
        if apart:
            stand.venue.parts.agreement.compare({BTC: D(1)}, {}, stand.clock.now_ms())
        await stand.venue.parts.transport.sync()
        assert await stand.venue.stream.catch_up()

        asked = stand.calls("userTrades")
        assert int(asked[0].params["startTime"]) <= entry.at_ms

    asyncio.run(script(Stand(streaming=False)))


@pytest.mark.parametrize("how", [OrderEvent.ACCEPTED, OrderEvent.FILLED, UNSEEN, UNSTATED])
def test_an_order_of_which_more_can_come_stays_in_doubt(how: str) -> None:
    """Said to be filled is over with its trades; a stop out of sight may fire."""
    stand = Stand(streaming=False)
    entry = announced(stand)
    stand.venue.restore((entry, _end(how, entry.at_ms)))

    (order,) = stand.venue.parts.facts.fold.orders.values()
    assert order.state is None


def test_a_stop_that_is_seen_again_rests_after_a_restart_too() -> None:
    stand = Stand(streaming=False)
    entry = announced(stand)
    armed = StopArmed(
        book=Book.ACCOUNT,
        at_ms=entry.at_ms,
        symbol=BTC,
        side=Side.SELL,
        stop_price_usd=D(94500),
        order_id=X,
        intent_id=entry.intent_id,
    )
    gone = (_end(why, entry.at_ms) for why in (UNSEEN, UNSTATED, "rests no more"))
    for told in ((armed,), *((armed, end, armed) for end in gone)):
        stand.venue = stand.make()
        stand.venue.restore((entry, *told))
        (order,) = stand.venue.parts.facts.fold.orders.values()
        assert order.state is OrderState.OPEN


def test_a_stop_that_closed_less_than_it_asked_for_is_over_after_a_restart() -> None:
    async def script(stand: Stand) -> None:
        journal: list[object] = [announced(stand, "bp-entry")]
        journal += (await stand.open()).events
        stand.move("95100")
        journal += (await stand.stop("94500")).events
        journal += (await stand.close(quantity="0.05")).events
        stand.move("94000", low="94000")
        journal += await stand.events()
        stops = stand.venue.parts.facts.fold.orders[ClientOrderId("bp-stop")]
        journal.insert(0, _sending(stops, stand))

        stand.venue = stand.make()
        stand.venue.restore(tuple(journal))  # type: ignore[arg-type]
        fold = stand.venue.parts.facts.fold
        assert fold.positions == {}
        assert fold.orders[ClientOrderId("bp-stop")].state is OrderState.FILLED


@pytest.mark.parametrize("restarted", [False, True])
def test_an_adopted_trade_counts_once_when_the_venue_tells_the_real_one(
    restarted: bool,
) -> None:
    """A person's word is in the adapter's account, and the real trade is not on top."""

    async def script(stand: Stand) -> None:
        entry = announced(stand, "bp-entry")
        stand.venue.restore((entry,))
        stand.streaming = False
        await stand.wire.send(
            "fapiPrivatePostOrder",
            {
                "symbol": BTC,
                "side": "BUY",
                "type": "MARKET",
                "quantity": "0.105",
                "newClientOrderId": "bp-entry",
                "timestamp": str(stand.clock.now_ms()),
            },
        )
        word = _adopted(entry)
        stand.venue.learn((word,))
        fold = stand.venue.parts.facts.fold
        assert fold.positions[BTC].signed_base == D("0.105")

        stand.pump()
        (real,) = [e for e in await stand.events() if isinstance(e, Filled)]
        if restarted:
            late = FilledLate(
                at_ms=real.at_ms,
                symbol=BTC,
                order_id=entry.order_id,
                intent_id=entry.intent_id,
                trade_id=real.trade_id,
                quantity_base=real.quantity_base,
                price_usd=real.price_usd,
                fee_usd=real.fee_usd,
                counted_base=real.quantity_base,
            )
            stand.venue = stand.make()
            stand.venue.restore((entry, word, late))
            await stand.begin()
            fold = stand.venue.parts.facts.fold
            assert await stand.events() == ()
        assert fold.positions[BTC].signed_base == stand.held() == D("0.105")

    on_stand(script)


def test_a_catch_up_asks_no_further_back_than_the_venue_tells() -> None:
    """An order in doubt since 100 days must not close the account for ever."""

    async def script(stand: Stand) -> None:
        stand.venue = stand.make()
        stand.venue.restore((announced(stand),))
        stand.wire.pass_ms(100 * 86_400_000)
        await stand.venue.parts.transport.sync()

        assert await stand.venue.stream.catch_up()
        asked = [int(s.params["startTime"]) for s in stand.calls("userTrades")]
        assert len(asked) == 13
        assert max(asked) > stand.clock.now_ms() - 7 * 86_400_000

    asyncio.run(script(Stand(streaming=False)))


def _adopted(entry: Sending) -> Filled:
    return Filled(
        book=Book.ACCOUNT,
        at_ms=entry.at_ms,
        symbol=entry.symbol,
        side=entry.side,
        kind=FillKind.ENTRY,
        quantity_base=entry.quantity_base,
        price_usd=D(95_000),
        fee_usd=D(0),
        realised_usd=D(0),
        margin_usd=D(1_000),
        order_id=entry.order_id,
        trade_id=f"{ADOPTED}-{entry.order_id}",
        intent_id=entry.intent_id,
    )


def _sending(order: OrderFacts, stand: Stand) -> Sending:
    return Sending(
        at_ms=UnixMs(stand.clock.now_ms()),
        intent_id=order.intent_id,
        order_id=order.order_id,
        leg=order.leg,
        symbol=order.symbol,
        side=order.side,
        quantity_base=order.quantity_base,
        stop_price_usd=order.stop_price_usd,
    )
