"""The prover itself: what a rule is said to answer it answers to a real case."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from time import monotonic
from typing import Final

import z3

from bridge_patch.adapters.prover.cases import any_case
from bridge_patch.adapters.prover.explorer import Explorer, current
from bridge_patch.adapters.prover.proof import Proof, Status
from bridge_patch.adapters.prover.replay import (
    Valuation,
    complete,
    real_case,
    valued,
)
from bridge_patch.adapters.prover.symbols import term_of
from bridge_patch.domain.arithmetic import exactly
from bridge_patch.governor.votes import CapLeverage, CapMargin, Case, Rule, Vote
from tests.questions import FINE

_NEAR: Final = Decimal("1E-12")
#: The number of a cap, wherever it is made.
_NUMBER: Final = z3.Real("answered")


def replayed(rule: Rule) -> Proof:
    """Build a real case for each path of a rule, and ask the rule about it."""
    began, paths, like = monotonic(), 0, FINE.case()

    def run() -> tuple[Case, Vote]:
        case = any_case(rule)
        vote = rule(case)
        number = _number_of(vote)
        if number is not None:
            current().assume(term_of(number) == _NUMBER)
        complete(case)
        return case, vote

    for path in Explorer().paths(run):
        paths += 1
        case, said = path.outcome
        values = valued(path, case, like)
        if values is None:
            return _proof(Status.UNDECIDED, paths, began, "no case was found on a path")
        real = real_case(case, values)
        with exactly():
            answered = rule(real)
        if not _same(answered, said, values):
            example = f"{said} became {answered} for {real}"
            return _proof(Status.REFUTED, paths, began, example)
    return _proof(Status.PROVED, paths, began, "")


def _proof(status: Status, paths: int, began: float, example: str) -> Proof:
    return Proof(status=status, paths=paths, seconds=monotonic() - began, example=example)


def _same(answered: Vote, said: Vote, values: Valuation) -> bool:
    """The same kind of vote for the same reason, at the same number but for rounding."""
    if type(answered) is not type(said):
        return False
    if getattr(answered, "reason", None) is not getattr(said, "reason", None):
        return False
    number = _number_of(answered)
    return number is None or _near(number, values.number(_NUMBER))


def _number_of(vote: Vote) -> Decimal | None:
    if isinstance(vote, CapMargin):
        return vote.at_usd
    return vote.at_times if isinstance(vote, CapLeverage) else None


def _near(number: Decimal, exact: Fraction) -> bool:
    """The same but for the rounding of the last of 28 digits."""
    wanted = Decimal(exact.numerator) / exact.denominator
    return abs(number - wanted) <= _NEAR * max(abs(wanted), Decimal(1))
