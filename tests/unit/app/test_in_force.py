"""What a run was judged under is read back under the settings' own names."""

from dataclasses import replace

from bridge_patch.app.forms import written
from bridge_patch.app.in_force import SETTING_OF, fail_open_of, in_force, is_simulated
from bridge_patch.app.settings import ROWS, load_settings
from bridge_patch.domain.intent import Mode
from tests.unit.adapters.lines_samples import RUN

#: Every setting that is a limit, at a value that is not its default.
TIGHT = {
    "AI_MAX_LEVERAGE": "40",
    "AI_MIN_LEVERAGE": "2",
    "MAX_POSITION_USD": "500.5",
    "MAX_NOTIONAL_USD": "9000",
    "MIN_ORDER_USD": "10",
    "MIN_CONFIDENCE": "0.55",
    "GOVERNOR_FAIL_OPEN": "true",
    "GOVERNOR_BELOW_MIN": "clamp",
    "ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE": "1.25",
    "INITIAL_MARGIN_MAX_PCT": "30",
    "RISK_PER_TRADE_MAX_PCT": "1.5",
    "DAILY_LOSS_MAX_PCT": "5",
    "DRAWDOWN_MAX_PCT": "15",
    "LIQUIDATION_STOPS_MIN": "4",
    "LIQUIDATION_SIGMAS_MIN": "6",
    "SNAPSHOT_AGE_MAX_SEC": "11",
    "MARK_AGE_MAX_SEC": "3",
    "VOLATILITY_AGE_MAX_SEC": "700",
    "TAKER_FEE_PCT": "0.04",
    "SLIPPAGE_PCT": "0.06",
    "CLOCK_SKEW_MAX_MS": "400",
    "LOSERS_PAUSE_SEC": "1800",
    "NOTIONAL_1H_MAX_EQUITY_MULTIPLE": "2.5",
}


def test_every_limit_comes_back_as_the_setting_it_was_made_of() -> None:
    """A name or a unit that went astray here would explain a refusal wrongly."""
    settings = load_settings(TIGHT)
    found = in_force(settings.limits().text())
    known = {name: text for name, text in found.items() if name in TIGHT}

    assert known == TIGHT
    assert [name for name in found if name not in {row.name for row in ROWS}] == []
    for name, text in found.items():
        assert text == written(getattr(settings, name.lower()))


def test_the_names_are_those_of_settings() -> None:
    assert set(SETTING_OF.values()) <= {row.name for row in ROWS}


def test_only_a_fail_open_run_says_so() -> None:
    """M-26: every screen of such a run says that it is one."""
    shut, soft = load_settings({}).limits().text(), load_settings(TIGHT).limits().text()

    assert fail_open_of(replace(RUN, limits=soft)).startswith("GOVERNOR_FAIL_OPEN=true in")
    assert "LIVE" in fail_open_of(replace(RUN, limits=soft))
    assert "SHADOW" in fail_open_of(replace(RUN, limits=soft, mode=Mode.SHADOW))
    assert fail_open_of(replace(RUN, limits=shut)) == ""
    assert fail_open_of(None) == ""


def test_a_venue_nobody_knows_is_taken_for_real_money() -> None:
    assert is_simulated(RUN)
    assert not is_simulated(replace(RUN, venue="binance"))
