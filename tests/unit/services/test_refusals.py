"""Of what the venue said no to, as much is kept as somebody may ask for."""

from __future__ import annotations

from dataclasses import replace

from bridge_patch.domain.events import Book, OrderRefused
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.refusals import REFUSALS_KEPT
from tests.unit.services.test_ledger import AT, BTC, ENTRY, fold


def test_of_many_refusals_the_newest_are_kept_and_what_is_waited_for() -> None:
    """A close that is refused is tried for ever; the entry has no outcome yet."""
    no = OrderRefused(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        order_id=ENTRY.order_id,
        code="-2019",
        message="x",
    )
    more = [
        replace(no, order_id=ClientOrderId(f"out-{n}")) for n in range(3 * REFUSALS_KEPT)
    ]
    kept = fold(ENTRY, no, *more).plans[BTC].refusals

    newest = [one.order_id for one in more[1 - REFUSALS_KEPT :]]
    assert list(kept) == [ENTRY.order_id, *newest]
