"""The fault matrix: each thing the venue may do, crossed with each way to lose the answer.

The invariants of every cell: what was told adds up to what the venue holds, no order is at
the venue twice, nothing that stands there was called refused or absent, and what is not
known is found out within a bounded time.
"""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

import pytest

from bridge_patch.app.binance_server.faults import FaultKind
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import Filled, StopArmed, VenueEvent
from bridge_patch.services.ports import Report
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.stand import D, Stand, on_stand

#: Ways to lose an answer that leave it open whether the request was carried out.
OPEN_KINDS: tuple[tuple[FaultKind, dict[str, object]], ...] = (
    (FaultKind.LOST, {}),
    (FaultKind.RESET, {}),
    (FaultKind.CUT, {}),
    (FaultKind.EMPTY, {}),
    (FaultKind.HTML, {}),
    (FaultKind.BROKEN_JSON, {}),
    (FaultKind.UNKNOWN_503, {}),
    (FaultKind.UNKNOWN_503_NO_CODE, {}),
    (FaultKind.CODE, {"code": -1000}),
    (FaultKind.CODE, {"code": -1001}),
    (FaultKind.CODE, {"code": -1006}),
    (FaultKind.CODE, {"code": -1007}),
    (FaultKind.CODE, {"code": -9999}),
    (FaultKind.STATUS, {"status": 500}),
    (FaultKind.STATUS, {"status": 502}),
    (FaultKind.STATUS, {"status": 504}),
    (FaultKind.STATUS, {"status": 408}),
    (FaultKind.LATENCY, {"delay_ms": 9_000}),
)
#: Answers that prove a failure.
SURE_KINDS: tuple[tuple[FaultKind, dict[str, object]], ...] = (
    (FaultKind.UNAVAILABLE_503, {}),
    (FaultKind.INTERNAL_503, {}),
    (FaultKind.OVERLOAD_1008, {}),
    (FaultKind.LIMIT_429, {}),
    (FaultKind.CODE, {"code": -2019}),
    (FaultKind.CODE, {"code": -1021}),
    (FaultKind.STATUS, {"status": 404}),
)


@dataclass(frozen=True)
class Cell:
    """One fault on one kind of order, with or without the stream."""

    leg: str
    kind: FaultKind
    rest: tuple[tuple[str, object], ...]
    accepted: bool
    streaming: bool

    def __str__(self) -> str:
        said = "-".join(str(value) for _, value in self.rest)
        carried = "taken" if self.accepted else "dropped"
        told = "streamed" if self.streaming else "silent"
        return f"{self.leg}-{self.kind}{said}-{carried}-{told}"


def cells() -> Iterator[Cell]:
    for leg in ("entry", "close", "stop"):
        for kind, rest in OPEN_KINDS:
            late = kind is FaultKind.LATENCY  # it is carried out, and answered too late
            for accepted in (True,) if late else (True, False):
                for streaming in (True, False):
                    yield Cell(leg, kind, tuple(rest.items()), accepted, streaming)


def sure_cells() -> Iterator[Cell]:
    for leg in ("entry", "close", "stop"):
        for kind, rest in SURE_KINDS:
            yield Cell(leg, kind, tuple(rest.items()), accepted=False, streaming=True)


async def acted(stand: Stand, cell: Cell) -> Report:
    """Do the thing, with the fault in its way."""
    path = "algoOrder" if cell.leg == "stop" else "order"
    rest = dict(cell.rest)
    if cell.leg != "entry":
        await stand.open()
        await stand.stop("90000", "bp-first")
    stand.streaming = cell.streaming
    stand.fault(
        cell.kind, method="POST", path=f"/fapi/v1/{path}", accepted=cell.accepted, **rest
    )
    acts: dict[str, Callable[[], Coroutine[object, object, Report]]] = {
        "entry": lambda: stand.open("bp-x"),
        "close": lambda: stand.close("bp-x"),
        "stop": lambda: stand.stop("91000", "bp-x"),
    }
    return await acts[cell.leg]()


async def resolved(stand: Stand, report: Report, told: list[VenueEvent]) -> Report:
    """Look up what is unknown as the keeper does: at each tick, until it is settled."""
    for _ in range(90):
        told += report.events
        if report.event is not OrderEvent.TIMED_OUT:
            return report
        stand.wire.pass_ms(1_000)
        told += await stand.events()
        report = await stand.venue.find(BTC, ClientOrderId("bp-x"))
    return report


def orders_at_venue(stand: Stand, name: str) -> int:
    records = stand.core.venue.records
    own = [o for o in records.orders.values() if o.client_id == name]
    algos = [a for a in records.algos.values() if a.client_id == name]
    return len(algos) or len(own)


def held_as_told(told: list[VenueEvent]) -> object:
    fills = {e.trade_id: e for e in told if isinstance(e, Filled)}
    assert len(fills) == len([e for e in told if isinstance(e, Filled)])
    return sum((f.quantity_base * f.side.sign for f in fills.values()), D(0))


@pytest.mark.parametrize("cell", list(cells()), ids=str)
def test_a_lost_answer_is_found_out_and_never_becomes_a_second_order(cell: Cell) -> None:
    async def script(stand: Stand) -> None:
        told: list[VenueEvent] = []
        report = await acted(stand, cell)
        there = orders_at_venue(stand, "bp-x")
        assert there == int(cell.accepted)
        assert report.event not in {OrderEvent.REJECTED, OrderEvent.FOUND_ABSENT}
        report = await resolved(stand, report, told)
        told += await stand.events()

        assert orders_at_venue(stand, "bp-x") == there
        assert report.event in expected(cell), report
        if cell.leg == "stop":
            armed = [e.order_id for e in told if isinstance(e, StopArmed)]
            assert armed.count(ClientOrderId("bp-x")) == there
        if cell.leg == "entry":
            assert held_as_told(told) == stand.held()
        position = stand.venue.parts.facts.fold.positions.get(BTC)
        assert stand.held() == (position.signed_base if position else 0)

    on_stand(script)


def expected(cell: Cell) -> set[OrderEvent]:
    """What it must be found to be; a stop is never called absent while it could live."""
    if cell.accepted:
        return {OrderEvent.ACCEPTED if cell.leg == "stop" else OrderEvent.FILLED}
    if cell.leg == "stop":
        return {OrderEvent.TIMED_OUT}
    return {OrderEvent.FOUND_ABSENT}


@pytest.mark.parametrize("cell", list(sure_cells()), ids=str)
def test_a_sure_failure_refuses_an_entry_and_lets_a_reduction_try_again(cell: Cell) -> None:
    async def script(stand: Stand) -> None:
        report = await acted(stand, cell)
        overload = cell.kind is FaultKind.OVERLOAD_1008
        again = cell.kind in {FaultKind.UNAVAILABLE_503, FaultKind.INTERNAL_503} or overload
        stamped = ("code", -1021) in cell.rest
        done = (stamped or again) and cell.leg != "entry"

        assert orders_at_venue(stand, "bp-x") == int(done)
        if done:
            assert report.event in {OrderEvent.FILLED, OrderEvent.ACCEPTED}
        else:
            assert report.event is OrderEvent.REJECTED

    on_stand(script)


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(("kind", "rest"), OPEN_KINDS[:-1])
def test_a_cancel_whose_answer_is_lost_ends_with_the_stop_gone(
    kind: FaultKind, rest: dict[str, object], accepted: bool
) -> None:
    """A cancel may arrive twice: the second is what we go by."""

    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.stop("90000")
        stand.fault(
            kind, method="DELETE", path="/fapi/v1/algoOrder", accepted=accepted, **rest
        )
        report = await stand.venue.cancel(BTC, ClientOrderId("bp-stop"))

        assert report.event is OrderEvent.CANCELLED
        assert stand.core.venue.records.open_algos(BTC) == []

    on_stand(script)


@pytest.mark.parametrize("leg", ["entry", "close", "stop"])
def test_a_connection_that_was_never_made_sent_nothing(leg: str) -> None:
    async def script(stand: Stand) -> None:
        await stand.open()
        await stand.events()
        stand.wire.unreachable = True
        position = stand.position()
        if leg == "entry":
            report = await stand.open("bp-x")
        elif leg == "close":
            report = await stand.close("bp-x")
        else:
            report = await stand.stop("90000", "bp-x")

        assert report.event is OrderEvent.REJECTED
        assert stand.position() == position

    on_stand(script)


def test_an_order_that_rest_lags_behind_is_found_and_not_closed() -> None:
    """-2013 at first and visible later: absence was never proved in between."""

    async def script(stand: Stand) -> None:
        stand.dispose(rest_lag_ms=20_000)
        stand.streaming = False
        stand.fault(FaultKind.RESET, method="POST", path="/fapi/v1/order", accepted=True)
        told: list[VenueEvent] = []
        report = await resolved(stand, await stand.open("bp-x"), told)

        assert report.event is OrderEvent.FILLED
        assert held_as_told(told) == stand.held() != 0
        assert stand.clock.now_ms() >= UnixMs(20_000)

    on_stand(script)
