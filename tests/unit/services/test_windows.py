"""Sums over a span of time: exact to the last digit and to the last millisecond."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.services.windows import SlidingWindow
from tests.rooms import usd

D = Decimal
SPAN = 60_000
amounts = usd("0", "100000")
#: How long after the one before; often exactly the span, or a millisecond beside it.
gaps = st.one_of(
    st.sampled_from([0, 1, SPAN - 1, SPAN, SPAN + 1]), st.integers(0, 2 * SPAN)
)


@pytest.mark.parametrize(
    ("age_ms", "left"), [(0, 1), (SPAN - 1, 1), (SPAN, 0), (SPAN + 1, 0), (10**9, 0)]
)
def test_an_entry_counts_until_it_is_exactly_as_old_as_the_span(
    age_ms: int, left: int
) -> None:
    window = SlidingWindow(SPAN)
    window.add(1_000, D("0.1"))

    assert window.total(1_000 + age_ms) == left * D("0.1")
    assert window.count(1_000 + age_ms) == left


def test_a_clock_that_was_ahead_for_a_moment_opens_no_room() -> None:
    """What dropped out by the wrong time counts again by the right one."""
    window = SlidingWindow(SPAN)
    for at_ms in (0, 30_000):
        window.add(at_ms, D(at_ms + 1))

    assert (window.total(10**9), window.count(10**9)) == (D(0), 0)
    assert (window.total(60_000), window.count(60_000)) == (D(30_001), 1)
    assert (window.total(59_999), window.count(59_999)) == (D(30_002), 2)


def test_an_entry_after_the_clock_was_ahead_outdates_nothing_that_is_young() -> None:
    window = SlidingWindow(SPAN)
    window.add(0, D(1))
    assert window.total(10**9) == 0

    window.add(1, D(2))

    assert (window.total(2), window.count(2)) == (D(3), 2)


def test_an_entry_made_while_the_clock_was_ahead_forgets_nothing_that_is_young() -> None:
    """Else what was sent by the wrong time would make room for what comes by the right."""
    window = SlidingWindow(SPAN)
    window.add(0, D(1))
    window.add(10**9, D(2))

    assert (window.total(1), window.count(1)) == (D(3), 2)


def test_a_hundred_thousand_tenths_leave_exactly_nothing_behind() -> None:
    """No rounding creeps in: what was added is taken out again, digit for digit."""
    window = SlidingWindow(SPAN)
    for n in range(100_000):
        window.add(n, D("0.1") + D(n).scaleb(-12))

    assert window.total(99_999 + SPAN) == 0


def test_memory_holds_the_window_and_not_the_past() -> None:
    """A million entries cost what those of one window cost, and a few that dropped out."""
    window = SlidingWindow(1_000)
    for n in range(20_000):
        window.add(n, D(1))
        assert window.total(n) == window.count(n) == min(n + 1, 1_000)

    assert len(window._entries) == 1_000 + 256


@given(
    steps=st.lists(st.tuples(gaps, amounts), min_size=1, max_size=30),
    looks=st.lists(st.integers(-3 * SPAN, 3 * SPAN), max_size=3),
)
def test_a_window_is_the_sum_of_what_is_younger_than_its_span(
    steps: list[tuple[int, Decimal]], looks: list[int]
) -> None:
    """Compared with the plain definition, also after looks at any other moment."""
    window = SlidingWindow(SPAN)
    now_ms, told = 0, list[tuple[int, Decimal]]()
    for gap_ms, amount in steps:
        now_ms += gap_ms
        told.append((now_ms, amount))
        window.add(now_ms, amount)
        for look_ms in (*(now_ms + look for look in looks), now_ms):
            young = [one for at_ms, one in told if look_ms - at_ms < SPAN]
            assert window.total(look_ms) == sum(young, D(0))
            assert window.count(look_ms) == len(young)
    event(f"outdated {window._out > 0}")
