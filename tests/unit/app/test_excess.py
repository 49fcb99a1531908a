"""A stop took more than was ours: every fold of the journal ends the same after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.doctor.holdings import ours_of
from bridge_patch.app.status.fold import StatusFold
from bridge_patch.app.why.position import opened_by
from bridge_patch.domain.events import Book, Event, Filled, FillKind, RunStarted, Sending
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.evidence.books import books_of
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.ports import Stored
from tests.unit.app.story import RUN
from tests.unit.services.test_ledger import AT, BTC, ENTRY, FILL, sold

D = Decimal
DAY = UnixMs(AT + 86_400_000)
B = IntentId("b")
AGAIN = replace(ENTRY, at_ms=DAY, order_id=ClientOrderId("o-again"), intent_id=B)
ADOPTED = replace(
    FILL,
    at_ms=UnixMs(DAY + 60_000),
    order_id=AGAIN.order_id,
    trade_id=f"adopted-{AGAIN.order_id}",
    intent_id=B,
)


def told(early_ms: int) -> list[Event]:
    """A stop that took 0.02 too much at the end; an entry in doubt that a person adopts."""
    too_much = replace(sold("0.06", FillKind.STOP), at_ms=UnixMs(AT + 1), trade_id="t-2")
    early = replace(
        sold("0.01"), at_ms=UnixMs(early_ms), trade_id="t-3", intent_id=IntentId("x")
    )
    return [RUN, ENTRY, FILL, too_much, AGAIN, early, ADOPTED]


def stored(events: Sequence[Event]) -> list[Stored]:
    return [
        Stored(seq=n, run_id="r", recorded_ms=0, event=event, link="")
        for n, event in enumerate(events, 1)
    ]


def by_ledger(events: Sequence[Event]) -> Decimal:
    ledger = Ledger()
    for event in events:
        ledger.apply(event)
    return ledger.positions[BTC].quantity_base


def by_status(events: Sequence[Event]) -> Decimal:
    fold = StatusFold()
    for one in stored(events):
        fold.apply(one)
    return fold.book(Book.ACCOUNT).holdings.positions[BTC].quantity_base


def by_why(events: Sequence[Event]) -> Decimal:
    fills = [event for event in events if isinstance(event, Filled)]
    sent = [event for event in events if isinstance(event, Sending)]
    held = opened_by(B, fills, sent)
    assert held is not None
    return held.left_base


def by_evidence(events: Sequence[Event]) -> Decimal:
    trade = books_of(events)[Book.ACCOUNT].trades[-1]
    return trade.quantity_base - sum((leg.quantity_base for leg in trade.exits), D(0))


def by_doctor(events: Sequence[Event]) -> Decimal:
    (run,) = (event for event in events if isinstance(event, RunStarted))
    ours = ours_of(stored(events), run.venue)
    assert ours is not None
    return ours.positions[BTC]


def by_paper(events: Sequence[Event]) -> Decimal:
    venue = PaperVenue(wallet_usd=D(10_000), instruments=ListedInstruments())
    venue.restore([event for event in events if isinstance(event, Filled | Sending)])
    stated = asyncio.run(venue.records())
    assert isinstance(stated, VenueRecords)
    return stated.positions[0].quantity_base


@pytest.mark.parametrize(("early_ms", "left"), [(DAY + 1, "0.03"), (AT + 2, "0.04")])
@pytest.mark.parametrize(
    "of", [by_ledger, by_status, by_why, by_evidence, by_doctor, by_paper]
)
def test_every_fold_takes_of_an_adopted_entry_what_was_reduced_since_it_left(
    of: Callable[[Sequence[Event]], Decimal], early_ms: int, left: str
) -> None:
    assert of(told(early_ms)) == D(left)
