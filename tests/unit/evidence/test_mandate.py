"""What a person recorded about the mode, and what it covers."""

from dataclasses import replace

import pytest

from bridge_patch.domain.events import ModeOrdered
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.evidence.mandate import Gate, Mandate, Standing

AT = UnixMs(1_746_403_200_000)
HOUR_MS = 3_600_000
PROMOTION = ModeOrdered(
    at_ms=AT,
    mode=Mode.LIVE,
    who="ann",
    why="a day without a fault",
    limits_hash="l-1",
    market="live:binance",
    evidence="24.0 h in 1 runs",
)
BACK = ModeOrdered(at_ms=UnixMs(AT + 1), mode=Mode.SHADOW, who="bob", why="odd fills")


def gate(
    *orders: ModeOrdered,
    mode: Mode = Mode.LIVE,
    limits_hash: str = "l-1",
    market: str = "live:binance",
    now_ms: int = AT + 2,
) -> Gate:
    mandate = Mandate()
    for order in orders:
        mandate.apply(order)
    return mandate.gate(mode, limits_hash=limits_hash, market=market, now_ms=UnixMs(now_ms))


def test_a_promotion_covers_the_limits_and_the_market_it_names() -> None:
    passed = gate(PROMOTION)

    assert passed.passed
    assert str(passed) == ("PROMOTED: by ann, 2025-05-05 00:00 UTC: a day without a fault")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (gate(), "no promotion is recorded"),
        (gate(PROMOTION, limits_hash="l-2"), "for limits l-1, not l-2"),
        (gate(PROMOTION, market="replay"), "for live:binance, not replay"),
        (gate(PROMOTION, BACK), "ordered back to shadow by bob"),
    ],
)
def test_a_live_start_that_nothing_covers_is_unpromoted(found: Gate, why: str) -> None:
    assert not found.passed
    assert found.standing is Standing.UNPROMOTED
    assert why in found.why


def test_a_new_promotion_counts_after_an_order_back() -> None:
    assert gate(PROMOTION, BACK, replace(PROMOTION, at_ms=UnixMs(AT + 2))).passed


def test_an_override_ends_by_itself() -> None:
    override = replace(PROMOTION, expires_ms=UnixMs(AT + HOUR_MS))

    before, after = gate(override), gate(override, now_ms=AT + HOUR_MS)
    assert before.standing is Standing.OVERRIDDEN
    assert before.passed
    assert "until 2025-05-05 01:00 UTC, by ann" in before.why
    assert not after.passed
    assert "the override ended 2025-05-05 01:00 UTC" in after.why


def test_shadow_needs_nothing() -> None:
    assert gate(mode=Mode.SHADOW).passed
    assert gate(BACK, mode=Mode.SHADOW).standing is Standing.SHADOW
