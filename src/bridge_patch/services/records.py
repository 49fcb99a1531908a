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
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.verdict import detail_of, stated
from bridge_patch.governor.votes import Case

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
    proposal = None if isinstance(entry.proposal, Unknown) else entry.proposal
    approved = verdict if isinstance(verdict, Approved) else None
    said = stated(verdict.ruling if isinstance(verdict, Approved) else verdict, approved)
    return Judged(
        at_ms=now_ms,
        intent_id=entry.id,
        symbol=entry.symbol,
        action=entry.side,
        mode=mode,
        verdict=said.verdict,
        codes=said.codes,
        detail=said.detail,
        binding=said.binding,
        raised=said.raised,
        confidence=entry.confidence.value,
        proposed_margin_usd=proposal.margin.usd if proposal else None,
        proposed_leverage=proposal.leverage.times if proposal else None,
        margin_usd=said.margin_usd,
        leverage=said.leverage,
        quantity_base=said.quantity_base,
        notional_usd=said.notional_usd,
        stop_fraction=entry.stop.fraction if isinstance(entry.stop, StopDistance) else None,
        harvest_policy=entry.policy or POLICY_FALLBACK,
        votes=said.votes,
        case=record_of(case) if isinstance(case, Case) else None,
        limits_hash=identity.limits_hash,
        build=identity.build,
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
        detail=detail_of(refused.findings) if refused else intent.reason,
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
        build=identity.build,
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
