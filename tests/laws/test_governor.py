"""The Governor's laws. Each test's name is the law; each docstring says why."""

import random
from decimal import Decimal
from fractions import Fraction

from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.instrument import Instrument, liquidation_distance
from bridge_patch.domain.intent import Mode, StopDistance, Unknown
from bridge_patch.governor.judge import Approved
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import Permitted, Refused, Ruling
from bridge_patch.governor.votes import Case, Rule, Vote
from bridge_patch.governor.weigh import weigh
from tests.questions import FINE, Question, permitted, reasons
from tests.strategies import sane_questions
from tests.wild import edge_questions, questions, wild_questions

RULES = (*BOUNDS, *CHECKS)
modes = st.sampled_from(Mode)
any_rule = st.integers(0, len(RULES) - 1)
any_check = st.integers(len(BOUNDS), len(RULES) - 1)
nearly_sane = st.one_of(sane_questions(), edge_questions())


def exact(*factors: Decimal | int) -> Fraction:
    """The product without any rounding."""
    product = Fraction(1)
    for factor in factors:
        product *= Fraction(factor)
    return product


def without(index: int, *instead: Rule) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules without one of them, or with another one in its place."""
    bounds, checks = [*BOUNDS], [*CHECKS]
    if index < len(bounds):
        bounds[index : index + 1] = instead
    else:
        checks[index - len(bounds) : index - len(bounds) + 1] = instead
    return tuple(bounds), tuple(checks)


@given(question=sane_questions(), mode=modes)
def test_the_sane_questions_are_permitted(question: Question, mode: Mode) -> None:
    """Guards every other law: without this they could all hold by refusing."""
    ruling = permitted(question.ruling(mode))

    event(f"cut by {' '.join(f.rule for f in ruling.binding) or 'nothing'}")
    assert isinstance(question.verdict(), Approved)


@given(question=wild_questions(), mode=modes)
def test_every_question_has_an_answer(question: Question, mode: Mode) -> None:
    """Nothing raises: a number that cannot be computed with is refused."""
    ruling, verdict = question.ruling(mode), question.verdict()

    event(type(ruling).__name__)
    assert isinstance(ruling, Permitted | Refused)
    assert isinstance(verdict, Approved | Refused)
    assert isinstance(ruling, Permitted) or all(f.detail for f in ruling.findings)


@given(question=questions, mode=modes)
def test_never_enlarges_what_was_proposed(question: Question, mode: Mode) -> None:
    """The AI proposes; the Governor may take away, never add."""
    ruling, asked = question.ruling(mode), question.case(mode).proposal

    event(type(ruling).__name__)
    if isinstance(ruling, Permitted):
        allowed = ruling.proposal
        assert allowed.margin <= asked.margin
        assert allowed.leverage <= asked.leverage
        assert not ruling.raised


@given(question=questions, mode=modes)
def test_a_permitted_proposal_is_inside_every_bound(question: Question, mode: Mode) -> None:
    ruling = question.ruling(mode)
    if not isinstance(ruling, Permitted):
        return
    li, snapshot, entry = question.limits, question.snapshot, question.entry
    margin, times = ruling.proposal.margin.usd, ruling.proposal.leverage.times
    held, equity, available = snapshot.exposure, snapshot.equity, snapshot.available
    assert not isinstance(held, Unknown)
    assert not isinstance(equity, Unknown)
    assert not isinstance(available, Unknown)
    assert not isinstance(entry.stop, Unknown)
    notional, costs = exact(margin, times), exact(margin, times, li.round_trip_fraction)
    loss = notional * exact(entry.stop.fraction) + costs

    assert li.margin_min_usd <= margin <= li.margin_max_usd
    assert li.leverage_min <= times <= li.leverage_max
    assert notional + exact(held.notional_usd) <= exact(li.notional_max_usd)
    assert notional <= exact(equity.value, li.order_notional_max_equity_multiple)
    posted = exact(margin) + exact(held.margin_usd)
    assert posted * 100 <= exact(equity.value, li.initial_margin_max_pct)
    assert loss * 100 <= exact(equity.value, li.risk_per_trade_max_pct)
    assert exact(margin) + costs <= exact(available.value)
    assert entry.confidence.value >= li.confidence_min or li.fail_open
    if entry.risk_budget is not None and not li.fail_open:
        assert loss <= exact(entry.risk_budget.usd)


@given(question=questions, mode=modes)
def test_liquidation_stays_beyond_stops_and_sigmas(question: Question, mode: Mode) -> None:
    """At the tier the order really falls into, and never nearer than the stop's costs."""
    ruling, case = question.ruling(mode), question.case(mode)
    if not isinstance(ruling, Permitted):
        return
    instrument, li = case.snapshot.instrument, case.limits
    assert isinstance(instrument, Instrument)
    assert isinstance(case.stop, StopDistance)
    assert isinstance(case.sigma_move, Decimal)
    times = ruling.proposal.leverage.times
    tier = instrument.bracket_at(ruling.proposal.margin.usd * times)
    distance = liquidation_distance(case.side, times, tier.mmr) + Decimal("1E-20")

    assert times <= tier.leverage_max
    assert distance >= li.liquidation_stops_min * case.stop.fraction
    assert distance >= li.liquidation_sigmas_min * case.sigma_move
    assert distance >= case.stop.fraction + li.round_trip_fraction


@given(question=questions, mode=modes)
def test_judging_a_permitted_proposal_again_changes_nothing(
    question: Question, mode: Mode
) -> None:
    ruling = question.ruling(mode)
    if isinstance(ruling, Permitted):
        again = permitted(question.asking(proposal=ruling.proposal).ruling(mode))

        assert again.proposal == ruling.proposal
        assert again.binding == ()


def said(ruling: Ruling) -> object:
    """A ruling without the order in which it was reached."""
    if isinstance(ruling, Refused):
        return set(ruling.findings), set(ruling.votes)
    binding, warnings = set(ruling.binding), set(ruling.warnings)
    return ruling.proposal, binding, warnings, set(ruling.votes)


@given(question=questions, mode=modes, seed=st.integers(0, 2**16))
def test_the_order_of_the_rules_does_not_matter(
    question: Question, mode: Mode, seed: int
) -> None:
    shuffled = random.Random(seed)
    bounds = shuffled.sample(BOUNDS, len(BOUNDS))
    checks = shuffled.sample(CHECKS, len(CHECKS))
    case = question.case(mode)

    assert said(weigh(case, bounds, checks)) == said(weigh(case))


@given(question=nearly_sane, index=any_check)
def test_removing_a_rule_never_makes_the_ruling_stricter(
    question: Question, index: int
) -> None:
    """Every rule only ever takes away; none of them repairs another's work."""
    case = question.case()
    strict, looser = weigh(case), weigh(case, *without(index))
    if isinstance(strict, Permitted):
        loose = permitted(looser)

        assert strict.proposal.margin <= loose.proposal.margin
        assert strict.proposal.leverage == loose.proposal.leverage


@given(question=nearly_sane, index=any_rule)
def test_what_all_rules_permit_fewer_permit_too(question: Question, index: int) -> None:
    """For a bound this is all there is: without its cut the notional itself may refuse."""
    strict = question.ruling()
    if isinstance(strict, Permitted):
        case = question.asking(proposal=strict.proposal).case()

        assert permitted(weigh(case, *without(index))).proposal == strict.proposal


@given(question=sane_questions(), index=any_rule)
def test_a_rule_that_raises_refuses(question: Question, index: int) -> None:
    """Not knowing the answer is a no, and the refusal names the rule."""

    def broken(_: Case) -> Vote:
        raise ZeroDivisionError

    ruling = weigh(question.case(), *without(index, RULES[index], broken))

    assert reasons(ruling) == ["RULE_FAILED"]
    assert isinstance(ruling, Refused)
    assert [f.rule for f in ruling.findings] == ["broken"]
    assert ruling.findings[0].detail == "broken: ZeroDivisionError: "


def test_no_rules_refuse() -> None:
    """A Governor whose rules failed to load allows nothing."""
    case = FINE.case()

    assert permitted(weigh(case, BOUNDS, CHECKS)).binding == ()
    assert reasons(weigh(case, (), CHECKS)) == ["RULE_FAILED"]
    assert reasons(weigh(case, BOUNDS, ())) == ["RULE_FAILED"]
    assert reasons(weigh(case, (), ())) == ["RULE_FAILED"]
