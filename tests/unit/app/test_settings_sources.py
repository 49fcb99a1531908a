"""Where settings come from: environment and file agree, and no name is nearly right."""

from pathlib import Path

import pytest

from bridge_patch.app.settings import (
    load_settings,
    read_settings,
)
from tests.unit.app.told import faults


def test_environment_and_file_may_agree_and_must_not_differ(tmp_path: Path) -> None:
    """Under systemd the file's values stand in the environment too."""
    path = tmp_path / "x.env"
    path.write_text("AI_SIZING_MODE=shadow\nMIN_ORDER_USD=60\n")
    loaded = read_settings({"AI_SIZING_MODE": "shadow"}, path)

    assert loaded.settings.min_order_usd == 60
    assert loaded.origins["MIN_ORDER_USD"] == f"{path}:2"
    assert loaded.origins["MAX_POSITION_USD"] == "default"
    (fault,) = faults({"AI_SIZING_MODE": "live"}, path)
    assert "found 'live' in the environment and another in line 1" in fault


def test_a_missing_env_file_stops_the_start(tmp_path: Path) -> None:
    assert len(faults({}, tmp_path / "none.env")) == 1


def test_an_unknown_key_in_the_file_is_a_fault_without_its_value(tmp_path: Path) -> None:
    path = tmp_path / "x.env"
    path.write_text("API_SECRET=abc123\nMAX_POSITON_USD=5\n")
    found = faults({}, path)

    said = "expected the name of a setting, found an unknown one in line"
    assert found == (
        f"API_SECRET: {said} 1 of {path}: remove it",
        f"MAX_POSITON_USD: {said} 2 of {path}: write MAX_POSITION_USD, or remove it",
    )


@pytest.mark.parametrize("line", ["c2VjcmV0c2VjcmV0OXgx=", "JBSWY3DPEHPK3PXP=x"])
def test_a_secret_that_reads_like_a_line_of_the_file_is_not_shown(
    line: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.env"
    path.write_text(f"{line}\n")
    (told,) = faults({}, path)

    assert told.startswith("a name that is not shown: expected the name of a setting")
    assert f"line 1 of {path}" in told
    assert line[:6] not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VENUE", "q7Xd2kLw9ZpT4vRb8NcY"),
        ("AI_SIZING_MODE", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ("METRICS_PORT_ENGINE", "a+Z9a+Z9a+Z9a+Z9a+Z9"),
        ("SIMULATOR_URL", "http://eve:geheim@127.0.0.1:8797"),
        ("SIMULATOR_URL", "http://geheim@127.0.0.1:8797"),
    ],
)
def test_a_secret_that_was_put_beside_another_name_is_not_shown(
    name: str, value: str, tmp_path: Path
) -> None:
    """Whoever pastes into the wrong line still has a key that nobody has seen."""
    path = tmp_path / "x.env"
    path.write_text(f"{name}=other\n")
    (told,) = faults({name: value})
    both = faults({name: value}, path)

    assert "a value that is not shown, it reads like a secret (environment)" in told
    assert not [one for one in both if value in one or "geheim" in one]


def test_a_wrong_value_that_is_no_secret_is_shown() -> None:
    """Who misspells a word must see what is there."""
    wrong = {"VENUE": "Binance", "SIMULATOR_URL": "http://10.0.0.1:8797", "SYMBOLS": "A,B"}

    assert all(repr(wrong[told.partition(":")[0]]) in told for told in faults(wrong))
    assert len(faults(wrong)) == len(wrong)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MAX_POSITON_USD", "MAX_POSITION_USD"),
        ("AI_SIZING_MOD", "AI_SIZING_MODE"),
        ("GOVERNOR_FAILOPEN", "GOVERNOR_FAIL_OPEN"),
        ("ai_sizing_mode", "AI_SIZING_MODE"),
        ("MAX_LEVERAGE", "AI_MAX_LEVERAGE"),
        ("MAX_NOTIONAL", "MAX_NOTIONAL_USD"),
        ("MIN_ORDER_UDS", "MIN_ORDER_USD"),
        ("SYMBOL", "SYMBOLS"),
        ("AI_LEVERAGE_MAX", "AI_MAX_LEVERAGE"),
        ("ORDER_MIN_USD", "MIN_ORDER_USD"),
        ("DAILY_LOSS_MAX_PERCENT", "DAILY_LOSS_MAX_PCT"),
        ("DAILY_LOSS_MAX_USD", "DAILY_LOSS_MAX_PCT"),
        ("DRAWDOWN_LIMIT_PCT", "DRAWDOWN_MAX_PCT"),
        ("SNAPSHOT_AGE_MAX_MS", "SNAPSHOT_AGE_MAX_SEC"),
        ("CLOCK_SKEW_MAX_SEC", "CLOCK_SKEW_MAX_MS"),
        ("SHOCK_PAUSE_MIN", "SHOCK_PAUSE_SEC"),
        ("MIN_CONFIDENCE_PCT", "MIN_CONFIDENCE"),
        ("CONFIDENCE_FLOOR", "MIN_CONFIDENCE"),
        ("SLIPPAGE_BPS", "SLIPPAGE_PCT"),
        ("LOSERS_PAUSE_MS", "LOSERS_PAUSE_SEC"),
        ("LOSERS_PAUSE_MINUTES", "LOSERS_PAUSE_SEC"),
        ("LOSERS_LATCH_SEC", "LOSERS_LATCH_MIN"),
    ],
)
def test_a_near_miss_in_the_environment_is_a_fault(name: str, meant: str) -> None:
    """A limit that somebody believes in and nobody reads is worse than none."""
    (fault,) = faults({name: "1"})

    assert fault.startswith(f"{name}: ")
    assert f"write {meant}, or remove it" in fault


def test_variables_that_are_none_of_our_business_are_ignored() -> None:
    names = (
        "PATH HOME LANG LC_ALL SHELL TERM USER LOGNAME MAIL PWD OLDPWD EDITOR DISPLAY"
        " HOSTNAME SSH_AUTH_SOCK XDG_STATE_HOME XDG_DATA_DIRS VIRTUAL_ENV PYTHONPATH"
        " MAKEFLAGS MAKELEVEL STATE_DIRECTORY JOURNAL_STREAM INVOCATION_ID LOG_LEVEL"
        " DATA_DIR SITE_DIR CACHE_DIR REDIS_URL PS1 COLUMNS LINES CI NO_COLOR"
        " DEBIAN_FRONTEND GITHUB_TOKEN BINANCE_API_KEY MODE SEED"
        " MAX MIN USD SEC CONNECT_TIMEOUT_MS SESSION_MAX_AGE_SEC MAX_RETRIES LIMIT_USD"
    )

    assert load_settings(dict.fromkeys(names.split(), "x")) == load_settings({})
