"""Sums over a span of time: exact to the last digit and to the last millisecond."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.services.windows import SlidingCount, SlidingSum
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
    sums, counts = SlidingSum(SPAN), SlidingCount(SPAN)
    sums.add(1_000, D("0.1"))
    counts.add(1_000)

    assert sums.at(1_000 + age_ms) == left * D("0.1")
    assert counts.at(1_000 + age_ms) == left


def test_what_dropped_out_stays_out() -> None:
    """Also where somebody asks about an earlier moment afterwards."""
    sums, counts = SlidingSum(SPAN), SlidingCount(SPAN)
    for at_ms in (0, 30_000):
        sums.add(at_ms, D(at_ms + 1))
        counts.add(at_ms)

    assert (sums.at(60_000), counts.at(60_000)) == (D(30_001), 1)
    assert (sums.at(59_999), counts.at(59_999)) == (D(30_001), 1)
    assert (sums.at(90_000), counts.at(90_000)) == (D(0), 0)


def test_a_hundred_thousand_tenths_leave_exactly_nothing_behind() -> None:
    """No rounding creeps in: what was added is taken out again, digit for digit."""
    window = SlidingSum(SPAN)
    for n in range(100_000):
        window.add(n, D("0.1") + D(n).scaleb(-12))

    assert window.at(99_999 + SPAN) == 0
    assert not window._entries


def test_memory_holds_the_window_and_not_the_past() -> None:
    """A million entries cost what those of one window cost."""
    sums, counts = SlidingSum(1_000), SlidingCount(1_000)
    for n in range(20_000):
        sums.add(n, D(1))
        counts.add(n)
        assert sums.at(n) == counts.at(n) == min(n + 1, 1_000)

    assert len(sums._entries) == len(counts._times) == 1_000


@given(steps=st.lists(st.tuples(gaps, amounts), min_size=1, max_size=30), late=gaps)
def test_a_window_is_the_sum_of_what_is_younger_than_its_span(
    steps: list[tuple[int, Decimal]], late: int
) -> None:
    """Compared with the plain definition at every step, and once more at the end."""
    sums, counts = SlidingSum(SPAN), SlidingCount(SPAN)
    now_ms, told = 0, list[tuple[int, Decimal]]()
    for gap_ms, amount in [*steps, (late, D(0))]:
        now_ms += gap_ms
        told.append((now_ms, amount))
        sums.add(now_ms, amount)
        counts.add(now_ms)
        young = [one for at_ms, one in told if now_ms - at_ms < SPAN]
        assert sums.at(now_ms) == sum(young, D(0))
        assert counts.at(now_ms) == len(young)
    event(f"evicted {sums._entries[0][0] > told[0][0]}")
