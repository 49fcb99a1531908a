"""A ruling in the words of the journal."""

from decimal import Decimal

import pytest

from bridge_patch.domain.events import VoteRecord
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import JUDGE, Cast, Finding, Permitted, Refused, refusal
from bridge_patch.governor.verdict import detail_of, stated, word_of
from bridge_patch.governor.votes import ALLOW, CapLeverage, CapMargin, Deny, Vote, Warn
from tests.questions import proposal

D = Decimal
VOTES: list[tuple[Vote, str]] = [
    (ALLOW, "ALLOW"),
    (CapMargin(D(1), Reason.SIZE_ABOVE_MAX, "too much"), "CAP"),
    (CapLeverage(D(1), Reason.LEVERAGE_ABOVE_MAX, "too many"), "CAP"),
    (Warn(Reason.EXCEEDS_RISK_BUDGET, "softened"), "WARN"),
    (Deny(Reason.MARK_STALE, "old"), "DENY"),
]
LESS = Finding("a", Reason.SIZE_ABOVE_MAX, "too much")
FEWER = Finding("b", Reason.LEVERAGE_ABOVE_MAX, "too many")
SOFT = Finding("c", Reason.EXCEEDS_RISK_BUDGET, "softened")


@pytest.mark.parametrize(("vote", "word"), VOTES, ids=lambda v: getattr(v, "reason", ""))
def test_a_vote_has_one_word_in_records(vote: Vote, word: str) -> None:
    said = stated(Refused(findings=(LESS,), votes=(Cast("r", vote),)), None)

    assert word_of(vote) == word
    assert said.votes == (
        VoteRecord(
            rule="r",
            vote=word,
            code=getattr(vote, "reason", ""),
            detail=getattr(vote, "detail", ""),
        ),
    )


def test_a_refusal_is_stated_with_every_word_once() -> None:
    twice = Finding("d", Reason.SIZE_ABOVE_MAX, "too much")
    said = stated(Refused(findings=(LESS, FEWER, twice), raised=True), None)

    assert (said.verdict, said.codes) == (
        "REJECT",
        ("SIZE_ABOVE_MAX", "LEVERAGE_ABOVE_MAX"),
    )
    assert (said.detail, said.binding, said.raised) == ("too much; too many", "", True)
    assert {said.margin_usd, said.leverage, said.quantity_base, said.notional_usd} == {None}
    assert said.votes == ()
    assert detail_of(()) == ""


def test_a_permission_is_stated_with_what_cut_it_before_what_warned() -> None:
    ruling = Permitted(
        proposal=proposal("400", "10"),
        binding=(LESS, FEWER),
        warnings=(SOFT,),
        votes=tuple(Cast("r", vote) for vote, _ in VOTES[:4]),
        raised=False,
    )
    said = stated(ruling, None)

    assert (said.verdict, said.binding, said.raised) == ("CLAMP", "a b", False)
    assert said.codes == (
        *("PASS", "SIZE_ABOVE_MAX", "LEVERAGE_ABOVE_MAX"),
        "EXCEEDS_RISK_BUDGET",
    )
    assert said.detail == "too much; too many; softened"
    assert (said.margin_usd, said.leverage) == (D(400), D(10))
    assert (said.quantity_base, said.notional_usd) == (None, D(4000))
    assert [vote.vote for vote in said.votes] == ["ALLOW", "CAP", "CAP", "WARN"]


def test_one_who_speaks_for_no_rule_is_the_judge_and_raised_nothing() -> None:
    assert JUDGE == "judge"
    assert refusal(Reason.RULE_FAILED, "no rules") == Refused(
        findings=(Finding("judge", Reason.RULE_FAILED, "no rules"),), votes=(), raised=False
    )
