"""A trade that neither the stream nor the first look at the records told is told yet."""

from bridge_patch.adapters.venue_ccxt.agreement import AGAIN_MS, APART_MAX_MS, Agreement
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.venue_events import FillKind
from tests.contracts.approvals import BTC, SOL
from tests.unit.adapters.venue_ccxt.stand import D, Stand, on_stand, traded


def test_a_stop_that_fired_while_stream_and_records_were_blind_is_found() -> None:
    """The soak's seed 10: the socket dropped, the lists lagged, and both came back."""

    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("94500")
        bought = stand.held()
        await stand.events()
        stand.streaming = False
        stand.dispose(rest_lag_ms=90_000)
        stand.move("94000", low="94000")
        assert stand.held() == 0
        assert stand.stream is not None
        stand.stream.take()  # nobody heard these
        stand.streaming = True
        assert await stand.venue.stream.catch_up()
        stand.venue.parts.liveness.opened(stand.clock.now_ms())
        assert await stand.events() == ()

        stand.dispose()
        for _ in range(8):
            stand.wire.pass_ms(15_000)
            await stand.venue.stream.beat()
        told = await stand.events()
        assert traded(told) == -bought
        assert [e.kind for e in told if hasattr(e, "kind")] == [FillKind.STOP]

        stand.wire.pass_ms(15_000)
        await stand.venue.stream.beat()
        assert await stand.events() == ()

    on_stand(script)


def test_the_records_are_asked_where_it_stays_and_not_at_every_beat() -> None:
    """Somebody else's position stays apart for ever: that must not use up the weight."""
    agreement, held = Agreement(), {SOL: D(1)}
    agreement.compare(held, held, 1_000)
    assert not agreement.is_due(UnixMs(10**6))
    agreement.compare(held, {}, 2_000)
    assert agreement.since_ms(SOL) == 1_000
    assert agreement.since_ms(BTC) is None
    assert not agreement.is_due(2_000 + APART_MAX_MS)
    assert agreement.is_due(2_001 + APART_MAX_MS)
    assert not agreement.is_due(2_000 + APART_MAX_MS + AGAIN_MS)
    assert agreement.is_due(2_001 + APART_MAX_MS + AGAIN_MS)
    agreement.compare(held, held, 90_000)
    assert agreement.since_ms(SOL) is None
    assert not agreement.is_due(10**6)
