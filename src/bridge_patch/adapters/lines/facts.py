"""Turns what was journaled, and what was proposed, into facts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR
from typing import Final, assert_never

from bridge_patch.adapters.lines.fact import Fact, fact
from bridge_patch.adapters.lines.reconcile import about_venue
from bridge_patch.adapters.lines.venue import at_venue, order
from bridge_patch.domain.events import (
    BulkExpired,
    CloseForced,
    DeadLettered,
    DuplicateSeen,
    EquityMarked,
    Event,
    ExitsBlind,
    Expired,
    Filled,
    FundingPaid,
    InstrumentSeen,
    InsuranceCleared,
    IntentReceived,
    Judged,
    LatchSet,
    ModeOrdered,
    OrderEnded,
    OrderRefused,
    Rearmed,
    Resolved,
    RunStarted,
    Sending,
    Settled,
    StopArmed,
    TickReached,
    TrailingSet,
    Transferred,
    Verdict,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.services.messages import Draft

_IDS_PER_LINE: Final = 32


def facts_of(event: Event) -> Iterator[Fact]:
    """Yield what there is to show of one journaled event; nothing for bookkeeping."""
    match event:
        case Judged():
            yield _verdict(event)
        case Settled():
            yield from _outcome(event)
        case (
            Filled()
            | StopArmed()
            | TrailingSet()
            | OrderEnded()
            | OrderRefused()
            | FundingPaid()
            | InsuranceCleared()
        ):
            yield at_venue(event)
        case Sending() | Resolved() | CloseForced():
            yield order(event)
        case IntentReceived() | DuplicateSeen() | DeadLettered():
            yield _message(event)
        case BulkExpired():
            yield from _expired(event)
        case RunStarted() | LatchSet() | Rearmed() | Transferred():
            yield _state(event)
        case ModeOrdered() | ExitsBlind():
            yield _told(event)
        case Expired() | EquityMarked() | InstrumentSeen() | TickReached():
            pass  # told by their bulk expiry, by screens, by `trace`; or for a restart only
        case _:
            yield about_venue(event)


def proposed(draft: Draft) -> Fact:
    """Tell what the sizer proposes."""
    return fact(
        "sizing.proposed",
        at_ms=draft.created_ms,
        mode=draft.mode,
        symbol=draft.symbol,
        size_usd=draft.proposal.margin.usd,
        leverage=draft.proposal.leverage.times,
        policy=draft.policy.mode,
        side=draft.side,
        conf=draft.confidence.value,
        stop_pct=draft.stop.fraction * 100,
        source=draft.source,
        intent=draft.id,
    )


def published(draft: Draft) -> Fact:
    """Tell that an intent went out, and whether the example AI planted a fault in it."""
    return fact(
        "intent.published",
        at_ms=draft.created_ms,
        symbol=draft.symbol,
        side=draft.side,
        mode=draft.mode,
        planted=draft.blunder or None,
        reason=draft.reason or None,
        source=draft.source,
        intent=draft.id,
    )


def _verdict(event: Judged) -> Fact:
    refused = event.verdict is Verdict.REJECT
    warned = tuple(vote.code for vote in event.votes if vote.vote == "WARN")
    cut = event.verdict is Verdict.CLAMP
    return fact(
        "governor.verdict",
        at_ms=event.at_ms,
        symbol=event.symbol,
        action=event.action,
        verdict=Verdict.REJECT if refused else Verdict.ACCEPT,
        codes=event.codes,
        detail=event.detail or None,
        clamped_by=(event.binding or "a cap") if cut and not event.raised else None,
        raised_by=(event.binding or "a minimum") if event.raised else None,
        asked_usd=event.proposed_margin_usd if cut else None,
        asked_leverage=event.proposed_leverage if cut else None,
        size_usd=event.margin_usd,
        leverage=event.leverage,
        notional_usd=event.notional_usd,
        quantity=event.quantity_base,
        warned=warned or None,
        mode=event.mode,
        intent=event.intent_id,
    )


def _outcome(event: Settled) -> Iterator[Fact]:
    """Yield the line about the order for an entry that was allowed, then the outcome."""
    allowed = event.verdict is not Verdict.REJECT
    if allowed and event.approved_margin_usd is not None:
        yield _acted_upon(event)
    yield fact(
        "intent.settled",
        at_ms=event.at_ms,
        symbol=event.symbol,
        action=event.action,
        status=event.status,
        codes=event.codes,
        detail=(event.detail or None) if allowed else None,
        quantity=event.filled_quantity_base,
        price_usd=event.filled_price_usd,
        fee_usd=event.fee_usd,
        policy=event.harvest_policy.mode if event.harvest_policy else None,
        source=event.source,
        mode=event.mode,
        orders=event.order_ids or None,
        intent=event.intent_id,
    )


def _acted_upon(event: Settled) -> Fact:
    """In live what was approved, the leverage a whole number; in shadow what was asked."""
    live = event.mode is Mode.LIVE
    leverage = event.approved_leverage if live else event.proposed_leverage
    if live and leverage is not None:
        leverage = leverage.to_integral_value(ROUND_FLOOR)
    return fact(
        "exec.intent",
        at_ms=event.at_ms,
        symbol=event.symbol,
        action=event.action,
        size_usd=event.approved_margin_usd if live else event.proposed_margin_usd,
        leverage=leverage,
        conf=event.confidence,
        governor="PASS",
        mode=event.mode,
        status=event.status,
        intent=event.intent_id,
    )


def _message(event: IntentReceived | DuplicateSeen | DeadLettered) -> Fact:
    at, entry = event.at_ms, event.entry_id
    match event:
        case IntentReceived(intent_id=intent, source=source):
            return fact(
                "intent.received", at_ms=at, source=source, entry=entry, intent=intent
            )
        case DuplicateSeen(intent_id=intent):
            return fact("intent.duplicate", at_ms=at, entry=entry, intent=intent)
        case DeadLettered(reason=reason, faults=faults):
            return fact(
                "message.dead_lettered",
                at_ms=at,
                reason=reason,
                entry=entry,
                faults=faults,
            )
        case unreachable:
            assert_never(unreachable)


def _expired(event: BulkExpired) -> Iterator[Fact]:
    """Name every id, a line at a time: one grep must find each of them."""
    for start in range(0, len(event.intent_ids), _IDS_PER_LINE):
        yield fact(
            "intents.expired",
            at_ms=event.at_ms,
            count=len(event.intent_ids),
            age_max_sec=event.age_max_sec,
            intents=event.intent_ids[start : start + _IDS_PER_LINE],
        )


def _told(event: ModeOrdered | ExitsBlind) -> Fact:
    """Tell of a person's word about the mode, or of what the exits cannot see."""
    if isinstance(event, ModeOrdered):
        return fact(
            "mode.ordered",
            at_ms=event.at_ms,
            mode=event.mode,
            who=event.who,
            why=event.why,
            limits_hash=event.limits_hash or None,
            market=event.market or None,
            expires_ms=event.expires_ms,
        )
    if event.symbols:
        return fact("exits.blind", at_ms=event.at_ms, symbols=event.symbols)
    return fact("exits.see", at_ms=event.at_ms)


def _state(event: RunStarted | LatchSet | Rearmed | Transferred) -> Fact:
    if isinstance(event, Transferred):
        return fact(
            "money.transferred",
            at_ms=event.at_ms,
            amount_usd=event.amount_usd,
            book=event.book,
        )
    if isinstance(event, Rearmed):
        return fact(
            "symbol.rearmed",
            at_ms=event.at_ms,
            symbol=event.symbol,
            who=event.who,
            why=event.why,
        )
    if isinstance(event, LatchSet):
        return fact(
            "state.latched",
            at_ms=event.at_ms,
            state=event.state,
            cause=event.cause,
            who=event.who,
            why=event.why,
            book=event.book,
        )
    return fact(
        "run.started",
        at_ms=event.at_ms,
        mode=event.mode,
        feed=event.feed,
        venue=event.venue,
        equity_usd=event.equity_usd,
        limits_hash=event.limits_hash,
        build=event.build,
        run=event.run_id,
    )
