"""How often noise hits a trail: the formula, and walks that were thrown."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.evidence.noise import trail_hit_chance


@pytest.mark.parametrize(
    ("trail_pct", "hold_min", "calm", "wild"),
    [(0.5, 30, 0.37, 0.92), (1.0, 60, 0.12, 0.68), (2.0, 120, 0.015, 0.36)],
)
def test_the_modes_trails_are_hit_as_often_as_was_computed(
    trail_pct: float, hold_min: int, calm: float, wild: float
) -> None:
    """The three modes, at 50 % and at 100 % annual volatility."""
    found = [trail_hit_chance(trail_pct, v, hold_min * 60) for v in (0.5, 1.0)]

    assert found == pytest.approx([calm, wild], abs=0.006)


def test_walks_that_were_thrown_hit_it_as_often() -> None:
    """Seen at 3,600 instants, a walk hides some of its hits: a little less often."""
    rng, steps, hold_sec, volatility = np.random.default_rng(5), 3_600, 3_600, 0.8
    sigma = volatility * math.sqrt(hold_sec / (365 * 24 * 3600) / steps)
    walks = np.cumsum(rng.normal(0, sigma, size=(2_000, steps)), axis=1)
    best = np.maximum(np.maximum.accumulate(walks, axis=1), 0)
    hit = (best - walks >= -math.log1p(-0.01)).any(axis=1).mean()

    expected = trail_hit_chance(1.0, volatility, hold_sec)

    assert expected - 0.05 < hit < expected + 0.02


@given(
    trail=st.floats(0.1, 20),
    volatility=st.floats(0, 5),
    hold_sec=st.floats(60, 86_400),
    more=st.floats(1, 3),
)
def test_it_is_a_chance_and_more_noise_or_time_never_lowers_it(
    trail: float, volatility: float, hold_sec: float, more: float
) -> None:
    found = trail_hit_chance(trail, volatility, hold_sec)

    assert 0 <= found <= 1
    assert trail_hit_chance(trail, volatility * more, hold_sec) >= found - 1e-9
    assert trail_hit_chance(trail, volatility, hold_sec * more) >= found - 1e-9
    assert trail_hit_chance(min(trail * more, 20), volatility, hold_sec) <= found + 1e-9
