"""What may be ordered: never more than was permitted, never more than is open."""

import inspect
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.domain.position import apply_fill
from bridge_patch.domain.venue_events import Book, Filled, FillKind
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.governor.ruling import Refused
from bridge_patch.governor.snapshot import Known
from tests.questions import (
    BTC_RULES,
    NOW,
    Question,
    may_be_open,
    position,
    reasons,
    reduction,
)
from tests.rooms import between, usd
from tests.strategies import sane_questions
from tests.wild import anything, questions

D = Decimal
instruments = st.sampled_from([BTC_RULES, Unknown("timeout")])
wanted = st.none() | between("0.001", "20", 3) | between("0.0001", "20", 7)
opened = between("0.001", "10", 3).flatmap(lambda base: st.sampled_from([base, -base]))
sides = st.none() | st.sampled_from(Side)


@given(question=questions)
def test_an_order_is_never_larger_than_what_was_permitted(question: Question) -> None:
    """Quantity x price <= margin x leverage, exactly: rounding is part of the promise."""
    approved = question.verdict()
    if not isinstance(approved, Approved):
        return
    instrument, mark = question.snapshot.instrument, question.snapshot.mark
    assert isinstance(instrument, Instrument)
    assert isinstance(mark, Known)
    worth = Fraction(approved.quantity.base) * Fraction(mark.value)
    room = Fraction(approved.margin.usd) * approved.leverage
    step = Fraction(instrument.quantity_step)

    assert worth <= room < worth + step * Fraction(mark.value) * Fraction(1 + D("1E-20"))
    assert approved.quantity.base % instrument.quantity_step == 0
    assert instrument.quantity_min <= approved.quantity.base <= instrument.quantity_max
    assert worth >= Fraction(instrument.notional_min)


@given(question=sane_questions())
def test_an_approval_is_its_ruling_in_the_venues_units(question: Question) -> None:
    approved = question.verdict()
    assert isinstance(approved, Approved)
    ruling = approved.ruling

    assert ruling == question.ruling()
    assert approved.margin == ruling.proposal.margin
    assert approved.leverage == ruling.proposal.leverage.times
    assert approved.notional.usd == approved.quantity.base * question.snapshot.mark.value  # type: ignore[union-attr]
    assert (approved.side, approved.symbol) == (question.entry.side, question.entry.symbol)
    assert approved.stop == question.entry.stop


@given(base=opened, side=sides, quantity=wanted, rules=instruments, stop=st.booleans())
def test_a_reduction_never_opens_enlarges_or_flips(
    base: Decimal,
    side: Side | None,
    quantity: Decimal | None,
    rules: Instrument | Unknown,
    stop: bool,
) -> None:
    """The resulting absolute position is what counts, not the side and not the flag."""
    intent = reduction(side, quantity, stop_at="90000" if stop else "")
    before = position(base)
    verdict = judge_reduction(intent, before, rules)
    if not isinstance(verdict, ApprovedReduction):
        assert reasons(verdict) == ["REDUCE_WRONG_SIDE"]
        assert side is before.side
        return
    event("whole" if verdict.quantity.base == abs(base) else "part")
    after = apply_fill(before, filled(verdict))

    assert verdict.side is before.side.opposite
    assert after is None or 0 < after.signed_base / base < 1
    if quantity is not None and not stop:
        assert verdict.quantity.base in {min(quantity, abs(base)), abs(base)} or (
            verdict.quantity.base <= quantity
        )


def filled(approved: ApprovedReduction) -> Filled:
    return Filled(
        book=Book.ACCOUNT,
        at_ms=NOW,
        symbol=approved.symbol,
        side=approved.side,
        kind=FillKind.REDUCE,
        quantity_base=approved.quantity.base,
        price_usd=D(95_000),
        fee_usd=D(0),
        realised_usd=D(0),
        margin_usd=D(0),
        order_id=None,  # type: ignore[arg-type]
        trade_id="t",
        intent_id=approved.intent_id,
    )


@given(base=opened, side=sides, quantity=wanted, rules=instruments)
def test_what_may_be_open_is_reduced_as_if_it_were(
    base: Decimal, side: Side | None, quantity: Decimal | None, rules: Instrument | Unknown
) -> None:
    """Bounded by the entry in doubt, on the other side of it: never more, never a flip."""
    intent = reduction(side, quantity)
    known, unsure = (
        judge_reduction(intent, before, rules)
        for before in (position(base), may_be_open(base))
    )
    if isinstance(unsure, ApprovedReduction):
        assert isinstance(known, ApprovedReduction)
        assert (unsure.side, unsure.quantity) == (known.side, known.quantity)
        assert unsure.quantity.base <= abs(base)
    else:
        assert isinstance(known, Refused)
        assert reasons(unsure) == reasons(known) == ["REDUCE_WRONG_SIDE"]


@given(base=opened, quantity=wanted, rules=instruments)
def test_a_close_of_what_is_open_is_always_allowed(
    base: Decimal, quantity: Decimal | None, rules: Instrument | Unknown
) -> None:
    verdict = judge_reduction(reduction(None, quantity), position(base), rules)

    assert isinstance(verdict, ApprovedReduction)
    assert quantity is not None or verdict.quantity.base == abs(base)


def test_no_danger_can_reach_the_judge_of_reductions() -> None:
    """It takes no limits, no snapshot and no time: none of them can forbid a reduction."""
    assert list(inspect.signature(judge_reduction).parameters) == [
        "intent",
        "position",
        "instrument",
    ]


@given(base=anything, quantity=usd("0.01", "5"), rules=instruments)
def test_every_reduction_has_an_answer(
    base: Decimal, quantity: Decimal, rules: Instrument | Unknown
) -> None:
    """A position that is no number is an unknown position; it raises nothing."""
    before = replace(position("1"), signed_base=base)
    verdict = judge_reduction(reduction(None, quantity), before, rules)
    if isinstance(verdict, ApprovedReduction):
        assert verdict.quantity.base <= abs(base)
    else:
        assert reasons(verdict) == ["POSITION_UNKNOWN"]
        assert not base.is_finite() or base == 0
