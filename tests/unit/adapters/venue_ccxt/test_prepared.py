"""An entry leaves with the stamp of its preparation, or comes too late for the venue."""

from collections.abc import Mapping

from bridge_patch.adapters.venue_ccxt.outcome import Answer
from bridge_patch.domain.events import OrderRefused
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.services.ports import Report
from tests.contracts.approvals import BTC, entry_approval
from tests.unit.adapters.venue_ccxt.scenes import X, announced
from tests.unit.adapters.venue_ccxt.stand import CoreWire, Stand, on_stand


def code_of(report: Report) -> str:
    (refusal,) = [e for e in report.events if isinstance(e, OrderRefused)]
    return refusal.code


def test_a_prepared_entry_leaves_in_one_request() -> None:
    """Leverage, modes and filters were looked at before: nothing is asked in between."""

    async def script(stand: Stand) -> None:
        approved = entry_approval()
        assert await stand.venue.prepare(approved, X) is None
        before = len(stand.wire.sent)
        assert stand.held() == 0
        report = await stand.venue.place(approved, X)

        assert report.event is OrderEvent.FILLED
        assert stand.wire.sent[before].path == "/fapi/v1/order"
        assert stand.held() > 0

    on_stand(script)


def test_who_slept_after_the_last_look_sends_what_the_venue_throws_away() -> None:
    async def script(stand: Stand) -> None:
        approved = entry_approval()
        assert await stand.venue.prepare(approved, X) is None
        stand.wire.pass_ms(10_000)
        report = await stand.venue.place(approved, X)

        assert report.event is OrderEvent.REJECTED
        assert code_of(report) == "-1021"
        assert len(stand.calls("order", "POST")) == 1
        assert stand.held() == 0

    on_stand(script)


def test_a_stream_that_was_lost_meanwhile_keeps_the_order_back() -> None:
    async def script(stand: Stand) -> None:
        approved = entry_approval()
        assert await stand.venue.prepare(approved, X) is None
        stand.venue.parts.liveness.lost("the socket was closed")
        report = await stand.venue.place(approved, X)

        assert code_of(report) == "STREAM_SILENT"
        assert stand.calls("order", "POST") == []

    on_stand(script)


def test_a_condition_that_does_not_hold_is_told_before_anything_is_sent() -> None:
    async def script(stand: Stand) -> None:
        stand.core.venue.modes.dual_side = True
        refusal = await stand.venue.prepare(entry_approval(), X)

        assert refusal is not None
        assert code_of(refusal) == "ACCOUNT_MODE"
        assert stand.calls("order", "POST") == []

    on_stand(script)


def test_an_old_writer_that_wakes_up_behind_a_proof_of_absence_opens_nothing() -> None:
    """Law 8: what another process has proved absent never comes, whoever wakes up late."""

    async def script(stand: Stand) -> None:
        old, sending = stand.venue, announced(stand)
        asleep = [True]

        class Frozen:
            """The old process is stopped right before the bytes of its order leave."""

            def __getattr__(self, name: str) -> object:
                return getattr(stand.wire, name)

            async def send(self, method: str, params: Mapping[str, str]) -> Answer:
                if method == "fapiPrivatePostOrder" and asleep.pop():
                    stand.venue = stand.make()
                    stand.venue.restore((sending,))
                    await stand.begin()
                    asleep.append(False)
                    assert await _ended(stand) is OrderEvent.FOUND_ABSENT
                return await CoreWire.send(stand.wire, method, params)

        old.parts.transport._wire = Frozen()  # type: ignore[assignment]
        report = await old.place(entry_approval(), X)

        assert report.event is OrderEvent.REJECTED
        assert stand.held() == 0
        assert len(stand.calls("order", "POST")) == 1

    on_stand(script)


async def _ended(stand: Stand) -> OrderEvent:
    """Look up until the order's end is proved."""
    for _ in range(90):
        found = await stand.venue.find(BTC, ClientOrderId(X))
        if found.event is not OrderEvent.TIMED_OUT:
            return found.event
        await stand.venue._beat()
        stand.wire.pass_ms(1_000)
    return OrderEvent.TIMED_OUT
