"""Settings are read once, checked whole, and a wrong one stops the start."""

import dataclasses
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import get_args, get_type_hints

import pytest

from bridge_patch.app.settings import (
    ROWS,
    LogFormat,
    Settings,
    SettingsError,
    VenueName,
    load_settings,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.governor.limits import BelowMin
from tests.unit.app.other_settings import LIMIT_SETTINGS, OTHERS
from tests.unit.app.told import faults

ROOT = Path(__file__).parents[3]


def test_an_empty_environment_gives_the_defaults_of_the_contract() -> None:
    s = load_settings({})

    assert s.ai_sizing_mode is Mode.SHADOW
    assert (s.ai_max_leverage, s.ai_min_leverage) == (Decimal(80), Decimal(5))
    assert (s.max_position_usd, s.max_notional_usd) == (Decimal(10000), Decimal(100000))
    assert (s.min_order_usd, s.min_confidence) == (Decimal(50), Decimal(0))
    assert s.governor_fail_open is False
    assert s.governor_below_min is BelowMin.REFUSE
    assert s.intent_max_age_sec == 60
    assert s.order_notional_max_equity_multiple == Decimal("1.5")
    assert s.initial_margin_max_pct == 40
    assert s.risk_per_trade_max_pct == Decimal("2.5")
    assert s.daily_loss_max_pct == 6
    assert s.drawdown_max_pct == 20
    assert (s.venue, s.log_format) == (VenueName.PAPER, LogFormat.CONSOLE)
    assert s.symbols == ("BTCUSDT", "SOLUSDT")
    assert s.market_data_dir is None


def test_every_setting_has_its_declared_type_and_takes_another_value() -> None:
    """The other value shows that each setting really is read under its own name."""
    hints = get_type_hints(Settings)
    plain, other = load_settings({}), load_settings(OTHERS)

    assert set(OTHERS) == {row.name for row in ROWS}
    for name, hint in hints.items():
        kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        kind = tuple if name == "symbols" else kinds
        assert isinstance(getattr(plain, name), kind), name
        assert isinstance(getattr(other, name), kind), name
        assert getattr(plain, name) != getattr(other, name), name


@pytest.mark.parametrize("name", OTHERS)
def test_each_limit_setting_and_no_other_changes_the_limits(name: str) -> None:
    changed = load_settings({name: OTHERS[name]}).limits()
    same = changed.digest() == load_settings({}).limits().digest()

    assert same is (name not in LIMIT_SETTINGS)


def test_settings_cannot_be_changed_after_the_start() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_settings({}).min_order_usd = Decimal(1)  # type: ignore[misc]


@pytest.mark.parametrize("word", ["LIVE", " live", "live ", "Live", "paper", "true", "1"])
def test_a_mode_other_than_its_two_words_is_a_fault(word: str) -> None:
    (fault,) = faults({"AI_SIZING_MODE": word})

    assert fault.startswith("AI_SIZING_MODE: expected shadow or live, found ")
    assert repr(word) in fault


@pytest.mark.parametrize("word", ["Yes", "TRUE", "True", "1", "0", "on", "no", " true"])
def test_a_flag_is_exactly_true_or_false(word: str) -> None:
    (fault,) = faults({"GOVERNOR_FAIL_OPEN": word})

    assert fault.startswith("GOVERNOR_FAIL_OPEN: expected true or false, found ")


@pytest.mark.parametrize(
    "text",
    [
        "80.5 # comment",
        "abc",
        "NaN",
        "inf",
        "-5",
        "+5",
        "0",
        "1e3",
        "1_000",
        "10,000",
        "٥٠",  # noqa: RUF001 - digits, but not ours
        " 50",
        "50 ",
        ".5",
        "5.",
        "0x10",
        "9" * 400,
    ],
)
def test_a_number_is_plain_digits_within_its_bounds(text: str) -> None:
    (fault,) = faults({"MIN_ORDER_USD": text})

    assert fault.startswith("MIN_ORDER_USD: expected a number from 0.01 to 1,000,000,000")
    assert len(fault) < 300
    assert fault.isascii()


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_an_empty_value_is_a_fault_never_a_default(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.env"
    path.write_text(f"{name}=\n")

    assert "found an empty value (environment)" in faults({name: ""})[0]
    assert "found an empty value" in faults({}, path)[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SYMBOLS", "BTCUSDT, SOLUSDT"),
        ("SYMBOLS", "btcusdt"),
        ("SYMBOLS", "BTCUSDT,"),
        ("SYMBOLS", "BTCUSDT,BTCUSDT"),
        ("VENUE", "Binance"),
        ("SIMULATOR_URL", "http://0.0.0.0:8797"),
        ("SIMULATOR_URL", "http://127.0.0.1:99999"),
        ("VENUE_API_KEY", " key"),
        ("LOG_FORMAT", "xml"),
        ("INTENT_MAX_AGE_SEC", "60.5"),
        ("INTENT_MAX_AGE_SEC", "0"),
        ("MIN_CONFIDENCE", "1.01"),
        ("AI_MAX_LEVERAGE", "126"),
        ("DAILY_LOSS_MAX_PCT", "101"),
        ("STATE_DIR", "a\nb"),
        ("MARKET_DATA_DIR", " x"),
        ("EXAMPLE_AI_SEED", "-1"),
    ],
)
def test_a_value_in_another_form_is_a_fault(name: str, text: str) -> None:
    (fault,) = faults({name: text})

    assert fault.startswith(f"{name}: expected ")
    assert "\n" not in fault


def test_an_unknown_venue_is_told_the_choices() -> None:
    (fault,) = faults({"VENUE": "kraken"})

    assert "expected paper, simulator, binance-demo or binance" in fault


def test_only_who_trades_keeps_the_keys_of_the_exchange() -> None:
    """The same environment file serves three processes; two of them forget the keys."""
    told = load_settings({"VENUE_API_KEY": "k-1", "VENUE_API_SECRET": "s-1"})
    assert told.venue_api_key is not None
    assert told.venue_api_key.reveal() == "k-1"
    kept = told.without_keys()

    assert (kept.venue_api_key, kept.venue_api_secret) == (None, None)
    assert kept == load_settings({})


def test_all_faults_stand_in_one_message_with_their_count() -> None:
    """A person mends everything at once, not one fault per restart."""
    with pytest.raises(SettingsError) as caught:
        load_settings(
            {
                "AI_SIZING_MODE": "LIVE",
                "MAX_POSITON_USD": "5",
                "MIN_ORDER_USD": "20000",
                "LOG_FORMAT": "",
            }
        )
    lines = str(caught.value).splitlines()

    assert lines[0] == "4 faults in the settings, nothing was started:"
    assert [line.split()[1].rstrip(":") for line in lines[1:]] == [
        "MAX_POSITON_USD",
        "AI_SIZING_MODE",
        "LOG_FORMAT",
        "MIN_ORDER_USD",
    ]


@pytest.mark.parametrize(
    ("env", "text"),
    [
        (
            {"MIN_ORDER_USD": "60", "MAX_POSITION_USD": "50"},
            "MIN_ORDER_USD 60 must not exceed MAX_POSITION_USD 50: change one of them",
        ),
        (
            {"AI_MIN_LEVERAGE": "90"},
            "AI_MIN_LEVERAGE 90 must not exceed AI_MAX_LEVERAGE 80: change one of them",
        ),
        (
            {"MAX_NOTIONAL_USD": "249"},
            (
                "MIN_ORDER_USD 50 x AI_MIN_LEVERAGE 5 must not exceed MAX_NOTIONAL_USD 249:"
                " change one of them"
            ),
        ),
    ],
)
def test_limits_that_exclude_each_other_are_told_by_their_setting_names(
    env: dict[str, str], text: str
) -> None:
    assert faults(env) == (text,)


@pytest.mark.parametrize("venue", ["binance", "binance-demo"])
def test_orders_at_a_real_venue_are_not_judged_by_recorded_prices(venue: str) -> None:
    """Yesterday's prices would size, and stop, what trades at today's."""
    said = (
        f"VENUE={venue} must not be judged by recorded prices, MARKET_FEED=replay:"
        " change one of them"
    )
    assert faults({"VENUE": venue}) == (said,)
    assert faults({"VENUE": venue, "MARKET_FEED": "replay"}) == (said,)
    assert load_settings({"VENUE": venue, "MARKET_FEED": "live"}).venue == venue
    (fault,) = faults({"VENUE": venue, "MARKET_FEED": "recorded"})
    assert fault.startswith("MARKET_FEED: expected")


@pytest.mark.parametrize("venue", ["paper", "simulator"])
def test_a_venue_that_is_simulated_follows_either_market(venue: str) -> None:
    for feed in ("replay", "live"):
        assert load_settings({"VENUE": venue, "MARKET_FEED": feed}).market_feed == feed


def test_a_contradiction_with_a_value_that_could_not_be_read_is_not_made_up() -> None:
    """MIN_ORDER_USD's default would contradict; but nobody has said the default."""
    (fault,) = faults({"MAX_POSITION_USD": "40", "MIN_ORDER_USD": "abc"})

    assert fault.startswith("MIN_ORDER_USD: expected")


def test_nor_with_a_line_that_could_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.env"
    path.write_text("MAX_POSITION_USD=40\nMIN_ORDER_USD=30 # small\n")
    (fault,) = faults({}, path)

    assert fault.startswith("MIN_ORDER_USD (")


def test_what_is_switched_off_is_named_at_the_start() -> None:
    assert load_settings({"MIN_CONFIDENCE": "0.5"}).notices() == ()
    told = load_settings({"GOVERNOR_FAIL_OPEN": "true", "GOVERNOR_BELOW_MIN": "clamp"})

    assert [text.partition(":")[0] for text in told.notices()] == [
        "MIN_CONFIDENCE=0",
        "GOVERNOR_FAIL_OPEN=true",
        "GOVERNOR_BELOW_MIN=clamp",
    ]
