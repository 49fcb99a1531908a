"""The Governor's old config and its log lines."""

import io
import sys
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.app.contract.risk_governor import (
    GovernorConfig,
    RiskGovernor,
    get_risk_governor,
)
from bridge_patch.app.settings import SettingsError, load_settings

GOOD: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "action": "BUY",
    "confidence": 0.95,
    "position_size_usd": 500.0,
    "leverage": 10.0,
}


def faults(**changes: Any) -> list[str]:
    with pytest.raises(ValueError, match="must") as caught:
        GovernorConfig(**changes)
    return str(caught.value).split("; ")


def test_the_defaults_are_the_contracts() -> None:
    config = GovernorConfig()

    assert (config.min_order_usd, config.max_position_usd) == (50.0, 10_000.0)
    assert (config.max_notional_usd, config.min_confidence) == (100_000.0, 0.0)
    assert (config.max_leverage, config.min_leverage) == (80.0, 5.0)
    assert config.fail_open is False
    assert config.limits() == load_settings({}).limits()


@pytest.mark.parametrize(
    "bad", [True, "5", None, float("nan"), float("inf"), -1.0, 10**400]
)
def test_a_bound_that_is_no_number_is_a_fault(bad: Any) -> None:
    assert faults(max_notional_usd=bad)[0].startswith("max_notional_usd must be a number")


def test_all_faults_are_named_at_once_in_the_configs_own_words() -> None:
    told = faults(
        min_order_usd=float("nan"), max_leverage=True, min_leverage="5", fail_open="false"
    )

    assert [fault.partition(" ")[0] for fault in told] == [
        "fail_open",
        "min_order_usd",
        "max_leverage",
        "min_leverage",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"min_order_usd": 20_000.0},
            "min_order_usd 20000.0 must not exceed max_position_usd 10000",
        ),
        ({"min_leverage": 90}, "min_leverage 90 must not exceed max_leverage 80"),
        ({"max_leverage": 126}, "max_leverage must be from 1 to 125, was 126"),
        ({"min_confidence": 1.5}, "min_confidence must be from 0 to 1, was 1.5"),
        (
            {"max_position_usd": 0},
            "max_position_usd must be above 0 and at most 1000000000000, was 0",
        ),
    ],
)
def test_bounds_that_exclude_each_other_do_not_start(
    changes: dict[str, Any], said: str
) -> None:
    assert said in faults(**changes)


def test_the_environment_gives_the_limits_of_the_execution_service() -> None:
    """One hash for both, also of what a bare question never asks about."""
    env = {
        "MAX_NOTIONAL_USD": "123456789.123456789",
        "MAX_POSITION_USD": "777.7",
        "GOVERNOR_BELOW_MIN": "clamp",
        "SLIPPAGE_PCT": "0.2",
    }
    config = GovernorConfig.from_env(env)

    assert config.limits() == load_settings(env).limits()
    assert config.max_position_usd == 777.7
    approved, reason, meta = RiskGovernor(config).evaluate(
        **{**GOOD, "position_size_usd": 1, "leverage": 1}
    )
    assert approved
    assert reason == "PASS: raised to a minimum"
    assert (meta["raised"], meta["clamped_size_usd"], meta["clamped_leverage"]) == (
        True,
        50.0,
        5.0,
    )


def test_a_wrong_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_NOTIONAL_USD", "")
    with pytest.raises(SettingsError, match="MAX_NOTIONAL_USD"):
        RiskGovernor()


def test_the_process_has_one_governor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_NOTIONAL_USD", "50000")
    get_risk_governor.cache_clear()
    first = get_risk_governor()
    monkeypatch.setenv("MAX_NOTIONAL_USD", "60000")

    assert get_risk_governor() is first
    assert first.config.max_notional_usd == 50_000.0
    get_risk_governor.cache_clear()


def test_one_line_at_the_start_and_one_for_each_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    governor = RiskGovernor(GovernorConfig(max_notional_usd=50_000))
    governor.evaluate(**GOOD)
    governor.evaluate(**{**GOOD, "position_size_usd": 10_000})
    governor.evaluate(**{**GOOD, "action": "CLOSE"})
    governor.evaluate(**{**GOOD, "symbol": "B\n[GOVERNOR] ✅ ACCEPT", "leverage": None})
    RiskGovernor(GovernorConfig(fail_open=True))
    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == "[GOVERNOR] ✅ Risk Governor initialized: mode=fail-closed"
    assert lines[1].startswith("[GOVERNOR] ✅ ACCEPT BTCUSDT BUY: PASS")
    assert lines[2].startswith("[GOVERNOR] ❌ REJECT BTCUSDT BUY: NOTIONAL_EXCEEDED: ")
    assert lines[3].startswith("[GOVERNOR] ✅ ACCEPT BTCUSDT CLOSE: PASS")
    assert lines[4].startswith("[GOVERNOR] ❌ REJECT B")
    assert lines[5] == "[GOVERNOR] ✅ Risk Governor initialized: mode=fail-open"
    assert len(lines) == 6
    assert sum("ACCEPT" in line for line in lines) == 2


def test_a_stream_that_cannot_be_written_changes_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    closed = io.StringIO()
    closed.close()
    for stream in (narrow, closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        assert RiskGovernor(GovernorConfig()).evaluate(**GOOD)[0]
    narrow.seek(0)

    assert "ACCEPT BTCUSDT BUY: PASS" in narrow.read()


def test_the_old_import_path_is_the_same_class() -> None:
    import services.risk_governor as old

    assert old.RiskGovernor is RiskGovernor
    assert old.GovernorConfig is GovernorConfig
    assert old.get_risk_governor is get_risk_governor


def test_exact_bounds_may_be_given_too() -> None:
    config = GovernorConfig(max_position_usd=Decimal("1000.10"))  # type: ignore[arg-type]

    assert config.limits().margin_max_usd == Decimal("1000.1")
