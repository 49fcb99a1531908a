"""How votes become a ruling, shown with rules of three lines."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bridge_patch.domain.intent import Proposal
from bridge_patch.governor.limits import BelowMin
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.votes import (
    ALLOW,
    CapLeverage,
    CapMargin,
    Case,
    Deny,
    Rule,
    Vote,
    Warn,
)
from bridge_patch.governor.weigh import weigh
from tests.questions import FINE, permitted, proposal

D = Decimal
ASKED = FINE.case()
CUT = Reason.SIZE_ABOVE_MAX
LESS = Reason.LEVERAGE_ABOVE_MAX
DENIED = Reason.CONFIDENCE_BELOW_FLOOR


def fine(_: Case) -> Vote:
    return ALLOW


def margin_to(most: str) -> Rule:
    def margin_cut(case: Case) -> Vote:
        if case.proposal.margin.usd <= D(most):
            return ALLOW
        return CapMargin(D(most), CUT, f"margin > {most}")

    return margin_cut


def leverage_to(most: str) -> Rule:
    def leverage_cut(case: Case) -> Vote:
        if case.proposal.leverage.times <= D(most):
            return ALLOW
        return CapLeverage(D(most), LESS, f"leverage > {most}")

    return leverage_cut


def large_only(case: Case) -> Vote:
    """Refuse whatever is smaller than what was asked."""
    if case.proposal == ASKED.proposal:
        return ALLOW
    return Deny(DENIED, "too small")


def cuts_for_ever(kind: str) -> Rule:
    """Cap at half of what is asked, however little that is."""

    def halving(case: Case) -> Vote:
        asked = case.proposal
        if kind == "margin":
            return CapMargin(asked.margin.usd / 2, CUT, "half the margin")
        return CapLeverage(asked.leverage.times / 2, LESS, "half the leverage")

    return halving


def warning(_: Case) -> Vote:
    return Warn(DENIED, "softened")


class Counted:
    """A rule that remembers what it was asked about."""

    def __init__(self, rule: Rule = fine) -> None:
        self.rule = rule
        self.asked: list[Proposal] = []

    def __call__(self, case: Case) -> Vote:
        self.asked.append(case.proposal)
        return self.rule(case)


def findings(ruling: object) -> list[tuple[str, Reason, str]]:
    assert isinstance(ruling, Refused), ruling
    return [(f.rule, f.reason, f.detail) for f in ruling.findings]


@pytest.mark.parametrize("cut", [margin_to("400"), leverage_to("10")])
def test_what_is_left_is_put_to_the_bounds_again(cut: Rule) -> None:
    asked = [("large_only", DENIED, "after the cut: too small")]

    assert findings(weigh(ASKED, (cut, large_only), (fine,))) == asked
    assert findings(weigh(ASKED, (large_only,), (cut,))) == asked


@pytest.mark.parametrize("cut", [margin_to("400"), leverage_to("10")])
def test_what_checks_leave_is_put_to_the_checks_again(cut: Rule) -> None:
    ruling = weigh(ASKED, (fine,), (large_only, cut))

    assert findings(ruling) == [("large_only", DENIED, "after the cut: too small")]


@pytest.mark.parametrize("cut", [margin_to("400"), leverage_to("10")])
def test_a_warning_beside_a_cut_does_not_spare_the_second_asking(cut: Rule) -> None:
    ruling = weigh(ASKED, (cut, large_only, warning), (fine,))

    assert findings(ruling) == [("large_only", DENIED, "after the cut: too small")]


@pytest.mark.parametrize("kind", ["margin", "leverage"])
def test_a_cut_that_is_not_enough_the_second_time_is_unsettled(kind: str) -> None:
    ruling = weigh(ASKED, (cuts_for_ever(kind),), (fine,))

    assert findings(ruling) == [
        ("halving", Reason.CLAMP_UNSETTLED, f"after the cut: half the {kind}")
    ]


def test_nobody_is_asked_twice_about_the_same_order() -> None:
    """The second asking is for what was cut; it costs a verdict half its time."""
    whole, left = ASKED.proposal, proposal("400", "15")
    bound, check = Counted(), Counted()
    weigh(ASKED, (bound,), (check,))
    assert bound.asked == check.asked == [whole]

    bound, check = Counted(), Counted()
    weigh(ASKED, (margin_to("400"), bound), (check,))
    assert bound.asked == [whole, left]
    assert check.asked == [left]

    bound, check = Counted(), Counted()
    weigh(ASKED, (bound,), (margin_to("400"), check))
    assert bound.asked == check.asked == [whole, left]


def test_a_denied_order_is_not_put_to_anyone_again() -> None:
    bound, check = Counted(margin_to("400")), Counted(lambda _: Deny(DENIED, "no"))
    weigh(ASKED, (bound,), (check,))

    assert (len(bound.asked), len(check.asked)) == (1, 1)


@pytest.mark.parametrize(
    ("make", "most", "less"),
    [(margin_to, "400", "300"), (leverage_to, "12", "10")],
    ids=["margin", "leverage"],
)
def test_of_two_caps_the_smaller_binds_whichever_comes_first(
    make: Callable[[str], Rule], most: str, less: str
) -> None:
    for caps in ((most, less), (less, most)):
        ruling = permitted(weigh(ASKED, tuple(make(cap) for cap in caps), (fine,)))

        assert [f.detail.split(" > ")[1] for f in ruling.binding] == [less]
        assert D(less) in (ruling.proposal.margin.usd, ruling.proposal.leverage.times)


def test_a_cap_on_each_is_named_for_each() -> None:
    caps = (margin_to("400"), leverage_to("10"), margin_to("430"), leverage_to("12"))
    ruling = permitted(weigh(ASKED, caps, (fine,)))

    assert ruling.proposal == proposal("400", "10")
    assert [f.detail for f in ruling.binding] == ["margin > 400", "leverage > 10"]


def test_where_nothing_is_left_the_refusal_still_has_its_votes() -> None:
    """An audit reads which rule took it all, and that a minimum had been applied."""
    small = FINE.bounded(below_min=BelowMin.CLAMP).sized("40", "15")
    nothing = (margin_to("0.001"),)
    ruling = weigh(ASKED, nothing, (fine,))
    after_raising = weigh(small.case(), nothing, (fine,))

    assert findings(ruling) == [
        ("judge", Reason.SIZE_BELOW_MIN, "of 450 x 15 is left 0.00 x 15")
    ]
    assert isinstance(ruling, Refused)
    assert isinstance(after_raising, Refused)
    assert [cast.rule for cast in ruling.votes] == ["margin_cut", "fine"]
    assert (ruling.raised, after_raising.raised) == (False, True)


def test_no_rules_and_no_arithmetic_say_so() -> None:
    def divides(case: Case) -> Vote:
        return CapMargin(D("sNaN"), CUT, str(case.now_ms))

    assert findings(weigh(ASKED, (), (fine,))) == [("judge", "RULE_FAILED", "no rules")]
    assert findings(weigh(ASKED, (fine,), ())) == [("judge", "RULE_FAILED", "no rules")]
    assert findings(weigh(ASKED, (divides,), (fine,))) == [
        ("judge", "RULE_FAILED", "cannot be computed: InvalidOperation")
    ]


def test_what_is_no_vote_is_named() -> None:
    def silent(_: Case) -> Vote:
        return None  # type: ignore[return-value]

    ((rule, reason, detail),) = findings(weigh(ASKED, (silent,), (fine,)))

    assert (rule, reason) == ("silent", Reason.RULE_FAILED)
    assert detail == "silent: answered a NoneType, which is no vote"


def test_a_permission_keeps_every_vote_in_the_order_of_the_rules() -> None:
    ruling = weigh(ASKED, (margin_to("400"), warning), (fine,))
    assert isinstance(ruling, Permitted)

    assert [cast.rule for cast in ruling.votes] == ["margin_cut", "warning", "fine"]
    assert [f.detail for f in ruling.warnings] == ["softened"]
