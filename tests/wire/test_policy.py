"""Harvest policies on the wire: words, objects, and the two names of one fraction."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.wire.figures import json_of
from bridge_patch.adapters.wire.policy import OPTIONAL, policy_fields
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from tests.wire.samples import entry, fault_heads, sound

D = Decimal


def policy(value: Any, **changes: Any) -> HarvestPolicy | None:
    return entry(sound(harvest_policy=value, **changes)).policy


@pytest.mark.parametrize("mode", HarvestMode)
def test_a_mode_word_is_its_documented_policy(mode: HarvestMode) -> None:
    assert policy(mode.value) == POLICIES[mode]
    assert policy({"mode": mode.value}) == POLICIES[mode]


def test_stated_numbers_replace_the_documented_ones() -> None:
    assert policy(
        {"mode": "scalper", "trail_pct": 0.7, "max_time_sec": 600}
    ) == HarvestPolicy(
        mode=HarvestMode.SCALPER,
        trail_pct=D("0.7"),
        hold_max_sec=600,
        partial_trigger_pct=D("1.0"),
        partial_close_fraction=D("0.5"),
        trail_after_partial=True,
    )


@pytest.mark.parametrize("name", ["partial_close_pct", "partial_close_fraction"])
def test_the_part_to_close_is_a_fraction_under_both_names(name: str) -> None:
    """0.5 is half. A reader that took it for half a percent would close nothing."""
    got = policy({"mode": "trend_runner", name: 0.25})

    assert got is not None
    assert got.partial_close_fraction == D("0.25")
    assert fault_heads(sound(harvest_policy={"mode": "trend_runner", name: 50})) == {
        f"OUT_OF_RANGE harvest_policy.{name}"
    }


def test_the_two_names_must_agree() -> None:
    both = {"mode": "scalper", "partial_close_pct": 0.5, "partial_close_fraction": 0.4}

    assert fault_heads(sound(harvest_policy=both)) == {
        "CONTRADICTION harvest_policy.partial_close_pct"
    }


def test_a_swing_that_names_a_part_and_no_profit_closes_none() -> None:
    """1.1 had no word for the profit; 1.2 has, so there its absence is a fault."""
    stated = {"mode": "swing", "trail_pct": 1.5, "partial_close_pct": 0.5}
    got = policy(stated)

    assert got is not None
    assert (got.trail_pct, got.partial_close_fraction) == (D("1.5"), D(0))
    assert fault_heads(sound(schema="1.2", harvest_policy=stated)) == {
        "MISSING harvest_policy.partial_trigger_pct"
    }
    whole = policy(stated | {"partial_trigger_pct": 2}, schema="1.2")
    assert whole is not None
    assert (whole.partial_trigger_pct, whole.partial_close_fraction) == (D(2), D("0.5"))


def test_a_scalper_that_closes_no_part_trails_at_once() -> None:
    """Its trail begins after the partial close, which would never come."""
    got = policy({"mode": "scalper", "partial_close_pct": 0})

    assert got is not None
    assert got.trail_after_partial is False


@pytest.mark.parametrize("field", ["harvest_policy", "ai_harvest_policy"])
@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("yolo", "NOT_A_CHOICE {}"),
        ("", "NOT_A_CHOICE {}"),
        (5, "WRONG_TYPE {}"),
        (None, "WRONG_TYPE {}"),
        ([], "WRONG_TYPE {}"),
        ({}, "MISSING {}.mode"),
        ({"mode": "none"}, "NOT_A_CHOICE {}.mode"),
        ({"mode": None}, "WRONG_TYPE {}.mode"),
        ({"mode": "swing", "trail_pct": 0}, "OUT_OF_RANGE {}.trail_pct"),
        ({"mode": "swing", "trail_pct": "1"}, "WRONG_TYPE {}.trail_pct"),
        ({"mode": "swing", "trail_pct": True}, "WRONG_TYPE {}.trail_pct"),
        ({"mode": "swing", "trail_pct": 100}, "OUT_OF_RANGE {}.trail_pct"),
        ({"mode": "swing", "max_time_sec": 0}, "OUT_OF_RANGE {}.max_time_sec"),
        ({"mode": "swing", "max_time_sec": 1.5}, "OUT_OF_RANGE {}.max_time_sec"),
        ({"mode": "swing", "max_time_sec": 1e12}, "OUT_OF_RANGE {}.max_time_sec"),
        (
            {"mode": "swing", "partial_trigger_pct": -1},
            "OUT_OF_RANGE {}.partial_trigger_pct",
        ),
        ({"mode": "swing", "trail_after_partial": 1}, "WRONG_TYPE {}.trail_after_partial"),
        ({"mode": "scalper", "partial_trigger_pct": 0}, "CONTRADICTION {}.mode"),
    ],
)
def test_a_policy_is_checked_like_any_other_field(
    field: str, value: Any, where: str
) -> None:
    assert fault_heads(sound(**{field: value})) == {where.format(field)}


numbers = {
    "trail_pct": st.decimals("0.1", "20", places=2),
    "hold_max_sec": st.integers(1, 30 * 24 * 3600),
    "partial_trigger_pct": st.decimals("0.01", "1000", places=2),
    "partial_close_fraction": st.decimals("0", "1", places=3),
}
policies = st.builds(
    HarvestPolicy,
    mode=st.sampled_from(HarvestMode),
    trail_after_partial=st.booleans(),
    break_even_trigger_pct=st.decimals("0", "1000", places=2),
    trail_sigmas=st.decimals("0.01", "10", places=2),
    trail_floor_pct=st.sampled_from([D(0), D("0.1")]),
    **numbers,
)


@given(written=policies)
def test_what_is_written_is_read(written: HarvestPolicy) -> None:
    text = json.dumps(sound(schema="1.2", harvest_policy="@@"))
    text = text.replace('"@@"', json_of(policy_fields(written)))

    assert entry(text).policy == written


def test_what_a_policy_may_leave_out_is_not_written_where_it_says_nothing() -> None:
    """A reader from before these names existed takes no name that it does not know."""
    plain = policy_fields(POLICIES[HarvestMode.SCALPER])
    said = {"break_even_trigger_pct": 0.6, "trail_sigmas": 1.5}

    assert set(OPTIONAL).isdisjoint(plain)
    got = policy({"mode": "scalper", **said})
    assert got is not None
    assert (got.break_even_trigger_pct, got.trail_sigmas) == (D("0.6"), D("1.5"))
    assert got == replace(
        POLICIES[HarvestMode.SCALPER],
        break_even_trigger_pct=D("0.6"),
        trail_sigmas=D("1.5"),
    )
    assert policy_fields(got).keys() - plain.keys() == said.keys()


@pytest.mark.parametrize(
    ("stated", "head"),
    [
        ({"trail_sigmas": 11}, "OUT_OF_RANGE harvest_policy.trail_sigmas"),
        ({"trail_sigmas": -1}, "OUT_OF_RANGE harvest_policy.trail_sigmas"),
        (
            {"break_even_trigger_pct": 1001},
            "OUT_OF_RANGE harvest_policy.break_even_trigger_pct",
        ),
        ({"trail_floor_pct": 0.5}, "CONTRADICTION harvest_policy.mode"),
        (
            {"trail_sigmas": 1, "trail_pct": 1, "trail_floor_pct": 2},
            "CONTRADICTION harvest_policy.mode",
        ),
    ],
)
def test_what_makes_no_policy_is_a_fault(stated: dict[str, Any], head: str) -> None:
    assert fault_heads(sound(harvest_policy={"mode": "swing", **stated})) == {head}
