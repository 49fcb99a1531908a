"""From a ruling to what the journal keeps and what the world is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, final

from bridge_patch.domain.events import (
    Filled,
    IntentReceived,
    Judged,
    Settled,
    Status,
    Verdict,
    VoteRecord,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import (
    Entry,
    Mode,
    ReduceIntent,
    StopDistance,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.record import record_of
from bridge_patch.governor.votes import Allow, CapLeverage, CapMargin, Case, Vote, Warn
from bridge_patch.governor.weigh import Cast, Finding, Permitted, Refused

CLOSE: Final = "CLOSE"
EntryVerdict: TypeAlias = Approved | Permitted | Refused


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is judging: in every verdict and every result."""

    run_id: str
    mode: Mode
    build: str
    limits_hash: str


def judged_entry(
    entry: Entry,
    case: Case | Refused,
    verdict: EntryVerdict,
    *,
    mode: Mode,
    identity: Identity,
    now_ms: UnixMs,
) -> Judged:
    """Record the verdict on an entry, with every vote and the whole case."""
    ruling = verdict.ruling if isinstance(verdict, Approved) else verdict
    proposal = None if isinstance(entry.proposal, Unknown) else entry.proposal
    permitted = ruling if isinstance(ruling, Permitted) else None
    approved = verdict if isinstance(verdict, Approved) else None
    notional = (
        permitted.proposal.margin * permitted.proposal.leverage if permitted else None
    )
    if approved is not None:
        notional = approved.notional
    return Judged(
        at_ms=now_ms,
        intent_id=entry.id,
        symbol=entry.symbol,
        action=entry.side,
        mode=mode,
        verdict=_word(ruling),
        codes=_codes(ruling),
        detail=_detail(ruling),
        binding=" ".join(f.rule for f in permitted.binding) if permitted else "",
        raised=ruling.raised,
        confidence=entry.confidence.value,
        proposed_margin_usd=proposal.margin.usd if proposal else None,
        proposed_leverage=proposal.leverage.times if proposal else None,
        margin_usd=permitted.proposal.margin.usd if permitted else None,
        leverage=permitted.proposal.leverage.times if permitted else None,
        quantity_base=approved.quantity.base if approved else None,
        notional_usd=notional.usd if notional else None,
        stop_fraction=entry.stop.fraction if isinstance(entry.stop, StopDistance) else None,
        harvest_policy=entry.policy or POLICY_FALLBACK,
        votes=tuple(_vote_record(cast) for cast in ruling.votes),
        case=record_of(case) if isinstance(case, Case) else None,
        limits_hash=identity.limits_hash,
    )


def judged_reduction(
    intent: ReduceIntent,
    verdict: ApprovedReduction | Refused,
    *,
    mode: Mode,
    identity: Identity,
    now_ms: UnixMs,
) -> Judged:
    """Record the verdict on a reduction; it has no case beyond the position itself."""
    refused = verdict if isinstance(verdict, Refused) else None
    return Judged(
        at_ms=now_ms,
        intent_id=intent.id,
        symbol=intent.symbol,
        action=CLOSE if intent.side is None else intent.side,
        mode=mode,
        verdict=Verdict.REJECT if refused else Verdict.ACCEPT,
        codes=tuple(f.reason for f in refused.findings) if refused else (Reason.PASS,),
        detail=_objections(refused.findings) if refused else intent.reason,
        binding="",
        raised=False,
        confidence=None,
        proposed_margin_usd=None,
        proposed_leverage=None,
        margin_usd=None,
        leverage=None,
        quantity_base=verdict.quantity.base
        if isinstance(verdict, ApprovedReduction)
        else None,
        notional_usd=None,
        stop_fraction=None,
        harvest_policy=None,
        votes=(),
        case=None,
        limits_hash=identity.limits_hash,
    )


def settled(
    received: IntentReceived,
    judged: Judged,
    *,
    status: Status,
    identity: Identity,
    now_ms: UnixMs,
    fills: Sequence[Filled] = (),
    order_ids: tuple[ClientOrderId, ...] = (),
    stop_price_usd: Decimal | None = None,
    codes: tuple[str, ...] = (),
    detail: str = "",
) -> Settled:
    """State the one outcome of an intent from what was received, judged and filled."""
    filled = sum((f.quantity_base for f in fills), ZERO)
    paid = sum((f.quantity_base * f.price_usd for f in fills), ZERO)
    return Settled(
        at_ms=now_ms,
        intent_id=judged.intent_id,
        entry_id=received.entry_id,
        symbol=judged.symbol,
        action=judged.action,
        mode=judged.mode,
        status=status,
        verdict=judged.verdict,
        codes=(*judged.codes, *codes),
        detail=detail or judged.detail,
        confidence=judged.confidence,
        proposed_margin_usd=judged.proposed_margin_usd,
        proposed_leverage=judged.proposed_leverage,
        approved_margin_usd=judged.margin_usd,
        approved_leverage=judged.leverage,
        approved_quantity_base=judged.quantity_base,
        notional_usd=judged.notional_usd,
        filled_quantity_base=filled if fills else None,
        filled_price_usd=paid / filled if filled else None,
        fee_usd=sum((f.fee_usd for f in fills), ZERO) if fills else None,
        order_ids=order_ids,
        harvest_policy=judged.harvest_policy,
        stop_price_usd=stop_price_usd,
        source=received.source,
        limits_hash=identity.limits_hash,
        build=identity.build,
        created_ms=received.created_ms,
        received_ms=received.at_ms,
        judged_ms=judged.at_ms,
    )


def _word(ruling: Permitted | Refused) -> Verdict:
    if isinstance(ruling, Refused):
        return Verdict.REJECT
    return Verdict.CLAMP if ruling.binding else Verdict.ACCEPT


def _codes(ruling: Permitted | Refused) -> tuple[str, ...]:
    if isinstance(ruling, Refused):
        return tuple(dict.fromkeys(f.reason for f in ruling.findings))
    softened = (*ruling.binding, *ruling.warnings)
    return (Reason.PASS, *dict.fromkeys(f.reason for f in softened))


def _detail(ruling: Permitted | Refused) -> str:
    if isinstance(ruling, Refused):
        return _objections(ruling.findings)
    return _objections((*ruling.binding, *ruling.warnings))


def _objections(findings: tuple[Finding, ...]) -> str:
    return "; ".join(f.detail for f in findings)


def _vote_record(cast: Cast) -> VoteRecord:
    vote = cast.vote
    if isinstance(vote, Allow):
        return VoteRecord(rule=cast.rule, vote="ALLOW", code="", detail="")
    return VoteRecord(
        rule=cast.rule, vote=_kind(vote), code=vote.reason, detail=vote.detail
    )


def _kind(vote: Vote) -> str:
    match vote:
        case CapMargin() | CapLeverage():
            return "CAP"
        case Warn():
            return "WARN"
        case _:
            return "DENY"
