"""Stops that the venue lists no more: what is not to be seen protects nothing."""

import json

import pytest

from bridge_patch.adapters.venue_ccxt.outcome import Answer, Reply
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    OrderEnded,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.plans import UNSTATED
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.scenes import by_hand
from tests.unit.adapters.venue_ccxt.stand import D, Sent, Stand, on_stand


def unlisted(stand: Stand, status: str, **more: object) -> None:
    """The list of open stops lacks ours; asked for it, the venue states this."""
    stated = {
        "algoId": 1,
        "clientAlgoId": "bp-stop",
        "symbol": BTC,
        "side": "SELL",
        "algoStatus": status,
        "triggerPrice": "94500",
        "closePosition": True,
        "updateTime": stand.clock.now_ms(),
        **more,
    }

    def instead(sent: Sent) -> Answer | None:
        if sent.path.endswith("openAlgoOrders"):
            return Reply(status=200, body="[]")
        if sent.path.endswith("algoOrder") and sent.method == "GET":
            return Reply(status=200, body=json.dumps(stated))
        return None

    stand.wire.instead = instead


async def looked(stand: Stand, times: int = 3) -> list[VenueEvent]:
    """What is told while the account is read several times, two seconds apart."""
    told: list[VenueEvent] = []
    for _ in range(times):
        await stand.pause(2_000)
        await stand.venue.read()
        told += await stand.events()
    return told


@pytest.mark.parametrize("status", ["FINISHED", "TRIGGERED", "SOMETHING_NEW"])
def test_a_stop_that_is_over_without_a_trade_is_told_as_gone(status: str) -> None:
    """The position is still there: who believes in this stop must learn better."""

    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94500")
        await stand.events()
        unlisted(stand, status)
        told = await looked(stand, 6)

        assert [type(e) for e in told] == [OrderEnded]
        assert stand.venue.parts.facts.fold.stops(BTC) == ()
        assert stand.held() > 0

    on_stand(script)


@pytest.mark.parametrize("status", ["NEW", "TRIGGERING"])
def test_a_stop_that_still_protects_by_its_own_word_is_not_told_as_gone(
    status: str,
) -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94500")
        await stand.events()
        unlisted(stand, status)

        assert await looked(stand) == []
        assert len(stand.venue.parts.facts.fold.stops(BTC)) == 1

    on_stand(script)


def test_a_stop_that_finished_is_followed_to_its_trades_before_it_counts_as_gone() -> None:
    """It fired while nobody listened: its trades are told, and no end beside them."""

    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94500")
        await stand.events()
        await by_hand_while_deaf(stand)
        told = await looked(stand)

        fills = [e for e in told if isinstance(e, Filled)]
        assert {f.order_id for f in fills} == {"bp-stop"}
        assert not [e for e in told if isinstance(e, OrderEnded)]

    on_stand(script)


async def by_hand_while_deaf(stand: Stand) -> None:
    """Let the stop fire unheard, and somebody's own position stand in its place."""
    stand.streaming = False
    stand.move("94000", low="94000")
    assert stand.stream is not None
    stand.stream.take()
    await by_hand(stand)


def test_a_stop_that_was_lost_from_sight_is_told_again_when_it_is_listed() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94500")
        await stand.events()
        unlisted(stand, "TRIGGERED")
        assert [type(e) for e in await looked(stand)] == [OrderEnded]
        stand.wire.instead = lambda _: None
        (armed,) = await looked(stand, 1)

        assert isinstance(armed, StopArmed)
        assert armed.order_id == ClientOrderId("bp-stop")
        assert armed.stop_price_usd == D(94500)

    on_stand(script)


def test_a_stop_that_was_not_stated_is_cancelled_all_the_same() -> None:
    """The journal believes in it no more; it may rest, so the cancel is sent."""

    async def script(stand: Stand) -> None:
        await stand.open()
        (armed,) = (await stand.stop("94500")).events
        end = OrderEnded(
            book=Book.ACCOUNT,
            at_ms=armed.at_ms,
            symbol=BTC,
            order_id=ClientOrderId("bp-stop"),
            reason=UNSTATED,
        )
        stand.venue.learn((end,))

        report = await stand.venue.cancel(BTC, end.order_id)
        assert report.event is OrderEvent.CANCELLED
        assert len(stand.calls("algoOrder", "DELETE")) == 1

    on_stand(script)
