"""What the venue said, in the words of the order table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.events import (
    Book,
    Filled,
    OrderEnded,
    OrderRefused,
    Sending,
    TradingState,
)
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, OrderEvent, OrderState, after
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.ports import Report

#: The answers to a cancel that leave open whether the stop rests.
_OPEN: Final = (OrderEvent.ACCEPTED, OrderEvent.TIMED_OUT)
_WITHHELD: Final = {
    TradingState.REDUCING: Reason.TRADING_REDUCING,
    TradingState.HALTED: Reason.TRADING_HALTED,
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one order: the last word about it, and the order's own trades."""

    order_id: ClientOrderId
    event: OrderEvent
    fills: tuple[Filled, ...] = ()
    refusal: OrderRefused | None = None

    @classmethod
    def of(
        cls, order_id: ClientOrderId, event: OrderEvent, events: Iterable[VenueEvent]
    ) -> Sent:
        """Pick out of what happened what belongs to this order."""
        own = tuple(e for e in events if getattr(e, "order_id", None) == order_id)
        return cls(
            order_id=order_id,
            event=event,
            fills=tuple(e for e in own if isinstance(e, Filled)),
            refusal=next((e for e in own if isinstance(e, OrderRefused)), None),
        )


def words_for(state: OrderState, event: OrderEvent) -> tuple[OrderEvent, ...]:
    """Return the words that lead on from `state`; none where nothing new was learnt.

    An order of whose answer nobody knows, because we stopped, is UNKNOWN first. An answer
    that the table forbids is none: the order stays, or becomes, unknown.
    """
    if state is OrderState.SENDING and event in (
        OrderEvent.FOUND_ABSENT,
        OrderEvent.CANCELLED,
    ):
        return (OrderEvent.TIMED_OUT, event)
    if state is OrderState.UNKNOWN and event is OrderEvent.TIMED_OUT:
        return ()
    try:
        after(state, event)
    except IllegalTransitionError:
        return ()
    return (event,)


def ended(
    symbol: Symbol, order_id: ClientOrderId, report: Report, now_ms: UnixMs
) -> tuple[VenueEvent, ...]:
    """Return what the cancel of a stop led to; one that does not rest has ended for us."""
    told = any(isinstance(e, OrderEnded) for e in report.events)
    if told or report.event in _OPEN:
        return report.events
    gone = OrderEnded(
        book=Book.ACCOUNT,
        at_ms=now_ms,
        symbol=symbol,
        order_id=order_id,
        reason="rests no more",
    )
    return (*report.events, gone)


def withheld(order: Sending, state: TradingState, now_ms: UnixMs, *, blind: bool) -> Report:
    """Return our own no to an order that the account's state kept from leaving.

    It is `blind` where nobody can tell whether a person has ordered a stop.
    """
    why = f"the account is {state}"
    if blind:
        why = "a person's orders cannot be read from the bus; entries go on once it answers"
    return unsent(order, _WITHHELD[state], why, now_ms)


def unsent(order: Sending, reason: Reason, why: str, now_ms: UnixMs) -> Report:
    """Return our own no to an order that was announced and did not leave."""
    refusal = OrderRefused(
        book=Book.ACCOUNT,
        at_ms=now_ms,
        symbol=order.symbol,
        order_id=order.order_id,
        code=reason,
        message=f"withheld: {why}",
    )
    return Report(event=OrderEvent.REJECTED, events=(refusal,))
