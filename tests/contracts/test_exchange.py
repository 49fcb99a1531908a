"""What every simulated venue must do. A new adapter adds one line to VENUES."""

from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.market import Funding, Tick
from bridge_patch.domain.order import OrderEvent
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.ports import Report, Venue
from tests.contracts.approvals import BTC, reduction_approval
from tests.contracts.venues import (
    NewVenue,
    armed,
    as_position,
    found,
    opened,
    order,
    reading,
    run,
    tick,
)
from tests.questions import NOW

D = Decimal


def test_a_venue_that_has_seen_nothing_cannot_be_read(new_venue: NewVenue) -> None:
    """Not knowing is a value: no equity without a price and a time."""
    assert isinstance(run(new_venue(D(10_000)).read()), Unknown)


def test_an_entry_fills_and_shows_up_in_the_account(venue: Venue) -> None:
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
    run(poor.advance(tick(0, "95000")))
    report = opened(poor)
    (refused,) = report.events

    assert report.event is OrderEvent.REJECTED
    assert isinstance(refused, OrderRefused)
    assert refused.code == "-2019"
    assert reading(poor).positions == ()
    assert found(poor, "entry") is OrderEvent.REJECTED


def test_a_reduction_at_market_closes_what_it_says(venue: Venue) -> None:
    opened(venue)
    part = reduction_approval(position=as_position(venue), quantity="0.05")
    report = run(venue.reduce(part, order("part")))

    assert report.event is OrderEvent.FILLED
    assert as_position(venue).quantity_base == D("0.055")


def test_a_reduction_after_the_position_is_gone_is_rejected(venue: Venue) -> None:
    """An approval that came late must find nothing to open."""
    opened(venue)
    late = reduction_approval(position=as_position(venue))
    run(venue.reduce(late, order("first")))
    report = run(venue.reduce(late, order("second")))

    assert report.event is OrderEvent.REJECTED
    assert reading(venue).positions == ()


def test_a_resting_stop_protects_and_then_fires(venue: Venue) -> None:
    opened(venue)
    report = armed(venue, "94000")
    assert report.event is OrderEvent.ACCEPTED
    assert isinstance(report.events[0], StopArmed)
    assert reading(venue).positions[0].stop_price_usd == D(94_000)
    assert found(venue, "stop") is OrderEvent.ACCEPTED

    assert run(venue.advance(tick(1, "94000.1", "95000"))) == ()
    (fill,) = run(venue.advance(tick(2, "93000", "95000")))
    assert isinstance(fill, Filled)
    assert fill.kind is FillKind.STOP
    assert fill.price_usd < 94_000
    assert found(venue, "stop") is OrderEvent.FILLED
    assert reading(venue).positions == ()


def test_a_stop_moves_by_new_first_then_cancel(venue: Venue) -> None:
    opened(venue)
    armed(venue, "94000", "old")
    armed(venue, "94500", "new")
    report = run(venue.cancel(BTC, order("old")))

    assert report.event is OrderEvent.CANCELLED
    assert isinstance(report.events[0], OrderEnded)
    assert found(venue, "old") is OrderEvent.CANCELLED
    assert reading(venue).positions[0].stop_price_usd == D(94_500)


def test_a_stop_beyond_the_price_is_rejected(venue: Venue) -> None:
    """It would fire at once: the caller must learn that there is no protection."""
    opened(venue)
    report = armed(venue, "95000")

    assert report.event is OrderEvent.REJECTED
    assert isinstance(report.events[0], OrderRefused)
    assert report.events[0].code == "-2021"
    assert reading(venue).positions[0].stop_price_usd is None


def test_a_cancel_that_comes_too_late_says_what_became_of_the_order(
    venue: Venue,
) -> None:
    opened(venue)
    armed(venue, "94000")
    run(venue.advance(tick(1, "93000", "95000")))

    assert run(venue.cancel(BTC, order("stop"))).event is OrderEvent.FILLED
    assert run(venue.cancel(BTC, order("never"))).event is OrderEvent.FOUND_ABSENT


def test_find_tells_filled_from_absent_and_repeats_no_events(venue: Venue) -> None:
    """Events are told once, in the report of the call: a second telling would be booked."""
    opened(venue)

    assert run(venue.find(BTC, order("entry"))) == Report(event=OrderEvent.FILLED)
    assert found(venue, "nothing") is OrderEvent.FOUND_ABSENT


def test_a_venue_is_the_fold_of_what_it_reported(venue: Venue, new_venue: NewVenue) -> None:
    """A process that dies loses nothing: the journal's events make the same venue again."""
    told: list[VenueEvent] = [*opened(venue).events]
    told += armed(venue, "94000").events
    told += run(
        venue.reduce(
            reduction_approval(position=as_position(venue), quantity="0.05"), order("part")
        )
    ).events
    told += run(venue.advance(tick(1, "94500", "95000")))
    again = new_venue(D(10_000))
    again.restore(told)
    run(again.advance(tick(1, "94500", "95000")))

    assert reading(again) == reading(venue)
    assert [found(again, name) for name in ("entry", "stop", "part", "nothing")] == [
        OrderEvent.FILLED,
        OrderEvent.ACCEPTED,
        OrderEvent.FILLED,
        OrderEvent.FOUND_ABSENT,
    ]
    later = tick(2, "90000", "95000")
    assert run(again.advance(later)) == run(venue.advance(later)) != ()


def test_an_order_that_was_not_recorded_was_never_placed(
    venue: Venue, new_venue: NewVenue
) -> None:
    """Crash between the venue's answer and the journal: the venue forgets with us."""
    opened(venue)
    again = new_venue(D(10_000))
    again.restore([])
    run(again.advance(tick(0, "95000")))

    assert found(again, "entry") is OrderEvent.FOUND_ABSENT
    assert reading(again).positions == ()


def test_the_same_tick_twice_happens_once(venue: Venue) -> None:
    """A feed that resumes after a crash repeats its last tick."""
    opened(venue)
    armed(venue, "94000")
    crash = tick(1, "93000", "95000")

    assert len(run(venue.advance(crash))) == 1
    assert run(venue.advance(crash)) == ()


def test_funding_is_settled_once_and_before_the_bars_of_its_tick(
    venue: Venue, new_venue: NewVenue
) -> None:
    """0.105 BTC at 95,000 is 9,975: 0.01 % of it is 0.9975, whatever the bar does then."""
    told = list(opened(venue).events)
    before = reading(venue)
    funding = Funding(symbol=BTC, at_ms=UnixMs(NOW + 5), rate_fraction=D("0.0001"))
    crash = replace(tick(1, "60000", "94000"), fundings=(funding,))
    paid, closed, *_ = events = run(venue.advance(crash))

    assert isinstance(paid, FundingPaid)
    assert isinstance(closed, Filled)
    assert (paid.amount_usd, paid.at_ms) == (D("-0.9975"), NOW + 5)
    assert closed.kind is FillKind.LIQUIDATION
    lost = before.positions[0].margin_usd
    assert reading(venue).equity_usd == before.available_usd
    assert closed.margin_usd == D("0.9975") - lost
    again = new_venue(D(10_000))
    again.restore([*told, *events])
    assert run(again.advance(crash)) == run(venue.advance(crash)) == ()
    assert reading(again) == reading(venue)


def test_what_the_volume_cannot_fill_expires_and_the_rest_is_a_filled_order(
    venue: Venue,
) -> None:
    """0.5 BTC traded: 0.05 of the 0.105 asked for; `find` must not call it cancelled."""
    (bar,) = tick(1, "95000").bars
    thin = Tick(at_ms=bar.close_ms, bars=(replace(bar, volume=D("0.5")),))
    run(venue.advance(thin))
    report = opened(venue)
    fill, ended = report.events

    assert report.event is found(venue, "entry") is OrderEvent.FILLED
    assert isinstance(fill, Filled)
    assert isinstance(ended, OrderEnded)
    assert fill.quantity_base == reading(venue).positions[0].quantity_base == D("0.05")
    assert ended.order_id == fill.order_id == "entry"
