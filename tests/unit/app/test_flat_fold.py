"""The report of `halt --flatten`: each position flat, or precisely why it is not."""

from collections.abc import Sequence

import pytest

from bridge_patch.app.status.flat import FlatFold, FlatState, FlatView
from bridge_patch.domain.events import DifferenceFound, DifferenceGone, Event
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.order import OrderEvent
from bridge_patch.domain.reconcile_events import Difference, DifferenceKind
from tests.questions import BTC
from tests.unit.app.flat_events import MINE, SECOND, closed, entered, latched, refused, sent
from tests.unit.app.story import SOL, in_doubt
from tests.unit.app.story_parts import D, answered, at


def views(*events: Event) -> tuple[FlatView, ...]:
    fold = FlatFold(MINE)
    for event in (entered(), *events):
        fold.apply(event)
    return fold.views()


def test_what_was_open_is_flat_with_quantity_and_average_price() -> None:
    (view,) = views(
        *(latched(), sent(), closed("0.5"), closed("1.5", "120")),
        answered(sent(), OrderEvent.FILLED),
    )

    assert (view.state, view.why, view.code) == (FlatState.FLAT, "", "")
    assert (view.symbol, view.side) == (BTC, Side.BUY)
    assert (view.closed_base, view.price_usd, view.left_base) == (D(2), D("117.5"), D(0))


@pytest.mark.parametrize(
    ("events", "state", "code", "says"),
    [
        ((), FlatState.TRYING, "", "no close was sent yet"),
        ((sent(),), FlatState.TRYING, "", "is on its way"),
        (
            (sent(), answered(sent(), OrderEvent.TIMED_OUT)),
            *(FlatState.UNKNOWN, "", "has no answer: looked up, not sent again"),
        ),
        (refused(), FlatState.REFUSED, "-2022", "ReduceOnly Order is rejected.; it is"),
        (
            (sent(), closed("0.5"), answered(sent(), OrderEvent.FILLED)),
            *(FlatState.TRYING, "", "some is left open"),
        ),
        ((*refused(), sent(SECOND)), FlatState.TRYING, "", "is on its way"),
    ],
)
def test_what_is_not_flat_says_precisely_why(
    events: Sequence[Event], state: FlatState, code: str, says: str
) -> None:
    """Still tried, refused with the venue's code, or unknown."""
    (view,) = views(latched(), *events)

    assert (view.state, view.code) == (state, code)
    assert says in view.why
    assert view.left_base > 0


def test_what_was_closed_before_the_order_is_not_in_the_report() -> None:
    assert views(closed("2"), latched()) == ()


def test_an_entry_in_doubt_is_not_flat() -> None:
    """It may have opened something; the report cannot say that all is flat."""
    doubt, flat = views(latched(), *in_doubt(), sent(), closed("2"))

    assert (doubt.symbol, doubt.state) == (SOL, FlatState.UNKNOWN)
    assert "opened something" in doubt.why
    assert flat.state is FlatState.FLAT


def test_what_is_not_ours_is_named_and_left_alone() -> None:
    fold = FlatFold(MINE)
    extra = Difference(
        kind=DifferenceKind.POSITION_EXTRA,
        symbol=Symbol("ETHUSDT"),
        ours="none",
        theirs="BUY 1",
    )
    wallet = Difference(kind=DifferenceKind.WALLET, ours="1 USD", theirs="2 USD")
    fold.apply(latched())
    for difference in (extra, wallet):
        fold.apply(DifferenceFound(at_ms=at(1), difference=difference))
    assert fold.left_alone() == (extra.said,)
    fold.apply(DifferenceGone(at_ms=at(2), difference=extra))
    assert fold.left_alone() == ()
