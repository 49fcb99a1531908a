"""From votes to a ruling: small enough to read in one breath.

Every rule is asked, so that a refusal names every objection and the order of the rules
cannot matter. A rule that raises has refused. Caps only ever take away, and what they leave
is put to all rules once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias, final

from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import Entry, Mode, Proposal, UnixMs, Unknown
from bridge_patch.domain.money import CENT, Leverage, Margin, floor_to
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.snapshot import Known, RiskSnapshot
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

_YEAR_SEC: Final = 365 * 24 * 3600
#: A venue takes whole leverages; a shadow record keeps a tenth.
LEVERAGE_QUANTUM: Final = {Mode.LIVE: Decimal(1), Mode.SHADOW: Decimal("0.1")}


@final
@dataclass(frozen=True, slots=True)
class Cast:
    """One rule's vote, kept for the record."""

    rule: str
    vote: Vote


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """An objection, a softened objection or a cap that was applied."""

    rule: str
    reason: Reason
    detail: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The proposal that every rule allows: a record, not a permission.

    `binding` names the caps that decided; it is empty where nothing was cut.
    """

    proposal: Proposal
    binding: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    votes: tuple[Cast, ...]
    raised: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No order; every objection, in rule order, the first one being the headline."""

    findings: tuple[Finding, ...]
    votes: tuple[Cast, ...] = ()
    raised: bool = False


Ruling: TypeAlias = Permitted | Refused


def weigh(
    case: Case, bounds: Sequence[Rule] = BOUNDS, checks: Sequence[Rule] = CHECKS
) -> Ruling:
    """Ask every rule, and permit only what all of them allow."""
    if not bounds or not checks:
        return Refused(findings=(Finding("judge", Reason.RULE_FAILED, "no rules"),))
    asked = _raised(case)
    raised = asked is not case
    votes = _ask(bounds, asked)
    bounded = _shrunk(asked, votes)
    if bounded is None:
        return _refused((*_objections(votes), _nothing_left(asked)), votes, raised=raised)
    case_bounded = asked if bounded == asked.proposal else replace(asked, proposal=bounded)
    votes += _ask(checks, case_bounded)
    if findings := _objections(votes):
        return _refused(findings, votes, raised=raised)
    proposal = _shrunk(case_bounded, votes)
    if proposal is None:
        return _refused((_nothing_left(case_bounded),), votes, raised=raised)
    if proposal != asked.proposal:
        again = _ask((*bounds, *checks), replace(asked, proposal=proposal))
        if unsettled := _unsettled(again):
            return _refused(unsettled, votes, raised=raised)
    return Permitted(
        proposal=proposal,
        binding=_binding(votes),
        warnings=tuple(
            Finding(c.rule, c.vote.reason, c.vote.detail)
            for c in votes
            if isinstance(c.vote, Warn)
        ),
        votes=votes,
        raised=raised,
    )


def case_of(
    entry: Entry, *, mode: Mode, snapshot: RiskSnapshot, limits: Limits, now_ms: UnixMs
) -> Case | Refused:
    """Lay out an entry for the rules; an entry that proposes nothing is refused here."""
    if isinstance(entry.proposal, Unknown):
        return Refused(
            findings=(Finding("judge", Reason.SIZE_MISSING, entry.proposal.why),)
        )
    policy = entry.policy or POLICY_FALLBACK
    return Case(
        side=entry.side,
        confidence=entry.confidence.value,
        proposal=entry.proposal,
        stop=entry.stop,
        sigma_move=sigma_move(snapshot, limits, policy.hold_max_sec),
        risk_budget=entry.risk_budget,
        snapshot=snapshot,
        limits=limits,
        leverage_quantum=LEVERAGE_QUANTUM[mode],
        now_ms=now_ms,
    )


def sigma_move(snapshot: RiskSnapshot, limits: Limits, hold_sec: int) -> Decimal | Unknown:
    """Return the adverse move of so many sigmas over a hold, as a fraction of price."""
    match snapshot.volatility:
        case Known(annual, _) if annual.is_finite() and annual > 0:
            share_of_year = Decimal(hold_sec) / _YEAR_SEC
            return limits.liquidation_sigmas_min * annual * share_of_year.sqrt()
        case Known(annual, _):
            return Unknown(f"volatility must be finite and positive, was {annual}")
        case Unknown() as unknown:
            return unknown


def _ask(rules: Iterable[Rule], case: Case) -> tuple[Cast, ...]:
    return tuple(Cast(rule.__name__, _vote(rule, case)) for rule in rules)


def _vote(rule: Rule, case: Case) -> Vote:
    try:
        vote = rule(case)
    except Exception as e:  # noqa: BLE001 - a rule that fails has refused
        return Deny(Reason.RULE_FAILED, f"{type(e).__name__}: {e}")
    if isinstance(vote, Allow | CapMargin | CapLeverage | Warn | Deny):
        return vote
    return Deny(Reason.RULE_FAILED, f"answered {vote!r}, which is not a vote")


def _objections(votes: tuple[Cast, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(c.rule, c.vote.reason, c.vote.detail)
        for c in votes
        if isinstance(c.vote, Deny)
    )


def _unsettled(votes: tuple[Cast, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            c.rule,
            c.vote.reason if isinstance(c.vote, Deny) else Reason.CLAMP_UNSETTLED,
            f"after the cut: {c.vote.detail}",
        )
        for c in votes
        if isinstance(c.vote, CapMargin | CapLeverage | Deny)
    )


def _binding(votes: tuple[Cast, ...]) -> tuple[Finding, ...]:
    margins = [c for c in votes if isinstance(c.vote, CapMargin)]
    leverages = [c for c in votes if isinstance(c.vote, CapLeverage)]
    margins.sort(key=lambda c: c.vote.at_usd if isinstance(c.vote, CapMargin) else 0)
    leverages.sort(key=lambda c: c.vote.at_times if isinstance(c.vote, CapLeverage) else 0)
    return tuple(
        Finding(c.rule, c.vote.reason, c.vote.detail)
        for c in (*margins[:1], *leverages[:1])
        if isinstance(c.vote, CapMargin | CapLeverage)
    )


def _shrunk(case: Case, votes: tuple[Cast, ...]) -> Proposal | None:
    """Return the proposal under every cap and quantum; None if nothing is left."""
    margin, leverage = case.proposal.margin.usd, case.proposal.leverage.times
    for cast in votes:
        match cast.vote:
            case CapMargin(at_usd):
                margin = min(margin, at_usd)
            case CapLeverage(at_times):
                leverage = min(leverage, at_times)
            case _:
                pass
    margin, leverage = floor_to(margin, CENT), floor_to(leverage, case.leverage_quantum)
    if margin <= 0 or leverage <= 0:
        return None
    if (margin, leverage) == (case.proposal.margin.usd, case.proposal.leverage.times):
        return case.proposal
    return Proposal(margin=Margin(margin), leverage=Leverage(leverage))


def _raised(case: Case) -> Case:
    """Raise a proposal to the minima where a person asked for that; by default it stays."""
    if case.limits.below_min is not BelowMin.CLAMP:
        return case
    margin = max(case.proposal.margin.usd, case.limits.margin_min_usd)
    leverage = max(case.proposal.leverage.times, case.limits.leverage_min)
    if (margin, leverage) == (case.proposal.margin.usd, case.proposal.leverage.times):
        return case
    return replace(
        case, proposal=Proposal(margin=Margin(margin), leverage=Leverage(leverage))
    )


def _nothing_left(case: Case) -> Finding:
    asked = f"{case.proposal.margin.usd} x {case.proposal.leverage.times}"
    return Finding("judge", Reason.SIZE_BELOW_MIN, f"{asked} leaves nothing once cut down")


def _refused(
    findings: tuple[Finding, ...], votes: tuple[Cast, ...], *, raised: bool
) -> Refused:
    return Refused(findings=findings, votes=votes, raised=raised)
