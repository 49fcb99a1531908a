"""The account's reading: together, fresh, and never flat because it could not be read."""

import asyncio

import pytest

from bridge_patch.adapters.venue_ccxt.outcome import Answer, Reply
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.ports import AccountReading
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.stand import D, Sent, Stand, on_stand, traded


async def reading(stand: Stand) -> AccountReading:
    read = await stand.venue.read()
    assert isinstance(read, AccountReading), read
    return read


def test_the_reading_is_what_the_exchange_holds() -> None:
    async def script(stand: Stand) -> None:
        assert (await reading(stand)).positions == ()
        await stand.open()
        await stand.stop("94000", "bp-far")
        await stand.stop("94500", "bp-near")
        read = await reading(stand)
        (held,) = read.positions
        exchange = stand.core.venue.exchange

        assert held.quantity_base == stand.held()
        assert held.side is Side.BUY
        assert held.margin_usd == stand.position().margin_usd
        assert held.stop_price_usd == D(94500)
        assert abs(read.equity_usd - exchange.equity_usd()) < D("0.00000001")
        assert read.at_ms == stand.clock.now_ms()

    on_stand(script)


@pytest.mark.parametrize("path", ["v3/positionRisk", "v3/account", "v1/openAlgoOrders"])
@pytest.mark.parametrize(
    "kind",
    [FaultKind.EMPTY, FaultKind.HTML, FaultKind.BROKEN_JSON, FaultKind.CUT, FaultKind.LOST],
)
def test_what_cannot_be_read_is_unknown_and_never_flat(kind: FaultKind, path: str) -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        stand.core.plan([Fault(kind=kind, path=f"/fapi/{path}")])

        assert isinstance(await stand.venue.read(), Unknown)
        assert len((await reading(stand)).positions) == 1

    on_stand(script)


def test_a_reading_is_kept_for_a_second_and_ended_by_our_own_order() -> None:
    async def script(stand: Stand) -> None:
        await reading(stand)
        sent = len(stand.wire.sent)
        await reading(stand)
        assert len(stand.wire.sent) == sent

        await stand.open()
        assert len((await reading(stand)).positions) == 1
        stand.wire.pass_ms(1_000)
        sent = len(stand.wire.sent)
        await reading(stand)
        assert len(stand.wire.sent) > sent

    on_stand(script)


def test_a_reading_that_took_long_is_none() -> None:
    async def script(stand: Stand) -> None:
        fault = Fault(kind=FaultKind.LATENCY, path="/fapi/v3/account", delay_ms=3_500)
        stand.core.plan([fault])

        assert isinstance(await stand.venue.read(), Unknown)

    on_stand(script)


def test_two_readings_that_disagree_are_none() -> None:
    """One of them is from before a trade, or stale: nobody knows which."""

    async def script(stand: Stand) -> None:
        await stand.open()

        def stale(sent: Sent) -> Answer | None:
            empty = sent.path == "/fapi/v3/positionRisk"
            return Reply(status=200, body="[]") if empty else None

        stand.wire.instead = stale
        assert isinstance(await stand.venue.read(), Unknown)

    on_stand(script)


def test_readings_at_the_same_time_are_one() -> None:
    async def script(stand: Stand) -> None:
        sent = len(stand.wire.sent)
        reads = await asyncio.gather(*(stand.venue.read() for _ in range(5)))

        assert len({id(read) for read in reads}) == 1
        assert len(stand.wire.sent) - sent == 2

    on_stand(script)


def test_a_stop_that_cannot_be_seen_protects_nothing_and_is_told_again_when_seen() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94000")
        await stand.events()
        (algo,) = stand.core.venue.records.algos.values()
        shown_ms, algo.shown_ms = algo.shown_ms, 10**15
        told: list[VenueEvent] = []
        for _ in range(6):
            stand.wire.pass_ms(1_100)
            await reading(stand)
            told += await stand.events()
        assert [type(e) for e in told] == [OrderEnded]

        algo.shown_ms = shown_ms
        stand.wire.pass_ms(1_100)
        assert (await reading(stand)).positions[0].stop_price_usd == D(94000)
        assert [type(e) for e in await stand.events()] == [StopArmed]

    on_stand(script)


def test_a_stop_is_moved_new_first_where_only_one_close_all_order_may_rest() -> None:
    """-4130 refuses the second close-all stop; the new one states its quantity instead."""

    async def script(stand: Stand) -> None:
        stand.dispose(one_close_all=True)
        await stand.open()
        assert (await stand.stop("94000", "bp-1")).event is OrderEvent.ACCEPTED
        for name, before, price in (("bp-2", "bp-1", "94400"), ("bp-3", "bp-2", "94500")):
            moved = await stand.stop(price, name)
            assert moved.event is OrderEvent.ACCEPTED
            (armed,) = [e for e in moved.events if isinstance(e, StopArmed)]
            assert armed.quantity_base == (stand.held() if name == "bp-2" else None)
            assert len(stand.core.venue.records.open_algos()) == 2
            read = await reading(stand)
            assert read.positions[0].stop_price_usd == D(price)
            cancelled = await stand.venue.cancel(BTC, ClientOrderId(before))
            assert cancelled.event is OrderEvent.CANCELLED
        stand.move("94450", low="94450")

        assert stand.held() == 0
        assert stand.core.venue.records.open_algos() == []
        fills = [e for e in await stand.events() if isinstance(e, Filled)]
        assert {f.order_id for f in fills} == {"bp-3"}

    on_stand(script)


def test_funding_is_told_once_by_the_stream_or_by_the_records() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.events()
        stand.wire.pass_ms(1_000)
        stand.settle("0.0001")
        (paid,) = await stand.events()
        assert isinstance(paid, FundingPaid)
        assert paid.amount_usd < 0
        assert await stand.venue.stream.catch_up()
        assert await stand.events() == ()

        stand.wire.pass_ms(8 * 3_600_000)
        stand.core.tick(stand.tick("95000"))
        stand.streaming = False
        stand.settle("-0.0002")
        assert stand.stream is not None
        stand.stream.take()
        assert await stand.venue.stream.catch_up()
        (got,) = await stand.events()
        assert isinstance(got, FundingPaid)
        assert got.amount_usd > 0
        position = stand.venue.parts.facts.fold.positions[BTC]
        assert position.margin_usd == stand.position().margin_usd

    on_stand(script)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_liquidation_is_believed_and_closes_what_we_held(streamed: bool) -> None:
    async def script(stand: Stand) -> None:
        await stand.open(leverage="50")
        await stand.events()
        stand.streaming = streamed
        stand.move("92000", low="91000")
        if not streamed:
            assert stand.stream is not None
            stand.stream.take()
            assert await stand.venue.stream.catch_up()
        events = await stand.events()
        fills = [e for e in events if isinstance(e, Filled)]

        assert stand.held() == 0
        assert {f.kind for f in fills} == {FillKind.LIQUIDATION}
        assert {f.intent_id for f in fills} == {"i-1"}
        assert -traded(tuple(fills)) == D("0.526")
        if streamed:
            assert [type(e) for e in events][-1] is InsuranceCleared
        assert stand.venue.parts.facts.fold.positions == {}
        assert stand.venue.foreign_orders() == 0

    on_stand(script)


def test_a_deleveraging_is_believed_too() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.events()
        set_account(stand.core, AccountSetting(deleverage="BTCUSDT"))
        stand.pump()
        fills = [e for e in await stand.events() if isinstance(e, Filled)]

        assert stand.held() == 0
        assert {f.kind for f in fills} == {FillKind.LIQUIDATION}

    on_stand(script)


def test_margin_of_many_small_trades_adds_up_to_what_the_exchange_holds() -> None:
    async def script(stand: Stand) -> None:
        stand.dispose(fill_parts=5)
        await stand.open(leverage="7")
        await stand.close(quantity="0.03")
        ours = stand.venue.parts.facts.fold.positions[BTC]

        assert ours.signed_base == stand.held()
        assert abs(ours.margin_usd - stand.position().margin_usd) < D("0.000001")

    on_stand(script)


def test_a_cancel_of_a_stop_that_fired_tells_the_fill() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94500")
        stand.streaming = False
        stand.move("94400", low="94400")
        report = await stand.venue.cancel(BTC, ClientOrderId("bp-stop"))

        assert report.event is OrderEvent.FILLED
        assert traded(report.events) == D("-0.105")

    on_stand(script)
