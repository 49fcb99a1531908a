"""An approval cannot be forged, and says exactly what is to be ordered."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from decimal import Decimal, localcontext
from typing import Any

import pytest

from bridge_patch.domain.intent import Mode, Side, Symbol, Unknown
from bridge_patch.domain.money import Quantity
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.governor.ruling import Refused
from bridge_patch.governor.snapshot import Known
from bridge_patch.governor.terms import Terms, terms_of
from bridge_patch.governor.weigh import weigh
from tests.questions import (
    BTC_RULES,
    FINE,
    NOW,
    may_be_open,
    permitted,
    position,
    proposal,
    reasons,
    reduction,
)

D = Decimal
Capability = Approved | ApprovedReduction


def approvals() -> list[Capability]:
    """One of each kind, had the only way there is."""
    entry, reducing = FINE.verdict(), judge_reduction(reduction(), position("1"), BTC_RULES)
    assert isinstance(entry, Approved)
    assert isinstance(reducing, ApprovedReduction)
    return [entry, reducing]


def field_values(approved: Capability) -> dict[str, Any]:
    return {f.name: getattr(approved, f.name) for f in fields(approved) if f.init}


@pytest.mark.parametrize("approved", approvals(), ids=lambda a: type(a).__name__)
def test_nobody_else_can_make_one(approved: Capability) -> None:
    kind, values = type(approved), field_values(approved)
    for forged in (None, object(), "mint", 0):
        with pytest.raises(TypeError, match="approves an order"):
            kind(**values, mint=forged)
    with pytest.raises(TypeError):
        kind(**values)
    with pytest.raises((TypeError, ValueError)):
        replace(approved, quantity=Quantity(D(100)))  # type: ignore[call-arg]


@pytest.mark.parametrize("approved", approvals(), ids=lambda a: type(a).__name__)
def test_one_cannot_be_altered(approved: Capability) -> None:
    for name, value in field_values(approved).items():
        with pytest.raises(FrozenInstanceError):
            setattr(approved, name, value)
    with pytest.raises((AttributeError, TypeError)):
        approved.__dict__  # noqa: B018 - there is none to reach around with


@pytest.mark.parametrize("approved", approvals(), ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickle.dumps])
def test_one_cannot_be_copied_or_stored(
    approved: Capability, clone: Callable[[object], object]
) -> None:
    """It ends with its process; after a restart the intent is judged again."""
    with pytest.raises(TypeError, match="not data"):
        clone(approved)


def test_the_numbers_of_an_order() -> None:
    """15.5x is set as 15x with the margin unchanged; 450 x 15 / 95,000 cut to the step."""
    approved = FINE.sized("450.019", "15.5").verdict()
    assert isinstance(approved, Approved)

    assert approved.margin.usd == D("450.01")
    assert (approved.leverage, type(approved.leverage)) == (15, int)
    assert approved.quantity.base == D("0.071")
    assert approved.notional.usd == D("6745")
    assert approved.stop == FINE.entry.stop
    assert (approved.side, approved.symbol, approved.intent_id) == (
        Side.BUY,
        "BTCUSDT",
        "i-1",
    )


def test_a_sigma_is_that_of_the_longest_hold() -> None:
    """50 % a year over two of 8,760 hours: 0.5 x sqrt(1 / 4,380)."""
    sigma = FINE.case().sigma_move
    assert isinstance(sigma, Decimal)

    assert sigma.quantize(D("1E-6")) == D("0.007555")


def test_shadow_keeps_a_tenth_of_leverage_and_live_none() -> None:
    question = FINE.sized("452.61", "15.57")

    assert permitted(question.ruling(Mode.SHADOW)).proposal == proposal("452.61", "15.5")
    assert permitted(question.ruling(Mode.LIVE)).proposal == proposal("452.61", "15")


def test_rounding_alone_asks_no_rule_again_and_binds_nothing() -> None:
    ruling = permitted(FINE.sized("450.019", "15.5").ruling())

    assert ruling.binding == ()
    assert len(ruling.votes) == len({cast.rule for cast in ruling.votes}) == 52


def test_a_verdict_does_not_depend_on_the_arithmetic_around_it() -> None:
    """A library may set the thread's decimal context; a verdict depends on its case."""
    question = FINE.sized("634.567891", "37.9")
    before = question.ruling(), question.verdict()
    assert isinstance(before[1], Approved)
    with localcontext() as context:
        context.prec = 3
        context.clear_traps()
        after = question.ruling(), question.verdict()

    assert isinstance(after[1], Approved)
    assert before[0] == after[0]
    assert before[1].quantity == after[1].quantity
    assert before[1].notional == after[1].notional


def test_a_binary_fraction_that_got_into_a_case_refuses() -> None:
    """0.85 as a float is not 0.85; comparing the two is no comparison."""
    inexact = replace(FINE.case(), confidence=0.85)  # type: ignore[arg-type]
    ruling = weigh(inexact)
    assert isinstance(ruling, Refused)

    assert [(f.rule, f.reason) for f in ruling.findings] == [
        ("confidence_floor", "RULE_FAILED")
    ]


def test_without_numbers_there_are_no_terms() -> None:
    """What the rules refuse first is refused here again, should they ever not."""
    case, wanted = FINE.case(), proposal("450", "15")
    assert isinstance(terms_of(case, wanted), Terms)
    unstopped = replace(case, stop=Unknown("none"))
    unpriced = FINE.knowing(mark=Unknown("timeout")).case()
    absurd = FINE.knowing(mark=Known(D("NaN"), NOW)).case()

    assert reasons(terms_of(unstopped, wanted)) == ["STOP_UNKNOWN"]
    assert reasons(terms_of(unpriced, wanted)) == ["SNAPSHOT_INCOMPLETE"]
    assert reasons(terms_of(absurd, wanted)) == ["QUANTITY_BELOW_MIN"]
    assert reasons(terms_of(case, proposal("0.01", "1"))) == ["QUANTITY_BELOW_MIN"]
    assert isinstance(terms_of(case, proposal("1E+900000", "1E+900000")), Refused)


@pytest.mark.parametrize(
    ("base", "wanted", "closed"),
    [
        ("1", None, "1"),
        ("-1", None, "1"),
        ("1", "0.4", "0.4"),
        ("1", "0.4009", "0.4"),
        ("1", "10", "1"),
        ("0.0015", "0.0005", "0.0015"),
        ("0.0015", "0.001", "0.0015"),
    ],
    ids=["all", "short", "part", "to the step", "more than all", "dust", "leaves dust"],
)
def test_what_a_reduction_closes(base: str, wanted: str | None, closed: str) -> None:
    """A part is cut to the step; a part that would be or leave dust closes everything."""
    verdict = judge_reduction(reduction(None, wanted), position(base), BTC_RULES)
    assert isinstance(verdict, ApprovedReduction)

    assert verdict.quantity.base == D(closed)
    assert verdict.side is (Side.SELL if D(base) > 0 else Side.BUY)


def test_a_resting_stop_closes_all_of_it() -> None:
    verdict = judge_reduction(reduction(None, "0.1", "90000"), position("1"), BTC_RULES)
    assert isinstance(verdict, ApprovedReduction)

    assert verdict.quantity.base == 1
    assert verdict.stop_at is not None


def test_rules_that_are_unknown_keep_no_position_open() -> None:
    """Without filters the wish is cut to the position and the venue rounds or refuses."""
    other = replace(BTC_RULES, symbol=Symbol("ETHUSDT"))
    for rules in (Unknown("timeout"), other):
        for wanted, closed in (("0.4009", "0.4009"), ("10", "1"), (None, "1")):
            verdict = judge_reduction(reduction(None, wanted), position("1"), rules)
            assert isinstance(verdict, ApprovedReduction)
            assert verdict.quantity.base == D(closed)


def test_a_position_of_another_symbol_is_no_answer() -> None:
    elsewhere = position("1", Symbol("ETHUSDT"))

    verdict = judge_reduction(reduction(), elsewhere, BTC_RULES)
    assert reasons(verdict) == ["POSITION_UNKNOWN"]


@pytest.mark.parametrize("base", ["1", "-1"])
@pytest.mark.parametrize(("wanted", "closed"), [(None, "1"), ("0.4", "0.4"), ("9", "1")])
def test_what_may_be_open_is_closed_as_if_it_were(
    base: str, wanted: str | None, closed: str
) -> None:
    """An order of unknown fate counts as filled; the venue decides what it takes."""
    verdict = judge_reduction(reduction(None, wanted), may_be_open(base), BTC_RULES)
    assert isinstance(verdict, ApprovedReduction)

    assert verdict.quantity.base == D(closed)
    assert verdict.side is (Side.SELL if D(base) > 0 else Side.BUY)
    assert verdict.stop_at is None


def test_a_stop_waits_until_it_is_known_what_is_open() -> None:
    """It would rest on, and close whatever is opened next."""
    verdict = judge_reduction(reduction(None, None, "90000"), may_be_open("1"), BTC_RULES)

    assert reasons(verdict) == ["POSITION_UNKNOWN"]
    assert isinstance(verdict, Refused)
    assert verdict.findings[0].detail.startswith("BUY 1 is in doubt")


def test_what_may_be_open_of_another_symbol_is_no_answer() -> None:
    elsewhere = may_be_open("1", Symbol("ETHUSDT"))

    assert reasons(judge_reduction(reduction(), elsewhere, BTC_RULES)) == [
        "POSITION_UNKNOWN"
    ]
