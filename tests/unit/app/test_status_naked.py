"""`status` tells what is NAKED, and for how long anything ever was."""

from dataclasses import replace
from decimal import Decimal

from bridge_patch.app.status.view import NakedView
from bridge_patch.domain.events import Book, OrderEnded
from bridge_patch.domain.intent import UnixMs
from tests.unit.adapters.lines_samples import AT, BTC, FILLED
from tests.unit.app.story import RUN
from tests.unit.app.test_status_fold import STOP, stands

D = Decimal


def test_how_long_anything_was_naked_is_told_in_seconds() -> None:
    """What is so still, and what ever was: a metric of its own."""
    rests = replace(STOP, at_ms=UnixMs(AT + 1_500))
    ended = OrderEnded(
        book=Book.ACCOUNT,
        at_ms=UnixMs(AT + 60_000),
        symbol=BTC,
        order_id=STOP.order_id,
        reason="x",
    )
    now = replace(RUN, at_ms=UnixMs(AT + 62_000))

    assert stands(RUN, FILLED, rests).naked == NakedView(
        now_sec={}, spells=1, total_sec=D("1.5")
    )
    assert stands(RUN, FILLED, rests, ended, now).naked == NakedView(
        now_sec={BTC: D(2)}, spells=1, total_sec=D("3.5")
    )
