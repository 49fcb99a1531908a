"""After a restart, and beside other people: nothing twice, nothing missed or touched."""

import pytest

from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.domain.events import FilledLate, Sending
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.reconcile_events import ADOPTED
from bridge_patch.domain.venue_events import Book, Filled, FillKind
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.scenes import announced, by_hand
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
