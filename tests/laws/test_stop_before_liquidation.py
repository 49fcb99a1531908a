"""What the Governor allows has its stop nearer than liquidation, wherever it fills."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import StopDistance
from bridge_patch.domain.position import Position
from bridge_patch.governor.judge import Approved
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.levels import liquidated_first, stop_price
from tests.questions import NOW, Question
from tests.strategies import sane_questions
from tests.wild import questions

D = Decimal
#: How far the fill may be from the mark it was judged at, as a fraction.
SLIPS = st.sampled_from([D(n) / 1000 for n in (-30, -5, -1, 0, 1, 5, 30)])


def stop_and_ruin(
    approved: Approved, question: Question, slip: D
) -> tuple[D | None, D | None]:
    """The stop of the position as the venue would open it, and what comes before it.

    The venue posts the filled notional divided by the leverage. A price of a single tick
    has no stop on the grid: such a position is closed as soon as it is open.
    """
    instrument, mark = question.snapshot.instrument, question.snapshot.mark
    assert isinstance(instrument, Instrument)
    assert isinstance(mark, Known)
    price = mark.value * (1 + slip)
    quantity = approved.quantity.base
    position = Position(
        symbol=approved.symbol,
        signed_base=approved.side.sign * quantity,
        first_base=quantity,
        entry_price_usd=price,
        margin_usd=quantity * price / approved.leverage,
        opened_ms=NOW,
    )
    assert isinstance(approved.stop, StopDistance)
    try:
        stop = stop_price(instrument, approved.side, price, approved.stop.fraction).usd
    except InvalidValueError:
        event("no stop on the grid")
        assert price < 3 * instrument.price_tick
        return None, None
    return stop, liquidated_first(position, stop, instrument)


@given(question=sane_questions(), slip=SLIPS)
def test_a_sane_entry_opens_with_its_stop_before_liquidation(
    question: Question, slip: Decimal
) -> None:
    """The suite opens: every sane question is one that is allowed."""
    approved = question.verdict()
    assert isinstance(approved, Approved)

    stop, ruin = stop_and_ruin(approved, question, slip)
    assert ruin is None, f"stop {stop}, liquidation {ruin}"


@given(question=questions, slip=SLIPS)
def test_whatever_is_allowed_has_its_stop_before_liquidation(
    question: Question, slip: Decimal
) -> None:
    approved = question.verdict()
    if not isinstance(approved, Approved):
        return
    event("allowed")
    stop, ruin = stop_and_ruin(approved, question, slip)
    assert ruin is None, f"stop {stop}, liquidation {ruin}"
