"""What there is to show of orders, and of what the venue did with them."""

from __future__ import annotations

from typing import assert_never

from bridge_patch.adapters.lines.fact import Fact, fact
from bridge_patch.domain.events import (
    CloseForced,
    Filled,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    Resolved,
    Sending,
    StopArmed,
    TrailingSet,
    VenueEvent,
)


def at_venue(event: VenueEvent) -> Fact:
    """Tell what happened at the venue or in a shadow book; the book is named."""
    match event:
        case Filled():
            return _filled(event)
        case StopArmed():
            return fact(
                "stop.armed",
                at_ms=event.at_ms,
                symbol=event.symbol,
                side=event.side,
                quantity=event.quantity_base,
                stop_price_usd=event.stop_price_usd,
                book=event.book,
                order=event.order_id,
                intent=event.intent_id,
            )
        case TrailingSet():
            return _trailing(event)
        case OrderEnded() | OrderRefused():
            return _ended(event)
        case FundingPaid() | InsuranceCleared():
            return _squared(event)
        case unreachable:
            assert_never(unreachable)


def _ended(event: OrderEnded | OrderRefused) -> Fact:
    if isinstance(event, OrderEnded):
        name, stated = "order.ended", {"reason": event.reason}
    else:
        name, stated = "order.refused", {"says": f"{event.code} {event.message}"}
    return fact(
        name,
        at_ms=event.at_ms,
        symbol=event.symbol,
        **stated,
        book=event.book,
        order=event.order_id,
    )


def _squared(event: FundingPaid | InsuranceCleared) -> Fact:
    """Tell of money that moved without an order of ours."""
    if isinstance(event, FundingPaid):
        return fact(
            "funding.paid",
            at_ms=event.at_ms,
            symbol=event.symbol,
            amount_usd=event.amount_usd,
            rate_pct=event.rate_fraction * 100,
            book=event.book,
        )
    return fact(
        "insurance.cleared",
        at_ms=event.at_ms,
        symbol=event.symbol,
        amount_usd=event.amount_usd,
        book=event.book,
        order=event.order_id,
        intent=event.intent_id,
    )


def _trailing(event: TrailingSet) -> Fact:
    return fact(
        "stop.trailing",
        at_ms=event.at_ms,
        symbol=event.symbol,
        side=event.side,
        callback_pct=event.callback_pct,
        activation_usd=event.activation_usd,
        best_usd=event.best_usd,
        book=event.book,
        order=event.order_id,
        intent=event.intent_id,
    )


def _filled(event: Filled) -> Fact:
    return fact(
        "order.filled",
        at_ms=event.at_ms,
        symbol=event.symbol,
        side=event.side,
        kind=event.kind,
        quantity=event.quantity_base,
        price_usd=event.price_usd,
        fee_usd=event.fee_usd,
        realised_usd=event.realised_usd,
        book=event.book,
        order=event.order_id,
        intent=event.intent_id,
    )


def _forced(event: CloseForced) -> Fact:
    """Tell that a position is closed whole, and why: an alarm."""
    return fact(
        "close.forced",
        at_ms=event.at_ms,
        symbol=event.symbol,
        cause=event.cause,
        why=event.why,
        naked_since_ms=event.naked_since_ms,
        intent=event.intent_id or None,
    )


def order(event: Sending | Resolved | CloseForced) -> Fact:
    """Tell that an order leaves, why, or how it was answered, in lower case."""
    if isinstance(event, CloseForced):
        return _forced(event)
    if isinstance(event, Resolved):
        return fact(
            "order.answered",
            at_ms=event.at_ms,
            leg=event.leg,
            answer=event.event.lower(),
            order=event.order_id,
            intent=event.intent_id,
        )
    return fact(
        "order.sending",
        at_ms=event.at_ms,
        symbol=event.symbol,
        side=event.side,
        leg=event.leg,
        quantity=event.quantity_base,
        leverage=event.leverage,
        size_usd=event.margin_usd,
        stop_price_usd=event.stop_price_usd,
        order=event.order_id,
        intent=event.intent_id,
    )
