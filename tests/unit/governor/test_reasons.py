"""One disturbance, one reason: the tables are the whole vocabulary of the Governor."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bridge_patch.domain.intent import RiskBudget, Side, Unknown
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.governor.reasons import MEANINGS, Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.votes import ALLOW, CapLeverage, CapMargin, Case, Deny, Vote
from bridge_patch.governor.weigh import weigh
from tests.questions import (
    BTC_RULES,
    FINE,
    Question,
    may_be_open,
    permitted,
    position,
    proposal,
    reasons,
    reduction,
)
from tests.unit.governor.cuts import CUT, Cut
from tests.unit.governor.disturbances import Disturb, asks, bounds
from tests.unit.governor.refusals import REFUSED

D = Decimal
R = Reason
RULES = (*BOUNDS, *CHECKS)
Before = Position | MayBeOpen | Unknown | None

REDUCTIONS: list[tuple[str, Side | None, Before, Reason]] = [
    ("flat", None, None, R.NOTHING_TO_REDUCE),
    ("more of a long", Side.BUY, position("1"), R.REDUCE_WRONG_SIDE),
    ("more of a short", Side.SELL, position("-1"), R.REDUCE_WRONG_SIDE),
    ("more of what may be a long", Side.BUY, may_be_open("1"), R.REDUCE_WRONG_SIDE),
    ("more of what may be a short", Side.SELL, may_be_open("-1"), R.REDUCE_WRONG_SIDE),
    ("what may be no number", None, may_be_open("NaN"), R.POSITION_UNKNOWN),
    ("unread", None, Unknown("timeout"), R.POSITION_UNKNOWN),
    ("no number", None, position("NaN"), R.POSITION_UNKNOWN),
    ("of zero", None, position("0"), R.POSITION_UNKNOWN),
]
#: What `evaluate` says to an argument that is no number (test_risk_governor.py).
GARBAGE = {R.INPUT_INVALID} | {
    R(f"{what}_{how}")
    for what in ("SIZE", "LEVERAGE")
    for how in ("MISSING", "ZERO", "NEGATIVE", "NAN", "INFINITE")
}


def test_the_undisturbed_question_is_approved() -> None:
    """Guards every row below."""
    approved = FINE.verdict()

    assert isinstance(approved, Approved)
    assert permitted(FINE.ruling()).proposal == proposal("450", "15")
    assert approved.ruling.binding == approved.ruling.warnings == ()
    assert (approved.quantity.base, approved.notional.usd) == (D("0.071"), D("6745"))


@pytest.mark.parametrize(
    ("disturb", "reason"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_one_disturbance_one_reason(disturb: Disturb, reason: Reason) -> None:
    verdict = disturb(FINE).verdict()

    assert reasons(verdict) == [reason]
    assert isinstance(verdict, Refused)
    assert all(f.detail for f in verdict.findings)


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT)
def test_one_cap_binds_and_is_named(cut: Cut) -> None:
    ruling = permitted(cut.disturb(FINE).ruling())

    assert ruling.proposal == proposal(cut.margin, cut.leverage)
    assert [(f.rule, f.reason) for f in ruling.binding] == [(cut.rule, cut.reason)]
    assert not ruling.raised


@pytest.mark.parametrize(
    ("side", "before", "reason"),
    [r[1:] for r in REDUCTIONS],
    ids=[r[0] for r in REDUCTIONS],
)
def test_the_only_refusals_of_a_reduction(
    side: Side | None, before: Before, reason: Reason
) -> None:
    assert reasons(judge_reduction(reduction(side), before, BTC_RULES)) == [reason]
    allowed = judge_reduction(reduction(), position("1"), BTC_RULES)
    assert isinstance(allowed, ApprovedReduction)


def broken(_: Case) -> Vote:
    raise LookupError("no such reading")


def speechless(_: Case) -> Vote:
    return None  # type: ignore[return-value]


def insatiable(case: Case) -> Vote:
    """Asks for a little less each time."""
    margin = case.proposal.margin.usd
    return CapMargin(margin - 1, R.SIZE_ABOVE_MAX, f"margin {margin}")


def incomputable(_: Case) -> Vote:
    return CapMargin(D("NaN"), R.SIZE_ABOVE_MAX, "")


def greedy(_: Case) -> Vote:
    return CapLeverage(D("-Infinity"), R.LEVERAGE_ABOVE_MAX, "")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (broken, R.RULE_FAILED),
        (speechless, R.RULE_FAILED),
        (incomputable, R.RULE_FAILED),
        (insatiable, R.CLAMP_UNSETTLED),
        (greedy, R.LEVERAGE_BELOW_MIN),
    ],
)
@pytest.mark.parametrize("among", ["bounds", "checks"])
def test_a_rule_that_misbehaves_refuses(
    rule: Callable[[Case], Vote], reason: Reason, among: str
) -> None:
    """And a rule that only ever allows, in the same place, refuses nothing."""

    def with_one_more(one: Callable[[Case], Vote]) -> Permitted | Refused:
        if among == "bounds":
            return weigh(FINE.case(), (*BOUNDS, one), CHECKS)
        return weigh(FINE.case(), BOUNDS, (*CHECKS, one))

    assert permitted(with_one_more(lambda _: ALLOW)).proposal == proposal("450", "15")
    assert reasons(with_one_more(rule)) == [reason]


def test_a_refusal_names_every_objection_in_the_order_of_the_rules() -> None:
    question = FINE.sized("49", "4").asking(stop=Unknown("none stated"))
    question = question.knowing(equity=Unknown("timeout"))

    assert reasons(question.ruling())[:4] == [
        R.STOP_UNKNOWN,
        R.SIZE_BELOW_MIN,
        R.LEVERAGE_BELOW_MIN,
        R.SNAPSHOT_INCOMPLETE,
    ]


def test_the_smallest_cap_binds_and_equal_ones_are_all_named() -> None:
    """A room of 300 beside a maximum of 400; then a balance for exactly 300 as well."""
    posted = CUT["posted"].disturb(FINE)
    larger = permitted(posted.bounded(margin_max_usd=D(400)).ruling())
    equal = permitted(CUT["balance"].disturb(posted).ruling())

    assert [f.rule for f in larger.binding] == ["initial_margin"]
    assert [f.rule for f in equal.binding] == ["initial_margin", "available_balance"]
    assert larger.proposal == equal.proposal == proposal("300", "15")
    tall = permitted(FINE.sized("450", "20").bounded(leverage_max=D(12)).ruling())
    assert [f.rule for f in tall.binding] == ["leverage_ceiling"]
    assert tall.proposal == proposal("450", "12")


SOFT: list[tuple[Disturb, Reason]] = [
    (bounds(confidence_min=D("0.86")), R.CONFIDENCE_BELOW_FLOOR),
    (asks(risk_budget=RiskBudget(D("148.49"))), R.EXCEEDS_RISK_BUDGET),
]


@pytest.mark.parametrize(("disturb", "reason"), SOFT)
def test_fail_open_warns_where_it_would_refuse(disturb: Disturb, reason: Reason) -> None:
    closed, opened = disturb(FINE), disturb(FINE).bounded(fail_open=True)

    assert reasons(closed.ruling()) == [reason]
    assert [f.reason for f in permitted(opened.ruling()).warnings] == [reason]


@pytest.mark.parametrize("row", REFUSED, ids=[r[0] for r in REFUSED])
def test_fail_open_softens_exactly_two_refusals(row: tuple[str, Disturb, Reason]) -> None:
    """Not even these two where the confidence or the budget is nothing at all."""
    name, disturb, reason = row
    opened = disturb(FINE).bounded(fail_open=True).verdict()
    softens = {"too unsure", "over its budget"}

    assert isinstance(opened, Approved) == (name in softens)
    assert name in softens or reasons(opened) == [reason]


def test_every_reason_has_a_meaning_and_a_row() -> None:
    rows = {reason for _, _, reason in REFUSED} | {cut.reason for cut in CUT.values()}
    rows |= {reason for *_, reason in REDUCTIONS}

    assert set(MEANINGS) == set(Reason)
    assert rows | GARBAGE | {R.PASS, R.RULE_FAILED, R.CLAMP_UNSETTLED} == set(Reason)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_is_needed(rule: Callable[[Case], Vote]) -> None:
    """Take one rule away and some row is refused, or cut, no longer."""
    bounds_left = tuple(r for r in BOUNDS if r is not rule)
    checks_left = tuple(r for r in CHECKS if r is not rule)
    opened = [
        name
        for name, disturb, _ in REFUSED
        if name not in {"nothing proposed", "another's rules"}
        and isinstance(weigh(disturb(FINE).case(), bounds_left, checks_left), Permitted)
    ]
    freed = [
        cut.rule
        for cut in CUT.values()
        if permitted(weigh(cut.disturb(FINE).case(), bounds_left, checks_left)).binding
        == ()
    ]

    assert opened or freed == [rule.__name__]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_fires_alone(rule: Callable[[Case], Vote]) -> None:
    """Some row is refused or cut by this rule and by no other: it is not dead wood."""
    asked = [
        d(FINE) for n, d, _ in REFUSED if n not in {"nothing proposed", "another's rules"}
    ]
    asked += [cut.disturb(FINE) for cut in CUT.values()]

    assert {rule.__name__} in [spoken(question) for question in asked]


def spoken(question: Question) -> set[str]:
    """Who refuses; where nobody does, who cuts."""
    votes = question.ruling().votes
    refusing = {c.rule for c in votes if isinstance(c.vote, Deny)}
    return refusing or {
        c.rule for c in votes if isinstance(c.vote, CapMargin | CapLeverage)
    }


def test_an_entry_takes_its_own_confidence_at_the_floor() -> None:
    """The floor itself passes; what is shipped is no floor."""
    at_floor = FINE.bounded(confidence_min=D("0.85"))

    assert permitted(at_floor.ruling()).warnings == ()
    assert permitted(at_floor.bounded(confidence_min=D(0)).ruling()).warnings == ()


def test_less_than_a_cent_is_no_margin() -> None:
    """What is left of it by rounding is nothing, whatever the minimum."""
    question = FINE.sized("0.009", "15").bounded(margin_min_usd=D("0.001"))

    assert reasons(question.ruling()) == [R.QUANTITY_BELOW_MIN]
    unasked = {"quantity_filters", "leverage_floor"}
    fewer = tuple(r for r in CHECKS if r.__name__ not in unasked)
    assert reasons(weigh(question.case(), BOUNDS, fewer)) == [R.SIZE_BELOW_MIN]
    flat = FINE.sized("0.5", "0.9").bounded(margin_min_usd=D("0.1"))
    assert reasons(weigh(flat.case(), BOUNDS, fewer)) == [R.LEVERAGE_BELOW_MIN]
