"""What is held for orders on their way: once each, exactly, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.governor.budget import Budget, Reservation, Reserved
from tests.rooms import usd

D = Decimal
ONE = ClientOrderId("o-1")
FIRST = Reservation(
    order_id=ONE,
    symbol=Symbol("BTCUSDT"),
    side=Side.BUY,
    notional_usd=D(4_000),
    margin_usd=D(400),
    at_ms=UnixMs(1),
)
SECOND = replace(
    FIRST,
    order_id=ClientOrderId("o-2"),
    side=Side.SELL,
    notional_usd=D(900),
    margin_usd=D(90),
)
NOTHING = Reserved(long_usd=D(0), short_usd=D(0), margin_usd=D(0))
#: What was done to a budget, in order: an order's number, and what happened to it.
Story: TypeAlias = Sequence[tuple[int, str]]


def holding(*reservations: Reservation) -> Budget:
    budget = Budget()
    for reservation in reservations:
        budget.reserve(reservation)
    return budget


def test_what_is_reserved_is_held_on_its_own_side_to_the_cent() -> None:
    budget = holding(FIRST, SECOND)

    assert budget.reserved() == Reserved(
        long_usd=D(4_000), short_usd=D(900), margin_usd=D(490)
    )
    assert [r.order_id for r in budget.held()] == ["o-1", "o-2"]


def test_the_order_that_is_being_judged_does_not_stand_in_its_own_way() -> None:
    """Everything else does; an order nobody knows takes nothing out."""
    budget = holding(FIRST, SECOND)

    assert budget.reserved(ONE) == Reserved(
        long_usd=D(0), short_usd=D(900), margin_usd=D(90)
    )
    assert list(budget.held(ONE)) == [SECOND]
    assert budget.reserved(ClientOrderId("o-9")) == budget.reserved()


@pytest.mark.parametrize("end", [Budget.commit, Budget.void])
def test_resolving_an_order_lets_go_of_all_of_it_and_of_nothing_else(
    end: Callable[[Budget, ClientOrderId], Reservation],
) -> None:
    budget = holding(FIRST, SECOND)

    assert end(budget, ONE) == FIRST
    assert not budget.holds(ONE)
    assert budget.holds(SECOND.order_id)
    assert budget.reserved() == Reserved(long_usd=D(0), short_usd=D(900), margin_usd=D(90))
    budget.void(SECOND.order_id)
    assert budget.reserved() == NOTHING


@pytest.mark.parametrize("again", [FIRST, replace(FIRST, notional_usd=D(1))])
def test_an_order_is_reserved_for_once_and_a_second_time_changes_nothing(
    again: Reservation,
) -> None:
    """The first amount stands: a smaller second one would free what is at stake."""
    budget = holding(FIRST)

    with pytest.raises(IllegalTransitionError, match="o-1 is reserved for already"):
        budget.reserve(again)
    assert list(budget.held()) == [FIRST]


@pytest.mark.parametrize("first", [Budget.commit, Budget.void])
@pytest.mark.parametrize("second", [Budget.commit, Budget.void])
def test_an_order_is_resolved_once_and_a_second_time_changes_nothing(
    first: Callable[[Budget, ClientOrderId], Reservation],
    second: Callable[[Budget, ClientOrderId], Reservation],
) -> None:
    budget = holding(FIRST, SECOND)
    first(budget, ONE)
    before = deepcopy(budget)

    with pytest.raises(IllegalTransitionError, match="o-1 is not reserved for"):
        second(budget, ONE)
    assert budget == before


@pytest.mark.parametrize("end", [Budget.commit, Budget.void])
def test_what_was_never_reserved_cannot_be_resolved(
    end: Callable[[Budget, ClientOrderId], Reservation],
) -> None:
    budget = holding(SECOND)

    with pytest.raises(IllegalTransitionError):
        end(budget, ONE)
    assert list(budget.held()) == [SECOND]


reservations = st.lists(
    st.tuples(st.sampled_from(Side), usd("0.01", "99999"), usd("0.01", "999")),
    min_size=1,
    max_size=7,
).map(
    lambda drawn: [
        Reservation(
            order_id=ClientOrderId(f"o-{n}"),
            symbol=Symbol("BTCUSDT"),
            side=side,
            notional_usd=notional,
            margin_usd=margin,
            at_ms=UnixMs(n),
        )
        for n, (side, notional, margin) in enumerate(drawn)
    ]
)


@st.composite
def two_orders_of_events(draw: st.DrawFn) -> tuple[list[Reservation], Story, Story]:
    """The same life of every order, and two ways in which the lives may mix."""
    held = draw(reservations)
    ends = [draw(st.sampled_from(["", "commit", "void"])) for _ in held]
    both = []
    for _ in range(2):
        left = {n: ["reserve", *filter(None, [end])] for n, end in enumerate(ends)}
        story = []
        while left:
            n = draw(st.sampled_from(sorted(left)))
            story.append((n, left[n].pop(0)))
            if not left[n]:
                del left[n]
        both.append(story)
    return held, both[0], both[1]


def told(held: list[Reservation], story: Story) -> Budget:
    budget = Budget()
    for n, what in story:
        if what == "reserve":
            budget.reserve(held[n])
        else:
            getattr(budget, what)(held[n].order_id)
    return budget


@given(drawn=two_orders_of_events())
def test_the_sum_does_not_depend_on_the_order_of_events(
    drawn: tuple[list[Reservation], Story, Story],
) -> None:
    """However the lives of the orders mix: what is held is the unresolved, added up."""
    held, one, other = drawn
    budget, mixed = told(held, one), told(held, other)
    ended = {n for n, what in one if what != "reserve"}
    left = [r for n, r in enumerate(held) if n not in ended]

    assert budget.reserved() == mixed.reserved()
    assert budget.reserved() == Reserved(
        long_usd=sum((r.notional_usd for r in left if r.side is Side.BUY), D(0)),
        short_usd=sum((r.notional_usd for r in left if r.side is Side.SELL), D(0)),
        margin_usd=sum((r.margin_usd for r in left), D(0)),
    )
    for one_left in left:
        assert budget.reserved(one_left.order_id) == mixed.reserved(one_left.order_id)
    event(f"the same story {one == other}, {bool(left)} that something is held")
