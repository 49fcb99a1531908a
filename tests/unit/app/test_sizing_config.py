"""The sizer's configuration: documented defaults, settings, and every fault at once."""

from typing import Any

import pytest

from bridge_patch.app.contract.ai_sizer import AISizerPolicy, SizingConfig, get_ai_sizer
from bridge_patch.app.settings import SettingsError


def test_defaults_are_the_documented_ones() -> None:
    assert SizingConfig() == SizingConfig(
        ai_sizing_mode="shadow",
        ai_max_leverage=80.0,
        ai_min_leverage=5.0,
        max_position_usd=10_000.0,
        max_notional_usd=100_000.0,
        min_order_usd=50.0,
    )
    assert SizingConfig.from_env({}) == SizingConfig()


def test_a_config_comes_from_the_settings() -> None:
    config = SizingConfig.from_env(
        {
            "AI_SIZING_MODE": "live",
            "AI_MAX_LEVERAGE": "20",
            "AI_MIN_LEVERAGE": "2.5",
            "MAX_POSITION_USD": "300",
            "MAX_NOTIONAL_USD": "4000",
            "MIN_ORDER_USD": "10",
        }
    )

    assert config == SizingConfig(
        ai_sizing_mode="live",
        ai_max_leverage=20.0,
        ai_min_leverage=2.5,
        max_position_usd=300.0,
        max_notional_usd=4000.0,
        min_order_usd=10.0,
    )
    answer = AISizerPolicy(config).compute_size_and_leverage(0.85, 1.0, 10_000.0)
    assert answer[:2] == (15.5, 258.06)  # 4,000 / 15.5


def test_a_wrong_setting_makes_no_sizer() -> None:
    with pytest.raises(SettingsError, match="AI_SIZING_MODE"):
        SizingConfig.from_env({"AI_SIZING_MODE": "LIVE"})


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"ai_sizing_mode": "LIVE"}, ["ai_sizing_mode"]),
        ({"ai_sizing_mode": " live"}, ["ai_sizing_mode"]),
        ({"ai_sizing_mode": None}, ["ai_sizing_mode"]),
        ({"max_position_usd": float("nan")}, ["max_position_usd"]),
        ({"max_notional_usd": float("inf")}, ["max_notional_usd"]),
        ({"min_order_usd": "50"}, ["min_order_usd"]),
        ({"min_order_usd": True}, ["min_order_usd"]),
        ({"ai_min_leverage": 0}, ["ai_min_leverage"]),
        ({"ai_max_leverage": 126}, ["ai_max_leverage"]),
        ({"ai_min_leverage": 81}, ["ai_min_leverage 81 must not exceed"]),
        ({"min_order_usd": 20_000}, ["min_order_usd 20000 must not exceed"]),
        ({"max_notional_usd": 249}, ["smallest order"]),
        (
            {"ai_sizing_mode": "yolo", "ai_min_leverage": 90, "min_order_usd": 11_000},
            ["ai_sizing_mode", "ai_min_leverage", "min_order_usd"],
        ),
        (
            {"ai_sizing_mode": "yolo", "min_order_usd": -1, "max_position_usd": None},
            ["ai_sizing_mode", "min_order_usd", "max_position_usd"],
        ),
    ],
)
def test_a_wrong_config_names_every_fault(
    change: dict[str, Any], faults: list[str]
) -> None:
    with pytest.raises(ValueError, match=faults[0]) as caught:
        SizingConfig(**change)

    assert all(fault in str(caught.value) for fault in faults)


def test_the_sizer_of_the_process_is_made_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AI_SIZING_MODE", "AI_MAX_LEVERAGE", "AI_MIN_LEVERAGE"):
        monkeypatch.delenv(name, raising=False)
    get_ai_sizer.cache_clear()
    first = get_ai_sizer()

    assert get_ai_sizer() is first
    assert capsys.readouterr().out.count("initialized: mode=shadow") == 1
    get_ai_sizer.cache_clear()
