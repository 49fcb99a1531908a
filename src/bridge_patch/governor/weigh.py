"""From votes to a ruling: small enough to read in one breath.

Every rule is asked, so that a refusal names every objection and the order of the rules
cannot matter. A rule that raises has refused. Caps only ever take away, and what they leave
is put to all rules once more. Nothing raises: what cannot be computed is refused.

More danger never allows more, and neither does a tighter limit, but for those that cut
before the order's own notional is compared: `docs/governor.md` says which and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.intent import Proposal
from bridge_patch.domain.money import CENT, Leverage, Margin, floor_to
from bridge_patch.governor.limits import BelowMin
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import (
    JUDGE,
    Cast,
    Finding,
    Permitted,
    Refused,
    Ruling,
    refusal,
)
from bridge_patch.governor.votes import (
    ALLOW,
    Allow,
    CapLeverage,
    CapMargin,
    Case,
    Deny,
    Rule,
    Vote,
    Warn,
)

_VOTES: Final = (Allow, CapMargin, CapLeverage, Warn, Deny)
_CAPS: Final = (CapMargin, CapLeverage)
#: What a rule without an objection casts, made once: most votes are this.
_ALLOWED: Final = {rule: Cast(rule.__name__, ALLOW) for rule in (*BOUNDS, *CHECKS)}


def weigh(
    case: Case, bounds: Sequence[Rule] = BOUNDS, checks: Sequence[Rule] = CHECKS
) -> Ruling:
    """Ask every rule, and permit only what all of them allow."""
    if not bounds or not checks:
        return refusal(Reason.RULE_FAILED, "no rules")
    try:
        with exactly():
            return _weigh(case, bounds, checks)
    except ArithmeticError as e:
        return refusal(Reason.RULE_FAILED, f"cannot be computed: {type(e).__name__}")


def _weigh(case: Case, bounds: Sequence[Rule], checks: Sequence[Rule]) -> Ruling:
    asked = _raised(case)
    raised = asked is not case
    votes = _ask(bounds, asked)
    spoken = _spoken(votes)
    bounded = _cut(asked, spoken)
    answers = _ask(checks, bounded if isinstance(bounded, Case) else asked)
    votes, spoken = votes + answers, spoken + _spoken(answers)
    final = _cut(bounded, spoken) if isinstance(bounded, Case) else bounded
    findings = _objections(spoken)
    if isinstance(final, Finding):
        return Refused(findings=findings or (final,), votes=votes, raised=raised)
    if not findings and any(isinstance(cast.vote, _CAPS) for cast in spoken):
        unseen = bounds if final is bounded else (*bounds, *checks)
        findings = _unsettled(_ask(unseen, final))
    if findings:
        return Refused(findings=findings, votes=votes, raised=raised)
    return Permitted(
        proposal=final.proposal,
        binding=_binding(spoken),
        warnings=_warnings(spoken),
        votes=votes,
        raised=raised,
    )


def _ask(rules: Sequence[Rule], case: Case) -> tuple[Cast, ...]:
    votes = []
    for rule in rules:
        try:
            vote = rule(case)
        except Exception as e:  # noqa: BLE001 - a rule that fails has refused
            votes.append(_failed(rule, f"{type(e).__name__}: {e}"))
        else:
            allowed = _ALLOWED.get(rule) if vote is ALLOW else None
            votes.append(allowed or _cast(rule, vote))
    return tuple(votes)


def _cast(rule: Rule, vote: Vote) -> Cast:
    if isinstance(vote, _VOTES):
        return Cast(_name(rule), vote)
    return _failed(rule, f"answered a {type(vote).__name__}, which is no vote")


def _spoken(votes: Sequence[Cast]) -> tuple[Cast, ...]:
    """Leave out the rules that only allow."""
    return tuple([cast for cast in votes if cast.vote is not ALLOW])


def _failed(rule: Rule, how: str) -> Cast:
    name = _name(rule)
    return Cast(name, Deny(Reason.RULE_FAILED, f"{name}: {how}"))


def _name(rule: Rule) -> str:
    return str(getattr(rule, "__name__", type(rule).__name__))


def _objections(votes: Sequence[Cast]) -> tuple[Finding, ...]:
    return tuple(
        Finding(cast.rule, vote.reason, vote.detail)
        for cast in votes
        if isinstance(vote := cast.vote, Deny)
    )


def _warnings(votes: Sequence[Cast]) -> tuple[Finding, ...]:
    return tuple(
        Finding(cast.rule, vote.reason, vote.detail)
        for cast in votes
        if isinstance(vote := cast.vote, Warn)
    )


def _unsettled(votes: Sequence[Cast]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            cast.rule,
            vote.reason if isinstance(vote, Deny) else Reason.CLAMP_UNSETTLED,
            f"after the cut: {vote.detail}",
        )
        for cast in votes
        if isinstance(vote := cast.vote, CapMargin | CapLeverage | Deny)
    )


def _binding(votes: Sequence[Cast]) -> tuple[Finding, ...]:
    """Name the smallest cap of each kind, and every cap that is equal to it."""
    caps = [
        (cast.rule, vote)
        for cast in votes
        if isinstance(vote := cast.vote, CapMargin | CapLeverage)
    ]
    margin = min(
        (vote.at_usd for _, vote in caps if isinstance(vote, CapMargin)), default=None
    )
    leverage = min(
        (vote.at_times for _, vote in caps if isinstance(vote, CapLeverage)), default=None
    )
    return tuple(
        Finding(rule, vote.reason, vote.detail)
        for rule, vote in caps
        if (
            vote.at_usd == margin
            if isinstance(vote, CapMargin)
            else vote.at_times == leverage
        )
    )


def _cut(case: Case, votes: Sequence[Cast]) -> Case | Finding:
    """Return the case under every cap and quantum, or the finding that nothing is left."""
    asked = case.proposal
    margin, leverage = asked.margin.usd, asked.leverage.times
    for cast in votes:
        vote = cast.vote
        if isinstance(vote, CapMargin):
            margin = min(margin, vote.at_usd)
        elif isinstance(vote, CapLeverage):
            leverage = min(leverage, vote.at_times)
    margin, leverage = floor_to(margin, CENT), floor_to(leverage, case.leverage_quantum)
    if margin > 0 and leverage > 0:
        return _sized(case, margin, leverage)
    reason = Reason.LEVERAGE_BELOW_MIN if margin > 0 else Reason.SIZE_BELOW_MIN
    detail = f"of {asked.margin.usd} x {asked.leverage.times} is left {margin} x {leverage}"
    return Finding(JUDGE, reason, detail)


def _raised(case: Case) -> Case:
    """Raise a proposal to the minima where a person asked for that; by default it stays."""
    if case.limits.below_min is not BelowMin.CLAMP:
        return case
    return _sized(
        case,
        max(case.proposal.margin.usd, case.limits.margin_min_usd),
        max(case.proposal.leverage.times, case.limits.leverage_min),
    )


def _sized(case: Case, margin: Decimal, leverage: Decimal) -> Case:
    """Return the case with this proposal, and the very same case where that is its own."""
    asked = case.proposal
    if margin == asked.margin.usd and leverage == asked.leverage.times:
        return case
    proposal = Proposal(margin=Margin(margin), leverage=Leverage(leverage))
    return replace(case, proposal=proposal)
