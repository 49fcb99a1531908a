"""What there is to show of orders, and of what the venue did with them."""

from __future__ import annotations

from typing import assert_never

from bridge_patch.adapters.lines.fact import Fact, fact
from bridge_patch.domain.events import (
    Filled,
    FundingPaid,
    OrderEnded,
    OrderRefused,
    Resolved,
    Sending,
    StopArmed,
    VenueEvent,
)


def at_venue(event: VenueEvent) -> Fact:
    """Tell what happened at the venue or in a shadow book; the book is named."""
    at, symbol, book = event.at_ms, event.symbol, event.book
    match event:
        case Filled():
            return _filled(event)
        case StopArmed():
            return fact(
                "stop.armed",
                at_ms=at,
                symbol=symbol,
                side=event.side,
                stop_price_usd=event.stop_price_usd,
                book=book,
                order=event.order_id,
                intent=event.intent_id,
            )
        case OrderEnded(reason=why, order_id=order_id):
            return fact(
                "order.ended",
                at_ms=at,
                symbol=symbol,
                reason=why,
                book=book,
                order=order_id,
            )
        case OrderRefused(code=code, message=text, order_id=order_id):
            says = f"{code} {text}"
            return fact(
                "order.refused",
                at_ms=at,
                symbol=symbol,
                says=says,
                book=book,
                order=order_id,
            )
        case FundingPaid(amount_usd=amount, rate_fraction=rate):
            rate_pct = rate * 100
            return fact(
                "funding.paid",
                at_ms=at,
                symbol=symbol,
                amount_usd=amount,
                rate_pct=rate_pct,
                book=book,
            )
        case unreachable:
            assert_never(unreachable)


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


def order(event: Sending | Resolved) -> Fact:
    """Tell that an order leaves, or how it was answered, in lower case."""
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
