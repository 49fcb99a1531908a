"""Theorems about one rule at a time: the shipped function, on any case there can be."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from bridge_patch.adapters.prover.cases import (
    CAPS,
    PASSES,
    any_case,
    given,
    leverage,
    margin,
    sized,
    steady,
    stricter,
    symbol,
    whole,
)
from bridge_patch.adapters.prover.explorer import Explorer
from bridge_patch.adapters.prover.proof import Claimed, Run
from bridge_patch.governor.rules import BOUNDS
from bridge_patch.governor.votes import (
    Allow,
    CapLeverage,
    CapMargin,
    Case,
    Deny,
    Rule,
    Vote,
    Warn,
)
from tests.proofs.statements import Promise

#: What the theorems about the judge assume of each list: no bound warns, no check caps
#: the leverage.
BOUND_VOTES = (Allow, CapMargin, CapLeverage, Deny)
CHECK_VOTES = (Allow, CapMargin, Warn, Deny)
BOUND_NAMES = frozenset(rule.__name__ for rule in BOUNDS)


def answers(rule: Rule) -> Run:
    """Every path ends in a vote its list may give; none raises."""
    kinds = BOUND_VOTES if rule.__name__ in BOUND_NAMES else CHECK_VOTES

    def run() -> Claimed:
        vote = rule(any_case(rule))
        return Claimed(claim=isinstance(vote, kinds), said={"vote": vote})

    return run


def keeps(rule: Rule, promise: Promise) -> Run:
    """What is allowed is as promised; an objection is softened only on request."""

    def run() -> Claimed:
        case = any_case(rule)
        vote = rule(case)
        if isinstance(vote, Warn):
            return Claimed(claim=case.limits.fail_open, opens=False, said={"vote": vote})
        kept = whole(promise(case))
        if isinstance(vote, Allow):
            return Claimed(claim=kept, bites=False, said={"vote": vote})
        return Claimed(claim=True, opens=False, bites=~kept)

    return run


def caps(rule: Rule) -> Run:
    """A cap is above zero and takes away: it is below what was asked."""

    def run() -> Claimed | None:
        case = any_case(rule)
        vote = rule(case)
        if isinstance(vote, CapMargin):
            at, asked = vote.at_usd, margin(case)
        elif isinstance(vote, CapLeverage):
            at, asked = vote.at_times, leverage(case)
        else:
            return None
        return Claimed(claim=whole(at > 0) & (at < asked), said={"vote": vote})

    return run


def settles(rule: Rule) -> Run:
    """Anywhere under its own cap the rule has no objection left."""

    def run() -> Claimed | None:
        case = any_case(rule)
        vote = rule(case)
        if not isinstance(vote, CAPS):
            return None
        under = symbol("under")
        if isinstance(vote, CapMargin):
            given(under <= vote.at_usd)
            after = sized(case, under, leverage(case))
        else:
            given(under <= vote.at_times)
            after = sized(case, margin(case), under)
        again = rule(after)
        return Claimed(claim=isinstance(again, PASSES), said={"vote": vote, "again": again})

    return run


def falls(rule: Rule) -> Run:
    """What a bound allows it allows at less margin and less leverage too."""

    def run() -> Claimed | None:
        case = any_case(rule)
        given(isinstance(rule(case), Allow))
        less, times = symbol("less_usd"), symbol("less_times")
        given(whole(less <= margin(case)) & (times <= leverage(case)))
        again = rule(sized(case, less, times))
        return Claimed(claim=isinstance(again, Allow), said={"again": again})

    return run


def between(rule: Rule) -> Run:
    """Allowed below and not refused above is allowed between, under the cap above."""

    def run() -> Claimed | None:
        case = any_case(rule)
        low, middle = symbol("low_usd"), symbol("middle_usd")
        given(whole(low <= middle) & (middle <= margin(case)))
        above = rule(case)
        given(not isinstance(above, Deny | CapLeverage))
        if isinstance(above, CapMargin):
            given(middle <= above.at_usd)
        given(isinstance(rule(sized(case, low, leverage(case))), PASSES))
        vote = rule(sized(case, middle, leverage(case)))
        return Claimed(claim=isinstance(vote, PASSES), said={"above": above, "vote": vote})

    return run


def monotone(rule: Rule, worsen: Callable[[Case], Case]) -> Run:
    """In a worse world a check is at least as strict, and somewhere stricter."""

    def run() -> Claimed:
        case = any_case(rule)
        worse = worsen(case)
        before, after = rule(case), rule(worse)
        return Claimed(
            claim=stricter(after, before),
            bites=_harder(after, before),
            said={"before": before, "after": after},
        )

    return run


def keeps_steady(rule: Rule, worsen: Callable[[Case], Case]) -> Run:
    """In a worse world a bound cuts as before, or refuses where it did not."""

    def run() -> Claimed:
        case = any_case(rule)
        worse = worsen(case)
        before, after = rule(case), rule(worse)
        return Claimed(
            claim=steady(after, before),
            bites=isinstance(after, Deny) and not isinstance(before, Deny),
            said={"before": before, "after": after},
        )

    return run


def _harder(after: Vote, before: Vote) -> Any:
    """Strictly stricter: the direction makes a difference to this rule."""
    if isinstance(after, CapMargin) and isinstance(before, CapMargin):
        return after.at_usd < before.at_usd
    return _rank(after) > _rank(before)


def _rank(vote: Vote) -> int:
    return 0 if isinstance(vote, PASSES) else 1 if isinstance(vote, CAPS) else 2


@cache
def votes_of(rule: Rule) -> frozenset[type]:
    """The kinds of vote a rule ever gives."""
    paths = Explorer().paths(lambda: rule(any_case(rule)))
    return frozenset(type(path.outcome) for path in paths)


def cutting(rules: tuple[Rule, ...]) -> list[Rule]:
    """The rules that may answer with a cap."""
    return [rule for rule in rules if votes_of(rule) & {CapMargin, CapLeverage}]
