"""What may be open of an entry in doubt: no less because of what is long over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.events import FillKind
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, ReduceIntent, UnixMs
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.position import MayBeOpen
from bridge_patch.governor.judge import ApprovedReduction, judge_reduction
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.standing import reducible_base, standing
from tests.unit.services.test_ledger import AT, BTC, ENTRY, OPENED, fold, heard, sold

D = Decimal
DAY_MS = 86_400_000
LOST = replace(
    ENTRY,
    at_ms=UnixMs(AT + DAY_MS),
    order_id=ClientOrderId("o-lost"),
    intent_id=IntentId("b"),
)
OUT = ReduceIntent(
    id=IntentId("out"),
    symbol=BTC,
    side=None,
    quantity=None,
    stop_at=None,
    simulate=False,
    reason="x",
    created_ms=UnixMs(AT + DAY_MS),
    source="ann",
)


def doubted(taken_ms: int, taken: str) -> Ledger:
    """Flat by a stop that took 0.04 of ours; an entry in doubt; and what a close took."""
    excess = replace(sold(taken, FillKind.STOP), at_ms=UnixMs(taken_ms))
    return fold(
        *OPENED,
        sold("0.04", FillKind.STOP),
        LOST,
        heard(LOST, OrderEvent.TIMED_OUT),
        excess,
    )


@pytest.mark.parametrize(
    ("after_ms", "left"), [(-DAY_MS, "0.04"), (-1, "0.04"), (0, "0.01"), (1, "0.01")]
)
def test_only_what_was_reduced_since_an_entry_left_may_be_of_it(
    after_ms: int, left: str
) -> None:
    ledger = doubted(LOST.at_ms + after_ms, "0.03")

    assert reducible_base(ledger, BTC) == D(left)
    assert standing(ledger, BTC) == MayBeOpen(BTC, D(left))


def test_a_close_is_never_refused_for_what_a_stop_took_long_ago() -> None:
    """Somebody had added by hand, and the stop closed all there was: law 4 holds after."""
    ledger = doubted(AT, "0.05")
    instrument = ListedInstruments().find(BTC)
    assert isinstance(instrument, Instrument)

    verdict = judge_reduction(OUT, standing(ledger, BTC), instrument)
    assert isinstance(verdict, ApprovedReduction)
    assert verdict.quantity.base == D("0.04")
