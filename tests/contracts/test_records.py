"""What every venue must state of an account: its own records, of each kind of order."""

from decimal import Decimal

from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.domain.venue_events import Filled
from bridge_patch.domain.venue_records import (
    OrderRecord,
    PositionRecord,
    Service,
    VenueRecords,
)
from bridge_patch.services.ports import Venue
from tests.contracts.approvals import BTC, reduction_approval
from tests.contracts.venues import (
    NewVenue,
    armed,
    as_position,
    opened,
    order,
    reading,
    run,
    tick,
)
from tests.questions import NOW

D = Decimal


def records(venue: Venue) -> VenueRecords:
    read = run(venue.records())
    assert isinstance(read, VenueRecords)
    return read


def test_a_venue_that_has_seen_nothing_has_no_records(new_venue: NewVenue) -> None:
    """Not knowing is a value: an account that could not be read is not a flat one."""
    assert isinstance(run(new_venue(D(10_000)).records()), Unknown)


def test_an_untouched_account_is_stated_whole(venue: Venue) -> None:
    assert records(venue) == VenueRecords(
        at_ms=NOW,
        wallet_usd=D(10_000),
        positions=(),
        orders=(),
        one_way=True,
        single_asset=True,
    )


def test_a_position_is_stated_with_its_leverage_and_its_margin_mode(venue: Venue) -> None:
    report = opened(venue, Side.SELL)
    (held,) = reading(venue).positions

    assert records(venue).positions == (
        PositionRecord(
            symbol=BTC,
            side=Side.SELL,
            quantity_base=held.quantity_base,
            entry_price_usd=held.entry_price_usd,
            leverage=10,
            isolated=True,
        ),
    )
    (fill,) = report.events
    assert isinstance(fill, Filled)
    assert records(venue).wallet_usd == D(10_000) - fill.fee_usd


def test_every_resting_stop_is_stated_until_it_ends(venue: Venue) -> None:
    opened(venue)
    armed(venue, "94000", "old")
    armed(venue, "94500", "new")
    stops = records(venue).orders

    assert stops[0] == OrderRecord(
        symbol=BTC,
        order_id=order("old"),
        service=Service.CONDITIONAL,
        side=Side.SELL,
        quantity_base=None,
        trigger_usd=D(94_000),
        reduce_only=True,
    )
    assert [(o.order_id, o.trigger_usd) for o in stops[1:]] == [("new", D(94_500))]
    run(venue.cancel(BTC, order("old")))
    assert [o.order_id for o in records(venue).orders] == ["new"]
    run(venue.advance(tick(1, "93000", "95000")))
    assert (records(venue).orders, records(venue).positions) == ((), ())


def test_the_wallet_moves_by_what_was_realised_and_by_nothing_else(venue: Venue) -> None:
    """A gain that is not taken is none of the wallet's."""
    opened(venue)
    before = records(venue).wallet_usd
    run(venue.advance(tick(1, "97000")))
    assert records(venue).wallet_usd == before
    report = run(
        venue.reduce(reduction_approval(position=as_position(venue)), order("out"))
    )
    (fill,) = report.events

    assert isinstance(fill, Filled)
    assert fill.realised_usd > 0
    assert records(venue).wallet_usd == before + fill.realised_usd - fill.fee_usd
