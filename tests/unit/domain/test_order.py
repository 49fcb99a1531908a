"""The life of an order is a table, and UNKNOWN is one of its states."""

from copy import deepcopy
from itertools import product

import pytest

from bridge_patch.domain.errors import BridgeError, IllegalTransitionError
from bridge_patch.domain.intent import IntentId
from bridge_patch.domain.order import (
    TRANSITIONS,
    Leg,
    OrderEvent,
    OrderState,
    after,
    client_order_id,
)

S, E = OrderState, OrderEvent
#: Written out by hand: every move there is.
MOVES = {
    (S.SENDING, E.ACCEPTED): S.OPEN,
    (S.SENDING, E.FILLED): S.FILLED,
    (S.SENDING, E.REJECTED): S.REJECTED,
    (S.SENDING, E.TIMED_OUT): S.UNKNOWN,
    (S.UNKNOWN, E.ACCEPTED): S.OPEN,
    (S.UNKNOWN, E.FILLED): S.FILLED,
    (S.UNKNOWN, E.REJECTED): S.REJECTED,
    (S.UNKNOWN, E.CANCELLED): S.CANCELLED,
    (S.UNKNOWN, E.FOUND_ABSENT): S.REJECTED,
    (S.UNKNOWN, E.TIMED_OUT): S.UNKNOWN,
    (S.OPEN, E.FILLED): S.FILLED,
    (S.OPEN, E.CANCELLED): S.CANCELLED,
}
ALL = list(product(S, E))


@pytest.mark.parametrize(("state", "event"), MOVES)
def test_a_move_of_the_table(state: OrderState, event: OrderEvent) -> None:
    assert after(state, event) is MOVES[state, event]


@pytest.mark.parametrize(("state", "event"), [cell for cell in ALL if cell not in MOVES])
def test_any_other_move_raises_and_changes_nothing(
    state: OrderState, event: OrderEvent
) -> None:
    table = {state: dict(moves) for state, moves in TRANSITIONS.items()}
    before = deepcopy(table)
    with pytest.raises(IllegalTransitionError, match=f"{event} cannot happen .* {state}"):
        after(state, event)

    assert {state: dict(moves) for state, moves in TRANSITIONS.items()} == before
    assert issubclass(IllegalTransitionError, BridgeError)


def test_only_silence_leads_to_unknown_and_only_evidence_out_of_it() -> None:
    """Nothing turns an order that may exist into one to be sent again."""
    into = {cell for cell, to in MOVES.items() if to is S.UNKNOWN}

    assert {event for _, event in into} == {E.TIMED_OUT}
    assert S.SENDING not in MOVES.values()
    assert set(TRANSITIONS) == set(S)


def test_the_table_cannot_be_edited() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[S.FILLED] = {}  # type: ignore[index]


def test_an_order_id_is_a_function_of_intent_leg_and_attempt() -> None:
    """The same order twice has one id, so the venue refuses the second."""
    one, other = IntentId("i-1"), IntentId("i-2")
    ids = {
        client_order_id(i, leg, attempt)
        for i in (one, other)
        for leg in Leg
        for attempt in range(3)
    }

    assert client_order_id(one, Leg.ENTRY) == client_order_id(one, Leg.ENTRY, 0)
    assert len(ids) == 2 * len(Leg) * 3


@pytest.mark.parametrize("intent", ["i-1", "", "ü" * 500, "a b:c/1", "\n"])
def test_an_order_id_fits_the_venue(intent: str) -> None:
    """At most 36 characters of letters, digits and a few signs."""
    order_id = client_order_id(IntentId(intent), Leg.ENTRY)

    assert len(order_id) == 27
    assert set(order_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
