"""The life of an order, as a table; an absent cell is an illegal move."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, NewType

from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.intent import IntentId

ClientOrderId = NewType("ClientOrderId", str)


class Leg(StrEnum):
    """Which order of an intent an id belongs to."""

    ENTRY = "entry"
    STOP = "stop"
    REDUCE = "reduce"
    FLATTEN = "flatten"


class OrderState(StrEnum):
    """Where an order is. UNKNOWN is a state, not an error."""

    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    OPEN = "OPEN"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


class OrderEvent(StrEnum):
    """What the venue, or its silence, told us."""

    ACCEPTED = "ACCEPTED"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    FOUND_ABSENT = "FOUND_ABSENT"


_S, _E = OrderState, OrderEvent
TRANSITIONS: Final[Mapping[OrderState, Mapping[OrderEvent, OrderState]]] = MappingProxyType(
    {
        _S.SENDING: {
            _E.ACCEPTED: _S.OPEN,
            _E.FILLED: _S.FILLED,
            _E.REJECTED: _S.REJECTED,
            _E.TIMED_OUT: _S.UNKNOWN,
        },
        _S.UNKNOWN: {
            _E.ACCEPTED: _S.OPEN,
            _E.FILLED: _S.FILLED,
            _E.REJECTED: _S.REJECTED,
            _E.CANCELLED: _S.CANCELLED,
            _E.FOUND_ABSENT: _S.REJECTED,
            _E.TIMED_OUT: _S.UNKNOWN,
        },
        _S.OPEN: {_E.FILLED: _S.FILLED, _E.CANCELLED: _S.CANCELLED},
        _S.FILLED: {},
        _S.REJECTED: {},
        _S.CANCELLED: {},
    }
)


def after(state: OrderState, event: OrderEvent) -> OrderState:
    """Return the state that follows, or refuse and change nothing."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        msg = f"{event} cannot happen to an order that is {state}"
        raise IllegalTransitionError(msg) from None


def client_order_id(intent_id: IntentId, leg: Leg, attempt: int = 0) -> ClientOrderId:
    """Derive the venue's idempotency key: the same arguments give the same order.

    27 of the venue's 36 characters, all from its alphabet.

    >>> i = IntentId("i-1")
    >>> client_order_id(i, Leg.ENTRY) == client_order_id(i, Leg.STOP)
    False
    """
    digest = blake2b(
        f"{leg}:{attempt}:{intent_id}".encode(), digest_size=12, person=b"bridge-patch-id"
    )
    return ClientOrderId(f"bp-{digest.hexdigest()}")
