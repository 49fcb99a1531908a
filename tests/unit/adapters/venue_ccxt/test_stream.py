"""The user stream's life: what ends it, what waits meanwhile, and that nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from bridge_patch.adapters.venue_ccxt.liveness import BEHIND_MAX_MS, Liveness
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.order import OrderEvent
from bridge_patch.domain.venue_events import OrderRefused, VenueEvent
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.stand import Sent, Stand, traded


def living(script: Callable[[Stand], Awaitable[None]]) -> None:
    """Run a script beside the real life of the stream, on the moved clock."""

    async def go() -> None:
        stand = Stand(streaming=False)
        await stand.venue.begin()
        try:
            await until(stand, alive=True)
            await script(stand)
        finally:
            await stand.venue.close()
        assert stand.wire.closed

    asyncio.run(go())


async def until(stand: Stand, *, alive: bool, turns: int = 400) -> None:
    """Let the stream's task run until it lives, or does not."""
    for _ in range(turns):
        await asyncio.sleep(0)
        if isinstance(stand.venue.alive_since_ms(), Unknown) is not alive:
            return
    raise AssertionError(stand.venue.alive_since_ms())


async def settle(turns: int = 30) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def refusal_of(stand: Stand, name: str) -> str:
    report = await stand.open(name)
    assert report.event is OrderEvent.REJECTED
    (refused,) = [e for e in report.events if isinstance(e, OrderRefused)]
    return refused.code


def test_entries_wait_until_the_stream_lives() -> None:
    async def go() -> None:
        stand = Stand(streaming=False)
        assert await refusal_of(stand, "bp-0") == "STREAM_SILENT"
        await stand.venue.begin()
        await until(stand, alive=True)
        assert (await stand.open()).event is OrderEvent.FILLED
        await stand.venue.close()

    asyncio.run(go())


def test_what_happens_is_told_once_by_whatever_way() -> None:
    async def script(stand: Stand) -> None:
        told: list[VenueEvent] = []
        told += (await stand.open()).events
        told += (await stand.stop("94500")).events
        stand.move("94400", low="94400")
        await settle()
        told += await stand.events()
        told += await stand.events()

        assert traded(tuple(told)) == stand.held() == 0

    living(script)


@pytest.mark.parametrize(
    "setting",
    [AccountSetting(expire_listen_key=True), AccountSetting(drop_sockets=True)],
    ids=["key expired", "socket dropped"],
)
def test_a_stream_that_ends_is_rebuilt_and_what_was_missed_is_caught_up(
    setting: AccountSetting,
) -> None:
    async def script(stand: Stand) -> None:
        told = list((await stand.open()).events)
        told += (await stand.stop("94500")).events
        set_account(stand.core, setting)
        stand.core.venue.modes.listen_key = ""
        await until(stand, alive=False)
        stand.move("94400", low="94400")
        await until(stand, alive=True)
        told += await stand.events()

        assert traded(tuple(told)) == stand.held() == 0
        assert any("rebuilt" in note for note in stand.notes.notes)

    living(script)


def test_silent_user_stream_is_detected() -> None:
    """M-88: the user stream died silently; its socket stayed open and sent nothing.

    Trades are found by a query and never told. Entries stop within the limit, the stream is
    rebuilt, what it did not tell is caught up, and entries go on.
    """

    async def script(stand: Stand) -> None:
        stand.dispose(silent_user_stream=True)
        assert (await stand.open()).event is OrderEvent.FILLED
        began_ms = stand.clock.now_ms()
        await until(stand, alive=False)
        assert stand.clock.now_ms() - began_ms <= BEHIND_MAX_MS + 3_000
        assert await refusal_of(stand, "bp-2") == "STREAM_SILENT"
        await settle(50)
        assert any("does not tell" in note for note in stand.notes.notes)
        stand.dispose()
        await until(stand, alive=True, turns=2_000)
        assert stand.venue.parts.facts.fold.positions[BTC].signed_base == stand.held() > 0

    living(script)


def test_a_silent_stream_is_found_out_by_the_account_too() -> None:
    """Somebody trades by hand: nothing of ours is awaited, the account tells."""

    async def script(stand: Stand) -> None:
        await settle()
        stand.dispose(silent_user_stream=True)
        stamp = str(stand.clock.now_ms())
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.02"}
        await stand.wire.send("fapiPrivatePostOrder", {**order, "timestamp": stamp})
        await until(stand, alive=False, turns=2_000)
        await settle(50)
        assert any("is silent" in note for note in stand.notes.notes)

    living(script)


def test_a_stream_that_cannot_be_had_is_tried_again_slower_and_slower() -> None:
    async def go() -> None:
        stand = Stand(streaming=False)
        stand.core.plan(
            [Fault(kind=FaultKind.EMPTY, path="/fapi/v1/listenKey", count=None)]
        )
        pauses: list[int] = []

        async def pause(time_ms: int) -> None:
            pauses.append(time_ms)
            if len(pauses) == 9:
                raise asyncio.CancelledError
            await asyncio.sleep(0)

        object.__setattr__(stand.venue.parts, "pause", pause)
        with suppress(asyncio.CancelledError):
            await stand.venue.stream.run()
        assert pauses[:4] == [500, 1_000, 2_000, 4_000]
        assert pauses[-1] == 30_000

    asyncio.run(go())


def test_an_error_that_nobody_expected_ends_one_life_and_not_the_task() -> None:
    async def go() -> None:
        stand = Stand(streaming=False)

        def broken(sent: Sent) -> None:
            if sent.path.endswith("listenKey"):
                stand.wire.instead = lambda _: None
                raise ZeroDivisionError

        stand.wire.instead = broken
        await stand.venue.begin()
        try:
            await until(stand, alive=True)
        finally:
            await stand.venue.close()
        (said,) = [n for n in stand.notes.notes if "rebuilt" in n]
        assert "ZeroDivisionError" in said

    asyncio.run(go())


def test_the_key_is_extended_and_the_day_ends_in_a_new_socket() -> None:
    async def script(stand: Stand) -> None:
        for _ in range(30):
            stand.wire.pass_ms(60_000)
            await until(stand, alive=True)
            await settle()
        kept = [s for s in stand.wire.sent if s.path.endswith("listenKey")]
        assert [s.method for s in kept].count("PUT") >= 1

    living(script)


def test_a_frame_that_cannot_be_read_ends_the_stream() -> None:
    """An event that was not understood was not heard."""

    async def script(stand: Stand) -> None:
        assert stand.wire.connection is not None
        stand.wire.connection.frames.append('{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{}}')
        await until(stand, alive=False)
        await until(stand, alive=True)

    living(script)


def test_a_changed_mode_is_looked_at_again() -> None:
    async def script(stand: Stand) -> None:
        assert (await stand.open()).event is OrderEvent.FILLED
        set_account(stand.core, AccountSetting(multi_assets=True))
        await settle()
        assert await refusal_of(stand, "bp-2") == "ACCOUNT_MODE"

    living(script)


def test_liveness_ends_by_each_of_its_causes_and_by_no_other() -> None:
    def alive(change: Callable[[Liveness], None], now_ms: int) -> bool:
        live = Liveness()
        live.opened(0)
        change(live)
        return not isinstance(live.alive_since_ms(now_ms), Unknown)

    assert isinstance(Liveness().alive_since_ms(0), Unknown)
    assert alive(lambda _: None, 10_000)
    assert not alive(lambda live: live.lost("gone"), 1)
    assert not alive(lambda _: None, 50_000)  # no beat
    assert alive(lambda live: live.beat("a", 45_000), 50_000)
    assert alive(lambda live: live.found("t", 0), BEHIND_MAX_MS)
    assert not alive(lambda live: live.found("t", 0), BEHIND_MAX_MS + 1)

    def changed(live: Liveness) -> None:
        live.beat("flat", 100)
        live.beat("long", 200)

    def told(live: Liveness) -> None:
        live.beat("flat", 100)
        live.heard()
        live.beat("long", 200)
        live.found("t", 0)
        live.streamed("t")

    def told_late(live: Liveness) -> None:
        changed(live)
        live.heard()

    assert alive(changed, BEHIND_MAX_MS + 200)
    assert not alive(changed, BEHIND_MAX_MS + 201)
    assert alive(told, 30_000)
    assert alive(told_late, 30_000)
