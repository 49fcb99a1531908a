"""What there is to show of comparing with the venue, and of a person's word about it."""

from __future__ import annotations

from typing import TypeAlias

from bridge_patch.adapters.lines.fact import Fact, fact
from bridge_patch.domain.events import (
    DifferenceFound,
    DifferenceGone,
    FilledLate,
    OrderVouched,
    PositionVouched,
    WalletCounted,
)

Reconciling: TypeAlias = (
    DifferenceFound
    | DifferenceGone
    | WalletCounted
    | OrderVouched
    | PositionVouched
    | FilledLate
)


def about_venue(event: Reconciling) -> Fact:
    """Tell what came of comparing, or a person's word."""
    if isinstance(event, PositionVouched):
        return _adopted(event)
    if isinstance(event, OrderVouched | FilledLate):
        return _vouched(event)
    return _compared(event)


def _compared(event: DifferenceFound | DifferenceGone | WalletCounted) -> Fact:
    """Tell what differs, with both sides, or that it does no more."""
    if isinstance(event, WalletCounted):
        return fact(
            "wallet.counted",
            at_ms=event.at_ms,
            wallet_usd=event.wallet_usd,
            opening_usd=event.opening_usd,
        )
    found, difference = isinstance(event, DifferenceFound), event.difference
    return fact(
        "difference.found" if found else "difference.gone",
        at_ms=event.at_ms,
        kind=difference.kind,
        symbol=difference.symbol,
        ours=difference.ours,
        theirs=difference.theirs,
        amount_usd=difference.amount_usd,
        order=difference.order_id,
    )


def _adopted(event: PositionVouched) -> Fact:
    """Tell that a person made a position ours, or why that was refused."""
    return fact(
        "position.vouched",
        at_ms=event.at_ms,
        word=event.word,
        symbol=event.symbol,
        side=event.side,
        quantity=event.quantity_base,
        price_usd=event.entry_price_usd,
        leverage=event.leverage,
        policy=event.harvest_policy.mode if event.harvest_policy else None,
        who=event.who,
        why=event.why,
        detail=event.detail or None,
        intent=event.intent_id or None,
    )


def _vouched(event: OrderVouched | FilledLate) -> Fact:
    """Tell a person's word about an order, or a trade that came after it."""
    if isinstance(event, FilledLate):
        return fact(
            "order.filled_late",
            at_ms=event.at_ms,
            symbol=event.symbol,
            quantity=event.quantity_base,
            price_usd=event.price_usd,
            fee_usd=event.fee_usd,
            counted=event.counted_base,
            order=event.order_id,
            intent=event.intent_id,
        )
    return fact(
        "order.vouched",
        at_ms=event.at_ms,
        word=event.word,
        symbol=event.symbol,
        who=event.who,
        why=event.why,
        quantity=event.quantity_base,
        price_usd=event.price_usd,
        detail=event.detail or None,
        order=event.order_id,
        intent=event.intent_id or None,
    )
