"""Each rule can be the only one to object, and without it the order would be larger.

The solver finds a case; it is then judged with real Decimals by the judge that is shipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, final

from bridge_patch.adapters.prover.cases import (
    CAPS,
    PASSES,
    cut_by,
    given,
    leaves,
    leverage,
    margin,
    whole,
)
from bridge_patch.adapters.prover.explorer import Explorer
from bridge_patch.adapters.prover.records import freed
from bridge_patch.adapters.prover.replay import complete, real_case, valued
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import Permitted, Refused, Ruling
from bridge_patch.governor.votes import CapLeverage, CapMargin, Case, Rule
from bridge_patch.governor.weigh import weigh
from tests.questions import FINE

ALWAYS_FREE: Final = ("proposal.margin.usd", "proposal.leverage.times", "confidence")
#: Runs to look for a case, before the next way to look is tried.
PATIENCE: Final = 300
MILD: Final = (*PASSES, *CAPS)


@final
@dataclass(frozen=True, kw_only=True)
class Alone:
    """A real case in which one rule makes all the difference."""

    case: Case
    judged: Ruling
    without: Permitted


def alone(rule: Rule) -> Alone | None:
    """Find a case that only this rule refuses or cuts; other rules may cut at most."""
    mine = frozenset(leaves(rule)) | frozenset(ALWAYS_FREE)
    everything = mine.union(*(leaves(other) for other in (*BOUNDS, *CHECKS)))
    for passes, free in product((PASSES, MILD), (mine, everything)):
        for found in _cases(rule, free, passes):
            judged, without = weigh(found), _without(rule, found)
            if isinstance(without, Permitted) and _only(rule, judged, without):
                return Alone(case=found, judged=judged, without=without)
    return None


def told(found: Alone) -> str:
    """What the rule said, and what would have been permitted without it."""
    judged, instead = found.judged, found.without.proposal
    said = judged.findings if isinstance(judged, Refused) else judged.binding
    would = f"{instead.margin.usd} x {instead.leverage.times}"
    return f"{said[0].detail} (without the rule: {would})"


def _only(rule: Rule, judged: Ruling, without: Permitted) -> bool:
    """This rule alone refused, or it alone cut and the order would be larger without it."""
    name = rule.__name__
    if isinstance(judged, Refused):
        return {finding.rule for finding in judged.findings} == {name}
    if {finding.rule for finding in judged.binding} != {name}:
        return False
    cut, whole = judged.proposal, without.proposal
    return cut.margin < whole.margin or cut.leverage < whole.leverage


def _without(rule: Rule, case: Case) -> Ruling:
    bounds = tuple(other for other in BOUNDS if other is not rule)
    checks = tuple(other for other in CHECKS if other is not rule)
    return weigh(case, bounds, checks)


def _cases(rule: Rule, free: frozenset[str], passes: tuple[type, ...]) -> Iterator[Case]:
    """Cases like an ordinary one but for some fields, to which this rule alone objects."""
    base = FINE.case()
    others = [other for other in (*BOUNDS, *CHECKS) if other is not rule]

    def run() -> Case:
        case = freed(base, free)
        given(whole(margin(case) >= 1) & (leverage(case) >= 1))
        vote = rule(case)
        given(not isinstance(vote, PASSES))
        for other in others:
            given(isinstance(other(case), passes))
        if isinstance(vote, CapMargin | CapLeverage):
            left = cut_by(case, vote)
            for other in others:
                given(isinstance(other(left), PASSES))
        complete(case)
        return case

    for path in Explorer(patience=PATIENCE).paths(run):
        values = valued(path, path.outcome)
        if values is not None:
            yield real_case(path.outcome, values)
