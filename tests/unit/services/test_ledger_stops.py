"""Which of the stops that rest are believed to guard what is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.intent import Side
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from tests.unit.services.test_ledger import BTC, ENTRY, FILL, fold, heard, stop

D = Decimal


def test_a_stop_that_cannot_close_the_position_is_no_guard_of_it() -> None:
    """An order that was to have never come turns a short into a long: its stop buys."""
    late = replace(ENTRY, order_id=ClientOrderId("o-late"), quantity_base=D("0.10"))
    ledger = fold(
        late,
        heard(late, OrderEvent.TIMED_OUT),
        heard(late, OrderEvent.FOUND_ABSENT),
        replace(ENTRY, side=Side.SELL),
        replace(FILL, side=Side.SELL),
        replace(stop("o-s", 96_900), side=Side.BUY),
    )
    assert ledger.stop_price_usd(BTC) == 96_900
    assert ledger.stale_stops(BTC) == ()

    ledger.apply(replace(FILL, order_id=late.order_id, quantity_base=D("0.10")))

    assert ledger.positions[BTC].signed_base == D("0.06")
    assert (ledger.guard(BTC), ledger.naked()) == (None, (BTC,))
    assert [one.order_id for one in ledger.stale_stops(BTC)] == ["o-s"]
