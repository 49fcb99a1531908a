"""A handful of cells over real HTTP and websockets: ccxt, aiohttp, and the served exchange.

The rest of the matrix runs on a virtual clock beside the adapter's unit tests.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue, open_venue
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.core import CREDENTIALS
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.position import Position
from bridge_patch.domain.secret import Secret
from bridge_patch.domain.venue_events import Filled, VenueEvent
from bridge_patch.services.ports import AccountReading
from tests.contracts.approvals import BTC, entry_approval, reduction_approval
from tests.contracts.test_foreign_clients import Floor, floor
from tests.unit.adapters.venue_ccxt.stand import Notes, traded

D = Decimal


class Trading:
    """A venue that lives, on an exchange that is served."""

    def __init__(self, floor_: Floor, venue: CcxtVenue, notes: Notes) -> None:
        self.floor, self.venue, self.notes = floor_, venue, notes

    async def until(self, holds: Callable[[], bool], seconds: float = 10.0) -> None:
        for _ in range(int(seconds * 100)):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.notes.notes)

    async def alive(self) -> None:
        await self.until(lambda: not isinstance(self.venue.alive_since_ms(), Unknown))

    async def events(self) -> tuple[VenueEvent, ...]:
        at_ms = UnixMs(SystemClock().now_ms())
        return await self.venue.advance(Tick(at_ms=at_ms, bars=()))

    def position(self) -> Position:
        return self.floor.core.venue.exchange.positions[BTC]

    def held(self) -> Decimal:
        position = self.floor.core.venue.exchange.positions.get(BTC)
        return position.signed_base if position else D(0)


@asynccontextmanager
async def trading() -> AsyncIterator[Trading]:
    notes = Notes()
    async with floor() as there:
        await there.play("95000")
        set_account(there.core, AccountSetting(margin_types={BTC: "ISOLATED"}))
        venue = open_venue(
            environment_of("simulator", f"http://127.0.0.1:{there.port}"),
            Secret(CREDENTIALS.api_key),
            Secret(CREDENTIALS.secret),
            clock=SystemClock(),
            telemetry=notes,
        )
        await venue.begin()
        desk = Trading(there, venue, notes)
        try:
            await desk.alive()
            yield desk
        finally:
            await venue.close()


def on_floor(script: Callable[[Trading], Awaitable[None]]) -> None:
    async def go() -> None:
        async with trading() as desk:
            await script(desk)

    asyncio.run(go())


async def entered(
    desk: Trading, name: str = "bp-entry"
) -> tuple[OrderEvent, tuple[VenueEvent, ...]]:
    report = await desk.venue.place(entry_approval(), ClientOrderId(name))
    return report.event, report.events


def test_an_entry_its_stop_and_what_the_stop_does() -> None:
    async def script(desk: Trading) -> None:
        event, told = await entered(desk)
        assert event is OrderEvent.FILLED
        assert traded(told) == desk.held() == D("0.105")
        stop = reduction_approval(position=desk.position(), stop_at="94500")
        assert (await desk.venue.reduce(stop, ClientOrderId("bp-stop"))).event is (
            OrderEvent.ACCEPTED
        )
        read = await desk.venue.read()
        assert isinstance(read, AccountReading)
        assert read.positions[0].stop_price_usd == D(94500)
        assert read.positions[0].quantity_base == desk.held()

        await desk.floor.play("94000")
        await desk.until(lambda: not desk.venue.parts.facts.fold.positions)
        (fill,) = [e for e in await desk.events() if isinstance(e, Filled)]
        assert fill.order_id == "bp-stop"
        assert desk.held() == 0

    on_floor(script)


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET,
        FaultKind.CUT,
        FaultKind.EMPTY,
        FaultKind.HTML,
        FaultKind.UNKNOWN_503_NO_CODE,
    ],
)
def test_a_lost_answer_over_http_is_found_out(kind: FaultKind, accepted: bool) -> None:
    async def script(desk: Trading) -> None:
        fault = Fault(kind=kind, method="POST", path="/fapi/v1/order", accepted=accepted)
        desk.floor.core.plan([fault])
        event, told = await entered(desk)
        assert event is not OrderEvent.REJECTED
        if accepted:
            held = desk.held()
            assert held != 0
            all_told = [*told]
            for _ in range(50):
                report = await desk.venue.find(BTC, ClientOrderId("bp-entry"))
                all_told += [*report.events, *await desk.events()]
                if report.event is OrderEvent.FILLED:
                    break
                await asyncio.sleep(0.05)
            assert traded(tuple(all_told)) == held
        else:
            found = await desk.venue.find(BTC, ClientOrderId("bp-entry"))
            assert (event, found.event) == (OrderEvent.TIMED_OUT, OrderEvent.TIMED_OUT)
            assert desk.held() == 0
        assert len(desk.floor.core.venue.records.orders) == int(accepted)

    on_floor(script)


def test_a_dropped_socket_is_opened_again_and_what_was_missed_is_told() -> None:
    async def script(desk: Trading) -> None:
        await entered(desk)
        stop = reduction_approval(position=desk.position(), stop_at="94500")
        await desk.venue.reduce(stop, ClientOrderId("bp-stop"))
        await desk.events()
        set_account(desk.floor.core, AccountSetting(drop_sockets=True))
        await desk.floor.play("94000")  # what this tells, nobody hears
        await desk.until(lambda: bool(desk.notes.notes))
        await desk.alive()

        (fill,) = [e for e in await desk.events() if isinstance(e, Filled)]
        assert fill.order_id == "bp-stop"
        assert desk.held() == 0

    on_floor(script)


def test_a_wrong_secret_opens_nothing() -> None:
    async def go() -> None:
        async with floor() as there:
            notes = Notes()
            venue = open_venue(
                environment_of("simulator", f"http://127.0.0.1:{there.port}"),
                Secret(CREDENTIALS.api_key),
                Secret("wrong"),
                clock=SystemClock(),
                telemetry=notes,
            )
            await venue.begin()
            await asyncio.sleep(0.2)
            report = await venue.place(entry_approval(), ClientOrderId("bp-1"))
            assert report.event is OrderEvent.REJECTED
            assert isinstance(await venue.read(), Unknown)
            assert there.core.venue.records.orders == {}
            assert "wrong" not in " ".join(notes.notes)
            await venue.close()

    asyncio.run(go())
