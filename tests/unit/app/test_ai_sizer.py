"""The AI sizer under the names and shapes that its users know."""

import io
import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
import pytest

from bridge_patch.app.contract.ai_sizer import (
    AISizerPolicy,
    HarvestMode,
    SizingConfig,
    policy_dict,
)
from bridge_patch.domain.harvest import POLICIES

RUNNER = {
    "mode": "trend_runner",
    "trail_pct": 2.0,
    "max_time_sec": 7200,
    "partial_close_pct": 0.5,
    "partial_trigger_pct": 3.0,
    "partial_close_fraction": 0.5,
}


class Hostile:
    """Answers every question about itself with an exception."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise RuntimeError(name)

    def __float__(self) -> float:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError


def sizer(mode: str = "shadow") -> AISizerPolicy:
    return AISizerPolicy(SizingConfig(ai_sizing_mode=mode))


def test_the_documented_snippet_runs(capsys: pytest.CaptureFixture[str]) -> None:
    policy_maker = AISizerPolicy(SizingConfig(ai_sizing_mode="shadow"))
    lev, size, policy = policy_maker.compute_size_and_leverage(
        signal_confidence=0.95, volatility_factor=1.0, account_equity=10000.0
    )
    print(f"Size: ${size:.0f}, Leverage: {lev:.1f}x, Policy: {policy['mode']}")

    assert capsys.readouterr().out.splitlines() == [
        "[AI-SIZER] ✅ AI Sizer Policy initialized: mode=shadow",
        "Size: $581, Leverage: 15.5x, Policy: trend_runner",
    ]


def test_leverage_comes_first_and_size_is_margin() -> None:
    """M-08: the two numbers once came in the other order than was documented."""
    answer = sizer().compute_size_and_leverage(0.85, 1.0, 10_000.0)

    assert answer == (15.5, 451.61, RUNNER)
    assert [type(part) for part in answer] == [float, float, dict]


@pytest.mark.parametrize(
    ("confidence", "equity"),
    [
        (0.85, 10_000),
        (Decimal("0.85"), Decimal(10_000)),
        (np.float64(0.85), np.int64(10_000)),
        (Fraction(17, 20), 10_000),
    ],
)
def test_every_kind_of_number_is_read_as_written(confidence: Any, equity: Any) -> None:
    assert sizer().compute_size_and_leverage(confidence, 1, equity)[:2] == (15.5, 451.61)


def test_an_abstention_is_no_size_and_says_why() -> None:
    answer = sizer().compute_size_and_leverage(0.53, 1.0, 10_000.0)

    assert answer == (
        0.0,
        0.0,
        {
            "mode": "none",
            "reason": "MARGIN_BELOW_MIN",
            "detail": "margin 38.70 USD is below the minimum of 50.0 USD",
        },
    )


NO_NUMBERS = [
    None,
    True,
    "0.85",
    b"1",
    float("nan"),
    float("inf"),
    -float("inf"),
    0.0,
    -0.0,
    -1,
    5e-324,
    10**400,
    Decimal("sNaN"),
    Decimal("1E+999999"),
    complex(1, 1),
    [],
    {},
    object(),
    Hostile,
    np.array([1.0, 2.0]),
    Fraction(10**400, 3),
]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_any_value_at_all_abstains_and_never_raises(place: int, value: Any) -> None:
    value = Hostile() if value is Hostile else value
    good: list[Any] = [0.85, 1.0, 10_000.0]
    assert sizer().compute_size_and_leverage(*good)[1] == 451.61
    inputs = [*good[:place], value, *good[place + 1 :]]

    leverage, margin, policy = sizer().compute_size_and_leverage(*inputs)
    assert (leverage, margin, policy["mode"]) == (0.0, 0.0, "none")
    assert policy["reason"]

    payload: dict[str, Any] = {"symbol": "BTCUSDT", "position_size_usd": 500.0}
    sizer("live").inject_into_payload(payload, *inputs)
    assert payload == {
        "symbol": "BTCUSDT",
        "position_size_usd": 500.0,
        "ai_abstain_reason": policy["reason"],
    }


def test_shadow_adds_the_proposal_beside_what_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Users ignore the return value, so the payload itself is written to."""
    payload: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "position_size_usd": 500.0,
        "leverage": 10,
        "intent_id": "i-1",
    }
    answer = sizer().inject_into_payload(payload, 0.85, 1.0, 10_000.0)

    assert answer is payload
    assert payload == {
        "symbol": "BTCUSDT",
        "position_size_usd": 500.0,
        "leverage": 10,
        "intent_id": "i-1",
        "ai_size_usd": 451.61,
        "ai_leverage": 15.5,
        "ai_harvest_policy": RUNNER,
    }
    assert capsys.readouterr().out.splitlines()[1:] == [
        "[AI-SIZER] SHADOW: BTCUSDT → $452 @ 15.5x | policy=trend_runner intent=i-1"
    ]


def test_live_also_fills_in_what_will_be_traded(capsys: pytest.CaptureFixture[str]) -> None:
    payload: dict[str, Any] = {"symbol": "SOLUSDT", "position_size_usd": 500.0}
    sizer("live").inject_into_payload(payload, 0.55, 1.0, 10_000.0)

    assert payload["position_size_usd"] == payload["ai_size_usd"] == 64.51
    assert payload["leverage"] == payload["ai_leverage"] == 15.5
    assert payload["harvest_policy"] == payload["ai_harvest_policy"]
    assert payload["harvest_policy"]["mode"] == "scalper"
    assert payload["harvest_policy"] is not payload["ai_harvest_policy"]
    assert capsys.readouterr().out.splitlines() == [
        "[AI-SIZER] ✅ AI Sizer Policy initialized: mode=live",
        "[AI-SIZER] LIVE: SOLUSDT → $65 @ 15.5x | policy=scalper",
    ]


def test_an_abstention_is_logged_with_its_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizer().inject_into_payload({"symbol": "BTCUSDT"}, 0.5, 1.0, 10_000.0)

    assert capsys.readouterr().out.splitlines()[1:] == [
        "[AI-SIZER] SHADOW: BTCUSDT → no size | reason=CONFIDENCE_TOO_LOW"
    ]


@pytest.mark.parametrize("name", ["symbol", "intent_id"])
@pytest.mark.parametrize("value", ["A\n[GOVERNOR] ACCEPT", "", "Ω", "A" * 65, 7, Hostile])
def test_nothing_from_a_payload_forges_a_line(
    name: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    value = Hostile() if value is Hostile else value
    sizer().inject_into_payload({name: value}, 0.85, 1.0, 10_000.0)

    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert "GOVERNOR" not in line
    assert "?" in line


@pytest.mark.parametrize("payload", [None, [], "text", 7, Hostile])
def test_what_is_no_payload_is_given_back(payload: Any) -> None:
    payload = Hostile() if payload is Hostile else payload

    assert sizer().inject_into_payload(payload, 0.85, 1.0, 10_000.0) is payload


@pytest.mark.parametrize("stdout", [None, "closed", "ascii"])
def test_a_log_that_cannot_be_written_stops_nothing(
    stdout: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii") if stdout else None
    if stream and stdout == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stdout", stream)

    payload = sizer().inject_into_payload({"symbol": "BTCUSDT"}, 0.85, 1.0, 10_000.0)
    assert payload["ai_size_usd"] == 451.61


def test_every_mode_is_written_as_payloads_carry_it() -> None:
    assert [mode.value for mode in HarvestMode] == ["scalper", "swing", "trend_runner"]
    assert policy_dict(POLICIES[HarvestMode.TREND_RUNNER]) == RUNNER
    assert policy_dict(POLICIES[HarvestMode.SWING]) == {
        "mode": "swing",
        "trail_pct": 1.0,
        "max_time_sec": 3600,
        "partial_close_pct": 0.0,
        "partial_trigger_pct": 0.0,
        "partial_close_fraction": 0.0,
    }


def test_a_policy_of_ones_own_is_carried_whole() -> None:
    """M-52: a field that is dropped on the way changes what the exit brain does."""
    own = replace(
        POLICIES[HarvestMode.SWING],
        break_even_trigger_pct=Decimal("0.6"),
        trail_sigmas=Decimal("1.5"),
    )
    plain = policy_dict(POLICIES[HarvestMode.SWING])

    assert policy_dict(own) == plain | {"break_even_trigger_pct": 0.6, "trail_sigmas": 1.5}
