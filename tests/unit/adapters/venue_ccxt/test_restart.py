"""After a restart, and beside other people: nothing twice, nothing missed or touched."""

from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.domain.events import Sending
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.venue_events import Filled
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
