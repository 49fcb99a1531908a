"""What an exit policy may say, and the three that are documented."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import POLICIES, POLICY_FALLBACK, HarvestMode

D = Decimal


def test_the_documented_policies() -> None:
    """Spec 1.5, in its own numbers."""
    scalper, swing, runner = (POLICIES[mode] for mode in HarvestMode)

    assert (scalper.partial_close_fraction, scalper.partial_trigger_pct) == (D("0.5"), D(1))
    assert (scalper.trail_pct, scalper.hold_max_sec) == (D("0.5"), 30 * 60)
    assert (swing.trail_pct, swing.hold_max_sec) == (D(1), 60 * 60)
    assert swing.partial_close_fraction == 0
    assert (runner.partial_trigger_pct, runner.trail_pct) == (D(3), D(2))
    assert runner.partial_close_fraction > 0
    assert runner.hold_max_sec == 120 * 60
    assert POLICY_FALLBACK is swing


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trail_pct": D("0.09")}, "trail_pct must be from 0.1 to 20, was 0.09"),
        ({"trail_pct": D("20.1")}, "trail_pct must be from 0.1 to 20"),
        ({"hold_max_sec": 0}, "hold_max_sec must be from 1 to"),
        ({"hold_max_sec": 30 * 24 * 3600 + 1}, "hold_max_sec must be from 1 to"),
        (
            {"partial_close_fraction": D("1.01")},
            "partial_close_fraction must be from 0 to 1",
        ),
        (
            {"partial_close_fraction": D("-0.1")},
            "partial_close_fraction must be from 0 to 1",
        ),
        ({"partial_trigger_pct": D(-1)}, "partial_trigger_pct must be from 0"),
        ({"trail_pct": D("NaN")}, "trail_pct must be from 0.1 to 20, was NaN"),
        ({"partial_trigger_pct": D("sNaN")}, "partial_trigger_pct must be from 0"),
        (
            {"partial_close_fraction": D("Infinity")},
            "partial_close_fraction must be from 0",
        ),
        ({"partial_trigger_pct": D(0)}, "partial_trigger_pct must be positive"),
        ({"break_even_trigger_pct": D(-1)}, "break_even_trigger_pct must be from 0"),
        ({"break_even_trigger_pct": D("NaN")}, "break_even_trigger_pct must be from 0"),
        ({"trail_sigmas": D("10.1")}, "trail_sigmas must be from 0 to 10"),
        ({"trail_floor_pct": D("0.5")}, "goes with trail_sigmas"),
        (
            {"trail_sigmas": D(1), "trail_floor_pct": D("0.6")},
            "trail_floor_pct must be from 0.1 to trail_pct 0.5",
        ),
        (
            {"trail_sigmas": D(1), "trail_floor_pct": D("0.05")},
            "trail_floor_pct must be from 0.1 to trail_pct 0.5",
        ),
    ],
)
def test_a_policy_out_of_range_is_told_with_its_range(
    changes: dict[str, Any], said: str
) -> None:
    good = POLICIES[HarvestMode.SCALPER]
    assert replace(good, hold_max_sec=60).hold_max_sec == 60
    with pytest.raises(InvalidValueError, match=said):
        replace(good, **changes)


def test_all_faults_of_a_policy_are_told_at_once() -> None:
    good = POLICIES[HarvestMode.SWING]
    with pytest.raises(InvalidValueError, match=r"trail_pct .*; hold_max_sec "):
        replace(good, trail_pct=D(0), hold_max_sec=0)


def test_what_may_be_left_out_is_nothing_in_the_documented_policies() -> None:
    for policy in POLICIES.values():
        assert policy.break_even_trigger_pct == 0
        assert not policy.unscaled
        assert policy.scaled(D("0.05")) is policy


@pytest.mark.parametrize(
    ("sigma", "trail"),
    [
        ("0.004", "1"),  # 1.5 sigmas are 0.6 %: the trail as it was asked is wider
        ("0.01", "1.5"),
        ("0.0077", "1.16"),  # 1.155 %: rounded up, never nearer than asked
        ("0.9", "20"),  # what a venue's trailing order takes at most
    ],
)
def test_a_scaled_trail_is_the_wider_one_and_keeps_both_numbers(
    sigma: str, trail: str
) -> None:
    asked = replace(POLICIES[HarvestMode.SWING], trail_sigmas=D("1.5"))
    scaled = asked.scaled(D(sigma))

    assert asked.unscaled
    assert (scaled.trail_pct, scaled.trail_floor_pct) == (D(trail), asked.trail_pct)
    assert scaled.trail_sigmas == asked.trail_sigmas


def test_a_policy_is_scaled_once() -> None:
    """The market may calm down or go wild: the trail of what is open stays."""
    once = replace(POLICIES[HarvestMode.SWING], trail_sigmas=D("1.5")).scaled(D("0.01"))

    assert not once.unscaled
    assert once.scaled(D("0.05")) is once


@pytest.mark.parametrize("sigma", ["0", "-0.1", "NaN", "Infinity"])
def test_a_sigma_that_is_none_scales_nothing(sigma: str) -> None:
    asked = replace(POLICIES[HarvestMode.SWING], trail_sigmas=D("1.5"))

    with pytest.raises(InvalidValueError, match="finite and positive"):
        asked.scaled(D(sigma))
