"""What every simulated venue must do. A new adapter adds one line to VENUES."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import TypeVar

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.ports import AccountReading, Report, SimulatedVenue
from tests.contracts.approvals import BTC, NOW, entry_approval, reduction_approval

D = Decimal
T = TypeVar("T")
MINUTE = 60_000


def paper(wallet_usd: Decimal) -> SimulatedVenue:
    return PaperVenue(wallet_usd=wallet_usd, instruments=ListedInstruments())


VENUES = [paper]
NewVenue = Callable[[Decimal], SimulatedVenue]


@pytest.fixture(params=VENUES, ids=lambda make: make.__name__)
def new_venue(request: pytest.FixtureRequest) -> NewVenue:
    made: NewVenue = request.param
    return made


@pytest.fixture
def venue(new_venue: NewVenue) -> SimulatedVenue:
    """A venue with 10,000 USD, no position, and BTC at 95,000."""
    fresh = new_venue(D(10_000))
    fresh.advance(tick(0, "95000"))
    return fresh


def run(call: Coroutine[object, object, T]) -> T:
    return asyncio.run(call)


def tick(minute: int, low: str, high: str | None = None, close: str | None = None) -> Tick:
    """One bar of BTC that opens at its high."""
    top = D(high or low)
    at = UnixMs(NOW + minute * MINUTE)
    bar = Bar(
        symbol=BTC,
        open_ms=UnixMs(at - MINUTE),
        close_ms=at,
        open=top,
        high=top,
        low=D(low),
        close=D(close or low),
        volume=D(1),
    )
    return Tick(at_ms=at, bars=(bar,))


def order(name: str) -> ClientOrderId:
    return ClientOrderId(name)


def reading(venue: SimulatedVenue) -> AccountReading:
    read = run(venue.read())
    assert isinstance(read, AccountReading)
    return read


def as_position(venue: SimulatedVenue) -> Position:
    """What the Governor would be shown."""
    (held,) = reading(venue).positions
    return Position(
        symbol=held.symbol,
        signed_base=held.side.sign * held.quantity_base,
        first_base=held.quantity_base,
        entry_price_usd=held.entry_price_usd,
        margin_usd=held.margin_usd,
        opened_ms=NOW,
    )


def opened(venue: SimulatedVenue, side: Side = Side.BUY) -> Report:
    return run(venue.place(entry_approval(side=side), order("entry")))


def armed(venue: SimulatedVenue, price: str, name: str = "stop") -> Report:
    approved = reduction_approval(position=as_position(venue), stop_at=price)
    return run(venue.reduce(approved, order(name)))


def found(venue: SimulatedVenue, name: str) -> OrderEvent:
    return run(venue.find(BTC, order(name))).event


def test_a_venue_that_has_seen_nothing_cannot_be_read(new_venue: NewVenue) -> None:
    """Not knowing is a value: no equity without a price and a time."""
    assert isinstance(run(new_venue(D(10_000)).read()), Unknown)


def test_an_entry_fills_and_shows_up_in_the_account(venue: SimulatedVenue) -> None:
    """1,000 × 10 at 95,000 is 0.105 BTC; slippage and fee come off the equity at once."""
    report = opened(venue)
    (fill,) = report.events
    read = reading(venue)

    assert report.event is OrderEvent.FILLED
    assert isinstance(fill, Filled)
    assert (fill.kind, fill.quantity_base) == (FillKind.ENTRY, D("0.105"))
    assert fill.price_usd > 95_000
    (held,) = read.positions
    assert (held.side, held.quantity_base) == (Side.BUY, D("0.105"))
    assert held.stop_price_usd is None
    slipped = D("0.105") * (fill.price_usd - 95_000)
    assert read.equity_usd == D(10_000) - fill.fee_usd - slipped
    assert read.available_usd == D(10_000) - fill.fee_usd - fill.margin_usd
    assert read.at_ms == NOW


def test_an_entry_that_cannot_be_paid_is_rejected_with_a_code(new_venue: NewVenue) -> None:
    poor = new_venue(D(100))
    poor.advance(tick(0, "95000"))
    report = opened(poor)
    (refused,) = report.events

    assert report.event is OrderEvent.REJECTED
    assert isinstance(refused, OrderRefused)
    assert refused.code == "-2019"
    assert reading(poor).positions == ()
    assert found(poor, "entry") is OrderEvent.REJECTED


def test_a_reduction_at_market_closes_what_it_says(venue: SimulatedVenue) -> None:
    opened(venue)
    part = reduction_approval(position=as_position(venue), quantity="0.05")
    report = run(venue.reduce(part, order("part")))

    assert report.event is OrderEvent.FILLED
    assert as_position(venue).quantity_base == D("0.055")


def test_a_reduction_after_the_position_is_gone_is_rejected(venue: SimulatedVenue) -> None:
    """An approval that came late must find nothing to open."""
    opened(venue)
    late = reduction_approval(position=as_position(venue))
    run(venue.reduce(late, order("first")))
    report = run(venue.reduce(late, order("second")))

    assert report.event is OrderEvent.REJECTED
    assert reading(venue).positions == ()


def test_a_resting_stop_protects_and_then_fires(venue: SimulatedVenue) -> None:
    opened(venue)
    report = armed(venue, "94000")
    assert report.event is OrderEvent.ACCEPTED
    assert isinstance(report.events[0], StopArmed)
    assert reading(venue).positions[0].stop_price_usd == D(94_000)
    assert found(venue, "stop") is OrderEvent.ACCEPTED

    assert venue.advance(tick(1, "94000.1", "95000")) == ()
    (fill,) = venue.advance(tick(2, "93000", "95000"))
    assert isinstance(fill, Filled)
    assert fill.kind is FillKind.STOP
    assert fill.price_usd < 94_000
    assert found(venue, "stop") is OrderEvent.FILLED
    assert reading(venue).positions == ()


def test_a_stop_moves_by_new_first_then_cancel(venue: SimulatedVenue) -> None:
    opened(venue)
    armed(venue, "94000", "old")
    armed(venue, "94500", "new")
    report = run(venue.cancel(BTC, order("old")))

    assert report.event is OrderEvent.CANCELLED
    assert isinstance(report.events[0], OrderEnded)
    assert found(venue, "old") is OrderEvent.CANCELLED
    assert reading(venue).positions[0].stop_price_usd == D(94_500)


def test_a_stop_beyond_the_price_is_rejected(venue: SimulatedVenue) -> None:
    """It would fire at once: the caller must learn that there is no protection."""
    opened(venue)
    report = armed(venue, "95000")

    assert report.event is OrderEvent.REJECTED
    assert isinstance(report.events[0], OrderRefused)
    assert report.events[0].code == "-2021"
    assert reading(venue).positions[0].stop_price_usd is None


def test_a_cancel_that_comes_too_late_says_what_became_of_the_order(
    venue: SimulatedVenue,
) -> None:
    opened(venue)
    armed(venue, "94000")
    venue.advance(tick(1, "93000", "95000"))

    assert run(venue.cancel(BTC, order("stop"))).event is OrderEvent.FILLED
    assert run(venue.cancel(BTC, order("never"))).event is OrderEvent.FOUND_ABSENT


def test_find_tells_filled_from_absent_and_repeats_no_events(venue: SimulatedVenue) -> None:
    """Events are told once, in the report of the call: a second telling would be booked."""
    opened(venue)

    assert run(venue.find(BTC, order("entry"))) == Report(event=OrderEvent.FILLED)
    assert found(venue, "nothing") is OrderEvent.FOUND_ABSENT


def test_a_venue_is_the_fold_of_what_it_reported(
    venue: SimulatedVenue, new_venue: NewVenue
) -> None:
    """A process that dies loses nothing: the journal's events make the same venue again."""
    told: list[VenueEvent] = [*opened(venue).events]
    told += armed(venue, "94000").events
    told += run(
        venue.reduce(
            reduction_approval(position=as_position(venue), quantity="0.05"), order("part")
        )
    ).events
    told += venue.advance(tick(1, "94500", "95000"))
    again = new_venue(D(10_000))
    again.restore(told)
    again.advance(tick(1, "94500", "95000"))

    assert reading(again) == reading(venue)
    assert [found(again, name) for name in ("entry", "stop", "part", "nothing")] == [
        OrderEvent.FILLED,
        OrderEvent.ACCEPTED,
        OrderEvent.FILLED,
        OrderEvent.FOUND_ABSENT,
    ]
    later = tick(2, "90000", "95000")
    assert again.advance(later) == venue.advance(later) != ()


def test_an_order_that_was_not_recorded_was_never_placed(
    venue: SimulatedVenue, new_venue: NewVenue
) -> None:
    """Crash between the venue's answer and the journal: the venue forgets with us."""
    opened(venue)
    again = new_venue(D(10_000))
    again.restore([])
    again.advance(tick(0, "95000"))

    assert found(again, "entry") is OrderEvent.FOUND_ABSENT
    assert reading(again).positions == ()


def test_the_same_tick_twice_happens_once(venue: SimulatedVenue) -> None:
    """A feed that resumes after a crash repeats its last tick."""
    opened(venue)
    armed(venue, "94000")
    crash = tick(1, "93000", "95000")

    assert len(venue.advance(crash)) == 1
    assert venue.advance(crash) == ()
