"""A ruling in the words of the journal: what is recorded, published and judged again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import final

from bridge_patch.domain.events import Verdict, VoteRecord
from bridge_patch.governor.judge import Approved
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Cast, Finding, Refused, Ruling
from bridge_patch.governor.terms import Terms
from bridge_patch.governor.votes import Allow, CapLeverage, CapMargin, Vote, Warn


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The part of a verdict that follows from its case; named as `Judged` names it.

    `codes` begins with the headline. Margin, leverage and notional are None in a refusal,
    and so is the quantity where nothing is ordered. What was cut or raised is a CLAMP.
    """

    verdict: Verdict
    codes: tuple[str, ...]
    detail: str
    binding: str
    raised: bool
    margin_usd: Decimal | None
    leverage: Decimal | None
    quantity_base: Decimal | None
    notional_usd: Decimal | None
    votes: tuple[VoteRecord, ...]


def stated(ruling: Ruling, order: Approved | Terms | None) -> Stated:
    """State a ruling; `order` is what is or would be ordered, None where nothing is."""
    votes = tuple([_vote_record(cast) for cast in ruling.votes])
    if isinstance(ruling, Refused):
        return Stated(
            verdict=Verdict.REJECT,
            codes=_codes(ruling.findings),
            detail=detail_of(ruling.findings),
            binding="",
            raised=ruling.raised,
            margin_usd=None,
            leverage=None,
            quantity_base=None,
            notional_usd=None,
            votes=votes,
        )
    proposal, said = ruling.proposal, (*ruling.binding, *ruling.warnings)
    notional = order.notional if order else proposal.margin * proposal.leverage
    return Stated(
        verdict=Verdict.CLAMP if ruling.binding or ruling.raised else Verdict.ACCEPT,
        codes=(Reason.PASS, *_codes(said)),
        detail=detail_of(said),
        binding=" ".join(f.rule for f in ruling.binding),
        raised=ruling.raised,
        margin_usd=proposal.margin.usd,
        leverage=proposal.leverage.times,
        quantity_base=order.quantity.base if order else None,
        notional_usd=notional.usd,
        votes=votes,
    )


def detail_of(findings: Iterable[Finding]) -> str:
    """Return every objection once, in the rules' own words and numbers."""
    return "; ".join(dict.fromkeys(f.detail for f in findings))


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.reason for f in findings))


@cache
def _allowed(rule: str) -> VoteRecord:
    """Return the record of a rule without an objection: one for each of our rules."""
    return VoteRecord(rule=rule, vote="ALLOW", code="", detail="")


def _vote_record(cast: Cast) -> VoteRecord:
    vote = cast.vote
    if isinstance(vote, Allow):
        return _allowed(cast.rule)
    return VoteRecord(
        rule=cast.rule, vote=word_of(vote), code=vote.reason, detail=vote.detail
    )


def word_of(vote: Vote) -> str:
    """Return what a vote is called in records: ALLOW, CAP, WARN or DENY.

    >>> from bridge_patch.governor.votes import ALLOW
    >>> word_of(ALLOW)
    'ALLOW'
    """
    match vote:
        case Allow():
            return "ALLOW"
        case CapMargin() | CapLeverage():
            return "CAP"
        case Warn():
            return "WARN"
        case _:
            return "DENY"
