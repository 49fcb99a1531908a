"""The search at the venue: which service, what else is looked at, what reopens it."""

from dataclasses import replace

import pytest

from bridge_patch.app.binance_server.faults import FaultKind
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.lookup import LookupState
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import OrderEnded
from tests.contracts.approvals import BTC, SOL
from tests.unit.adapters.venue_ccxt.scenes import (
    X,
    absent,
    announced,
    by_hand,
    guarded,
    hidden,
    searched,
)
from tests.unit.adapters.venue_ccxt.stand import D, Stand, on_stand, traded

DAY_MS = 86_400_000


def test_an_announced_order_that_never_left_is_absent_after_thirty_seconds() -> None:
    async def script(stand: Stand) -> None:
        stand.venue.restore((announced(stand),))
        report, took_ms = await searched(stand)

        assert report.event is OrderEvent.FOUND_ABSENT
        assert 30_000 <= took_ms <= 40_000
        asked = [s.path for s in stand.wire.sent if s.params.get("origClientOrderId")]
        assert 3 <= len(asked) <= 15

    on_stand(script)


def test_an_order_that_nobody_announced_is_never_absent() -> None:
    async def script(stand: Stand) -> None:
        report, _ = await searched(stand)

        assert report.event is OrderEvent.TIMED_OUT

    on_stand(script)


def test_any_other_error_is_no_absence() -> None:
    """-2015 at the second service, for ever: the first one's -2013 proves nothing."""

    async def script(stand: Stand) -> None:
        stand.venue.restore((announced(stand),))
        stand.fault(FaultKind.CODE, path="/fapi/v1/algoOrder", code=-2015, count=None)
        report, _ = await searched(stand)

        assert report.event is OrderEvent.TIMED_OUT
        assert stand.venue.lookups.searches[X].misses == 0

    on_stand(script)


def test_a_dead_stream_proves_no_absence() -> None:
    async def script(stand: Stand) -> None:
        stand.venue.restore((announced(stand),))
        stand.venue.parts.liveness.lost("cut off")
        report, _ = await searched(stand)
        assert report.event is OrderEvent.TIMED_OUT

        stand.venue.parts.liveness.opened(stand.clock.now_ms())
        report, took_ms = await searched(stand)
        assert report.event is OrderEvent.FOUND_ABSENT
        assert took_ms >= 30_000

    on_stand(script)


def test_a_position_that_nobody_explains_proves_no_absence() -> None:
    """Somebody trades by hand meanwhile: it could have been ours."""

    async def script(stand: Stand) -> None:
        stand.venue.restore((announced(stand),))
        await by_hand(stand)
        report, _ = await searched(stand, 90)

        assert report.event is OrderEvent.TIMED_OUT
        assert stand.venue.foreign_orders() == 1

    on_stand(script)


def test_an_older_order_under_the_same_id_is_not_this_one() -> None:
    """A client id is unique among open orders only."""

    async def script(stand: Stand) -> None:
        await stand.open("bp-x")
        await stand.close()
        await stand.events()
        stand.wire.pass_ms(60_000)
        stand.venue.restore((announced(stand),))
        report, _ = await searched(stand)

        assert report.event is OrderEvent.TIMED_OUT

    on_stand(script)


def test_an_order_that_was_closed_as_absent_and_fills_is_an_incident_and_counts() -> None:
    """Nothing that trades is lost, however wrong we were before."""

    async def script(stand: Stand) -> None:
        stand.venue.restore((announced(stand),))
        report, _ = await searched(stand)
        assert report.event is OrderEvent.FOUND_ABSENT
        await stand.wire.send(
            "fapiPrivatePostOrder",
            {
                "symbol": BTC,
                "side": "BUY",
                "type": "MARKET",
                "quantity": "0.105",
                "newClientOrderId": X,
                "timestamp": str(stand.clock.now_ms()),
            },
        )
        events = await stand.events()

        assert traded(events) == stand.held() == D("0.105")
        assert stand.venue.lookups.searches[X].state is LookupState.REOPENED
        assert any("there after all" in note for note in stand.notes.notes)
        await stand.events()
        assert len(stand.notes.notes) == 1

    on_stand(script)


def test_the_stream_answers_without_a_question() -> None:
    async def script(stand: Stand) -> None:
        stand.fault(FaultKind.RESET, method="POST", path="/fapi/v1/order", accepted=True)
        report = await stand.open("bp-x")

        assert report.event is OrderEvent.FILLED
        assert traded(report.events) == stand.held() != 0
        assert stand.calls("order", "GET") == []

    on_stand(script)


def test_a_client_id_that_is_taken_is_adopted_and_not_refused() -> None:
    """-4116 says that the first send stands."""

    async def script(stand: Stand) -> None:
        stand.streaming = False
        stand.fault(FaultKind.RESET, method="POST", path="/fapi/v1/order", accepted=True)
        await stand.open("bp-x")
        stand.fault(FaultKind.CODE, method="POST", path="/fapi/v1/order", code=-4116)
        report = await stand.open("bp-x")

        assert report.event is OrderEvent.FILLED
        assert traded(report.events) == stand.held()

    on_stand(script)


def test_a_market_order_cut_short_is_filled_with_what_it_got_and_its_end() -> None:
    async def script(stand: Stand) -> None:
        stand.dispose(volume_base=D("0.2"))
        report = await stand.open("bp-x")
        kinds = [type(e) for e in report.events]

        assert report.event is OrderEvent.FILLED
        assert kinds[-1] is OrderEnded
        assert 0 < traded(report.events) == stand.held() < D("0.105")

    on_stand(script)


def test_an_order_that_only_its_trades_betray_is_claimed_by_its_number() -> None:
    async def script(stand: Stand) -> None:
        stand.streaming = False
        stand.wire.instead = absent
        stand.fault(FaultKind.RESET, method="POST", path="/fapi/v1/order", accepted=True)
        told = [*(await stand.open("bp-x")).events]
        report, took_ms = await searched(stand)
        told += report.events

        assert report.event is OrderEvent.FILLED
        assert took_ms >= 30_000
        assert traded(tuple(told)) == stand.held() != 0
        await stand.events()
        assert stand.notes.notes == []  # it was never closed as absent

    on_stand(script)


def test_an_older_stop_under_the_same_id_is_not_this_one() -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94000", "bp-x")
        await stand.venue.cancel(BTC, X)
        await stand.events()
        stand.wire.pass_ms(60_000)
        stand.fault(FaultKind.RESET, method="POST", path="/fapi/v1/algoOrder")
        report = await stand.stop("94100", "bp-x")
        assert report.event is OrderEvent.TIMED_OUT
        report, _ = await searched(stand)

        assert report.event is OrderEvent.TIMED_OUT

    on_stand(script)


def test_each_symbol_has_its_own_searches() -> None:
    async def script(stand: Stand) -> None:
        stand.venue.restore((announced(stand), announced(stand, "bp-y", SOL)))
        found = await stand.venue.find(SOL, X)

        assert found.event is OrderEvent.TIMED_OUT
        assert stand.venue.lookups.searches == {}

    on_stand(script)


def test_an_entry_from_before_what_the_venue_tells_is_never_absent() -> None:
    async def script(stand: Stand) -> None:
        entry = announced(stand)
        stand.venue.restore((replace(entry, at_ms=UnixMs(entry.at_ms - 100 * DAY_MS)),))
        report, _ = await searched(stand)

        assert report.event is OrderEvent.TIMED_OUT

    on_stand(script)


@pytest.mark.parametrize("age_days", [0, 100])
def test_a_vanished_stop_of_a_flat_symbol_is_ended_by_a_cancel_that_is_answered(
    age_days: int,
) -> None:
    """No service shows it any more: it must not be called open for ever."""

    async def script(stand: Stand) -> None:
        await guarded(stand)
        stop = stand.venue.parts.facts.fold.orders[ClientOrderId("bp-stop")]
        stop.sent_ms -= age_days * DAY_MS
        stand.wire.instead = hidden
        held = await cancelled(stand)
        await stand.close()
        await stand.events()
        flat = await cancelled(stand)

        assert OrderEvent.CANCELLED not in held
        assert flat[-1] is OrderEvent.CANCELLED
        assert stand.venue.parts.facts.fold.stops(BTC) == ()
        found = await stand.venue.find(BTC, stop.order_id)
        assert found.event is OrderEvent.CANCELLED
        assert await stand.events() == ()

        stand.wire.instead = lambda _: None
        stand.venue.parts.facts.hear_rest(stop, UnixMs(stand.clock.now_ms()))
        await stand.events()
        assert any("is there after all" in note for note in stand.notes.notes)

    on_stand(script)


async def cancelled(stand: Stand) -> list[OrderEvent]:
    """Cancel the stop again and again, as tidying does, for a minute or until it is."""
    answers: list[OrderEvent] = []
    while len(answers) < 12 and OrderEvent.CANCELLED not in answers:
        await stand.pause(5_000)
        report = await stand.venue.cancel(BTC, ClientOrderId("bp-stop"))
        answers.append(report.event)
    return answers
