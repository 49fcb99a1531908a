"""Limits B against limits A: does B accept anything that A refuses, or more of it.

Proved none: each rule under B is, for every case, at least as strict as under A; by the
theorem `worse` the judge then is too; what no rule reads is compared as `OUTSIDE` says.
Otherwise a case is looked for and judged for real
under both. What is neither proved nor found is undecided, and says why.

Both are asked about entries that do not say under which limits they were sized: that those
are refused elsewhere is an identity, not a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, TypeAlias, final

from bridge_patch.adapters.prover.cases import (
    PASSES,
    cut_by,
    given,
    leaves,
    leverage,
    margin,
    reads,
    steady,
    stricter,
    whole,
)
from bridge_patch.adapters.prover.explorer import Explorer
from bridge_patch.adapters.prover.ordinary import ordinary_case
from bridge_patch.adapters.prover.outside import after_a_shock, forgets_sooner
from bridge_patch.adapters.prover.proof import Claimed, Run, Status, prove
from bridge_patch.adapters.prover.records import freed, record, varied
from bridge_patch.adapters.prover.replay import complete, real_case, valued
from bridge_patch.adapters.prover.solving import OutOfTimeError, within
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.money import CENT, floor_to
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import Permitted, Refused, Ruling
from bridge_patch.governor.votes import CapLeverage, CapMargin, Case, Deny, Rule
from bridge_patch.governor.weigh import _raised, weigh

#: How long a comparison may take.
WITHIN_SEC: Final = 60.0
#: Runs to look for one case before the next rule is tried, and once more if none had one.
_PATIENCE: Final = (40, 300)
_FLOORS: Final = ("margin_floor", "leverage_floor")


#: What a search may always choose, besides what the objecting rule reads.
_ALWAYS_FREE: Final = ("proposal.margin.usd", "proposal.leverage.times")


@final
@dataclass(frozen=True, slots=True)
class Search:
    """Where to look, and for how many runs."""

    free: frozenset[str]
    patience: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A case, under the limits B, that B permits; A refuses it or permits less."""

    case: Case
    under_a: Ruling
    under_b: Permitted


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """B accepts nothing that A refuses, and nothing larger; `rules` had to be compared."""

    rules: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """No proof and no case; `why` says where the proof failed."""

    why: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfTime:
    """Neither a proof nor a case was found in the time given."""

    after_sec: float


Answer: TypeAlias = Witness | Proved | Undecided | OutOfTime


def compare(
    limits_a: Limits,
    limits_b: Limits,
    *,
    within_sec: float = WITHIN_SEC,
    tell: Callable[[str], None] = lambda _: None,
) -> Answer:
    """Answer with a case, with a proof that there is none, or that neither was found.

    `tell` is told what is being looked at. What is not found `within_sec` is not known.
    """
    try:
        with within(within_sec):
            return _compared(limits_a, limits_b, tell)
    except OutOfTimeError:
        return OutOfTime(after_sec=within_sec)


def _compared(limits_a: Limits, limits_b: Limits, tell: Callable[[str], None]) -> Answer:
    concerned = [*_concerned(limits_a, limits_b)]
    lenient = [*_lenient(concerned, limits_a, limits_b, tell)]
    raises, sooner = _raise_differs(limits_a, limits_b), forgets_sooner(limits_a, limits_b)
    why = [f"{rule.__name__} may be more lenient under B" for rule in lenient]
    if raises:
        why.append("a proposal below a minimum is treated differently")
    if sooner:
        why.append("a shock stops entries for a shorter time under B")
    if not why:
        return Proved(rules=tuple(rule.__name__ for rule in concerned))
    if sooner and (pair := after_a_shock(limits_a, limits_b)):
        under_b = weigh(pair[1])
        if isinstance(under_b, Permitted):
            return Witness(case=pair[1], under_a=weigh(pair[0]), under_b=under_b)
    for patience in _PATIENCE:
        for objector in _objectors(lenient, raises=raises):
            tell(f"looking for an entry that {objector.__name__} refuses under A")
            found = _witness(objector, limits_a, limits_b, patience)
            if found is not None:
                return found
    return Undecided(why=f"{', '.join(why)}; no case was found")


def _lenient(
    concerned: Sequence[Rule],
    limits_a: Limits,
    limits_b: Limits,
    tell: Callable[[str], None],
) -> Iterator[Rule]:
    """Yield the rules of which it is not proved that B is at least as strict."""
    for n, rule in enumerate(concerned, 1):
        tell(f"rule {n} of {len(concerned)}: {rule.__name__}")
        if not _holds(rule, limits_a, limits_b):
            yield rule


def _objectors(lenient: Sequence[Rule], *, raises: bool) -> Iterator[Rule]:
    """Yield the checks that may refuse under A what B permits, the likeliest first.

    A bound that cuts more under B brings an order under what a check refuses at its size.
    """
    likely = [rule for rule in lenient if rule in CHECKS]
    if raises:
        likely.extend(rule for rule in CHECKS if rule.__name__ in _FLOORS)
    if any(rule in BOUNDS for rule in lenient):
        likely.extend(rule for rule in CHECKS if "proposal.leverage.times" in reads(rule))
    yield from dict.fromkeys(likely)


def _raise_differs(limits_a: Limits, limits_b: Limits) -> bool:
    """Tell whether a proposal below a minimum starts out differently under the two."""
    if limits_a.below_min is limits_b.below_min is BelowMin.REFUSE:
        return False
    lower = (
        limits_a.margin_min_usd <= limits_b.margin_min_usd
        and limits_a.leverage_min <= limits_b.leverage_min
    )
    if limits_b.below_min is BelowMin.REFUSE and lower:
        return False  # what B permits is at A's minima or above, so A raises nothing
    names = ("below_min", "margin_min_usd", "leverage_min")
    return any(getattr(limits_a, name) != getattr(limits_b, name) for name in names)


def _concerned(limits_a: Limits, limits_b: Limits) -> Iterator[Rule]:
    """Yield the rules that read a limit in which the two differ."""
    paths = {
        f"limits.{f.name}"
        for f in fields(Limits)
        if f.name != "_digest" and getattr(limits_a, f.name) != getattr(limits_b, f.name)
    }
    for rule in (*BOUNDS, *CHECKS) if paths else ():
        if reads(rule) & paths:
            yield rule


def _holds(rule: Rule, limits_a: Limits, limits_b: Limits) -> bool:
    """Prove that a rule is at least as strict under B as under A; a bound is steady."""
    return prove(_rule_run(rule, limits_a, limits_b)).status is Status.PROVED


def _rule_run(rule: Rule, limits_a: Limits, limits_b: Limits) -> Run:
    at_least = steady if rule in BOUNDS else stricter

    def run() -> Claimed:
        under_a, under_b = _pair(limits_a, limits_b)
        before, after = rule(under_a), rule(under_b)
        return Claimed(claim=at_least(after, before))

    return run


def _pair(limits_a: Limits, limits_b: Limits) -> tuple[Case, Case]:
    """Return any one case, under either limits; a leverage is at least 1, as on the wire.

    Equity is above zero where it is known: otherwise no limits permit anything.
    """
    case = record(Case, given={"limits": limits_a, "stated_limits": ""})
    given(leverage(case) >= 1)
    equity = case.snapshot.equity
    given(isinstance(equity, Unknown) or equity.value > 0)
    return case, _under(case, limits_b)


def _witness(
    objector: Rule, limits_a: Limits, limits_b: Limits, patience: int
) -> Witness | None:
    """Look for a case that this rule objects to under A, and no rule under B."""
    mine = leaves(objector).union(_ALWAYS_FREE)
    everything = mine.union(*(leaves(rule) for rule in (*BOUNDS, *CHECKS)))
    for free in (mine, everything):
        for case in _cases(objector, limits_a, limits_b, Search(free, patience)):
            under_b = weigh(case)
            under_a = weigh(replace(case, limits=limits_a))
            if isinstance(under_b, Permitted) and _less(under_a, under_b):
                return Witness(case=case, under_a=under_a, under_b=under_b)
    return None


def _less(one: Ruling, other: Permitted) -> bool:
    if isinstance(one, Refused):
        return True
    return (
        one.proposal.margin < other.proposal.margin
        or one.proposal.leverage < other.proposal.leverage
    )


def _cases(
    objector: Rule, limits_a: Limits, limits_b: Limits, search: Search
) -> Iterator[Case]:
    """Yield cases like an ordinary one but for what is free."""
    base = ordinary_case(limits_b)

    def run() -> Case:
        under_b = freed(base, search.free)
        given(whole(margin(under_b) >= 1) & (leverage(under_b) >= 1))
        given(not isinstance(objector(_bounded(_under(under_b, limits_a))), PASSES))
        left = _bounded(under_b)
        for rule in (*BOUNDS, *CHECKS):
            given(isinstance(rule(left), PASSES))
        complete(under_b)
        return under_b

    for path in Explorer(patience=search.patience).paths(run):
        values = valued(path, path.outcome)
        if values is not None:
            yield real_case(path.outcome, values)


def _under(case: Case, limits: Limits) -> Case:
    return varied(case, {"limits": limits})


def _bounded(case: Case) -> Case:
    """Return the case as the checks see it: raised where that is asked for, and cut.

    Where nothing is cut the proposal is a round one, so that rounding leaves it alone.
    """
    left = asked = _raised(case)
    for bound in BOUNDS:
        vote = bound(asked)
        given(not isinstance(vote, Deny))
        if isinstance(vote, CapMargin | CapLeverage):
            left = cut_by(left, vote)
    if left is asked:
        usd, times = margin(case), leverage(case)
        round_usd = whole(floor_to(usd, CENT) == usd)
        given(round_usd & (floor_to(times, case.leverage_quantum) == times))
    return left
