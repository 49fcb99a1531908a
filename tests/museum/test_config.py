"""Incidents of configuration: what was set was not what was meant, or not set at all."""

import os
from pathlib import Path

import pytest

from bridge_patch.app.settings import ROWS, SettingsError, load_settings
from bridge_patch.domain.intent import Mode
from bridge_patch.governor.limits import Limits

#: Every choice by which a limit holds nothing back.
OFF = {
    "GOVERNOR_FAIL_OPEN": "true",
    "GOVERNOR_BELOW_MIN": "clamp",
    **dict.fromkeys(("LOSERS_PAUSE_SEC", "TAKER_FEE_PCT", "SLIPPAGE_PCT"), "0"),
    **{
        row.name: "100"
        for row in ROWS
        if row.form.expected.endswith("to 100")
        and not row.name.startswith(("LIQUIDATION", "ORDER_QUANTITY", "ENTRY_", "EXIT_"))
    },
}
ROOT = Path(__file__).parents[2]


def refused(env: dict[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(env, env_file)
    return caught.value.faults


def test_unknown_or_conflicting_mode_refuses_to_start(tmp_path: Path) -> None:
    """M-72: junk silently meant shadow, and two settings disagreed about what is real."""
    assert load_settings({"AI_SIZING_MODE": "live"}).ai_sizing_mode is Mode.LIVE
    for word in ("LIVE", " live", "paper", "production", "", "true"):
        assert len(refused({"AI_SIZING_MODE": word})) == 1
    for word in ("True", "yes", "1", ""):
        assert len(refused({"GOVERNOR_FAIL_OPEN": word})) == 1

    env_file = tmp_path / "x.env"
    env_file.write_text("AI_SIZING_MODE=shadow\n")
    assert "say it once" in refused({"AI_SIZING_MODE": "live"}, env_file)[0]
    env_file.write_text("AI_SIZING_MODE=shadow\nAI_SIZING_MODE=live\n")
    assert "each name once" in refused({}, env_file)[0]


def test_unreadable_or_unknown_settings_stop_the_start(tmp_path: Path) -> None:
    """M-74: an unreadable file meant defaults, a misspelt limit and a comment passed."""
    env_file = tmp_path / "x.env"
    assert "no such file" in refused({}, env_file)[0]
    env_file.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refused({}, env_file)[0]

    env_file.write_text(
        "MAX_POSITON_USD=100\nMAX_NOTIONAL_USD=500 # tight\nNO_SUCH_LIMIT=1\n"
    )
    told = refused({"AI_MAX_LEVERAGE": "80.5 # most"}, env_file)
    assert [fault.split(":")[0].split(" ")[0] for fault in told] == [
        "MAX_NOTIONAL_USD",
        "MAX_POSITON_USD",
        "NO_SUCH_LIMIT",
        "AI_MAX_LEVERAGE",
    ]


def test_limits_are_finite_ordered_and_checked_at_start() -> None:
    """M-75: NaN never fired, min above max approved 100x, zero meant $50."""
    limits = load_settings({"AI_MAX_LEVERAGE": "80.5"}).limits()
    assert limits.leverage_max > limits.leverage_min > 0

    numbers = [row for row in ROWS if row.form.expected.startswith(("a number", "a whole"))]
    assert len(numbers) >= 20
    for row in numbers:
        for text in ("NaN", "Infinity", "-1", "1e400", ""):
            assert len(refused({row.name: text})) == 1, (row.name, text)
    for name in (
        "MIN_ORDER_USD",
        "MAX_POSITION_USD",
        "MAX_NOTIONAL_USD",
        "AI_MAX_LEVERAGE",
    ):
        assert len(refused({name: "0"})) == 1, name
    assert refused({"MIN_ORDER_USD": "200", "MAX_POSITION_USD": "100"})
    assert refused({"AI_MIN_LEVERAGE": "20", "AI_MAX_LEVERAGE": "10"})


def test_every_limit_is_explicit_and_nothing_lifts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """M-76: safety was off by default, and a variable outside the settings lifted it."""
    shipped = load_settings({})
    described = (ROOT / "docs/settings.md").read_text()
    assert all(f"| `{row.name}` | `{row.default}` |" in described for row in ROWS)
    assert shipped.limits().drawdown_max_pct == 20
    assert shipped.limits().daily_loss_max_pct == 6
    assert shipped.governor_fail_open is False
    assert [n.partition("=")[0] for n in shipped.notices()] == ["MIN_CONFIDENCE"]
    for name, off in OFF.items():
        chosen = load_settings({name: off})
        assert any(n.startswith(f"{name}={off}: ") for n in chosen.notices()), name
        assert chosen.limits().digest() != shipped.limits().digest()

    others = ("BYPASS_LIMITS", "DISABLE_RISK", "KILL_SWITCH_ENABLED", "TEST_MODE", "DEBUG")
    for name in others:
        monkeypatch.setenv(name, "true")
    for name in [name for name in os.environ if name in {row.name for row in ROWS}]:
        monkeypatch.delenv(name)
    limits: Limits = load_settings().limits()
    assert limits.digest() == shipped.limits().digest()
