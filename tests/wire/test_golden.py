"""Golden messages: one file per schema version and shape. Adding one is free.

A change to a file changes what other programs, and our own journals, have already written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    IntentId,
    LiveIntent,
    ReduceIntent,
    RiskBudget,
    ShadowIntent,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Price, Quantity
from tests.wire.outcomes import (
    ADOPT,
    BARRIER,
    BLIND_TURN,
    CLOSE_ORDER,
    COSTLY,
    DEAD,
    EXIT_TURN,
    EXPIRED,
    FUNDED,
    HALT,
    LATE,
    POSITION,
    PROMOTE,
    REARM,
    SETTLED,
    TERMS,
    TICK,
)
from tests.wire.samples import NOON, delivered, draft, exit_at_market, proposal

D = Decimal
GOLDEN = Path(__file__).parent / "golden"


def stored(name: str) -> Envelope:
    fields = json.loads((GOLDEN / f"{name}.json").read_text())["fields"]
    return Envelope(tuple((key, value) for key, value in fields.items()))


def asked(**changes: Any) -> Entry:
    """What most of the golden entries have in common."""
    common: dict[str, Any] = {
        "symbol": Symbol("BTCUSDT"),
        "side": Side.BUY,
        "confidence": Confidence(D("0.95")),
        "stop": Unknown("no stop stated"),
        "risk_budget": None,
        "policy": None,
        "reference_price": None,
        "created_ms": NOON,
        "valid_until_ms": None,
    }
    return Entry(**(common | changes))


READ = {
    "trade_intent_1_0_buy": LiveIntent(
        asked(
            id=IntentId("c-228a229100a4e442336b2fbc7026989b"),
            proposal=proposal("100.0", "10"),
            stop=StopDistance(D("0.02272727272727272727272727273")),  # 2,000 of 88,000
            reference_price=Price(D(88000)),
            source="strategy-router",
        )
    ),
    "trade_intent_1_1_ai": LiveIntent(
        asked(
            id=IntentId("c-a15640a183594b16aeb6fc8d93346c74"),
            side=Side.SELL,
            proposal=proposal("452.0", "15.5"),
            policy=HarvestPolicy(
                mode=HarvestMode.SCALPER,
                trail_pct=D("0.4"),
                hold_max_sec=900,
                partial_trigger_pct=D(1),
                partial_close_fraction=D("0.6"),
                trail_after_partial=True,
            ),
            stop=StopDistance(D("0.02")),
            risk_budget=RiskBudget(D(25)),
            source="ai-engine",
        )
    ),
    "trade_intent_1_2_shadow": ShadowIntent(
        asked(
            id=IntentId("run-7/42"),
            symbol=Symbol("OPUSDT"),
            proposal=proposal("64", "20"),
            policy=POLICIES[HarvestMode.SWING],
            valid_until_ms=UnixMs(NOON + 30_000),
            source="llm",
        )
    ),
    "trade_intent_1_0_side": LiveIntent(
        asked(
            id=IntentId("c-cd04f11cbf1396c7b655fbc081c89b3e"),
            proposal=proposal("100", "5"),
            source="old-writer",
        )
    ),
    "trade_intent_close": ReduceIntent(
        id=IntentId("c-35d42d2f4b3281f3efd7fb90980e47e2"),
        symbol=Symbol("BTCUSDT"),
        side=None,
        quantity=None,
        stop_at=None,
        simulate=False,
        reason="SL_HIT",
        created_ms=NOON,
        source="exit_monitor",
    ),
}
OURS: dict[str, tuple[Callable[[Any], Envelope], Any]] = {
    "trade_intent_1_2_full": (codec.encode_draft, draft()),
    "exit_close": (codec.encode_reduce, exit_at_market()),
    "exit_reduce_only_sell": (
        codec.encode_reduce,
        exit_at_market(side=Side.SELL, quantity=Quantity(D("0.0375"))),
    ),
    "exit_stop_move": (
        codec.encode_reduce,
        exit_at_market(stop_at=Price(D("59400.1")), simulate=True),
    ),
    "execution_result": (codec.encode_result, SETTLED),
    "execution_result_expired": (codec.encode_result, EXPIRED),
    "position_update": (codec.encode_position, POSITION),
    "position_update_costs": (codec.encode_position, COSTLY),
    "dead_letter": (codec.encode_dead_letter, DEAD),
    "dead_letter_late": (codec.encode_late_letter, LATE),
    "market_tick": (codec.encode_tick, TICK),
    "market_tick_funding": (codec.encode_tick, FUNDED),
    "replay_barrier": (codec.encode_barrier, BARRIER),
    "exit_turn": (codec.encode_exit_turn, EXIT_TURN),
    "exit_turn_blind": (codec.encode_exit_turn, BLIND_TURN),
    "market_tick_terms": (codec.encode_tick, TERMS),
    "control_halt": (codec.encode_command, HALT),
    "control_rearm": (codec.encode_command, REARM),
    "control_adopt": (codec.encode_command, ADOPT),
    "control_close": (codec.encode_command, CLOSE_ORDER),
    "control_promote": (codec.encode_command, PROMOTE),
}
BACK: dict[str, Callable[[Envelope], Any]] = {
    "execution_result": codec.decode_result,
    "execution_result_expired": codec.decode_result,
    "position_update": codec.decode_position,
    "position_update_costs": codec.decode_position,
    "dead_letter": codec.decode_dead_letter,
    "market_tick": codec.decode_tick,
    "market_tick_funding": codec.decode_tick,
    "replay_barrier": codec.decode_barrier,
    "exit_turn": codec.decode_exit_turn,
    "exit_turn_blind": codec.decode_exit_turn,
    "market_tick_terms": codec.decode_tick,
    "control_halt": codec.decode_command,
    "control_rearm": codec.decode_command,
    "control_adopt": codec.decode_command,
    "control_close": codec.decode_command,
    "control_promote": codec.decode_command,
}


def test_every_golden_file_is_read() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*READ, *OURS}


@pytest.mark.parametrize("name", READ)
def test_a_message_of_any_age_is_read_to_the_stated_value(name: str) -> None:
    """Ids derived from content are part of it: a moved id would be a second order."""
    assert delivered(stored(name)).content == READ[name]


@pytest.mark.parametrize("name", OURS)
def test_what_we_write_has_not_moved(name: str) -> None:
    encode, value = OURS[name]

    assert encode(value) == stored(name)


@pytest.mark.parametrize("name", BACK)
def test_what_we_wrote_is_read_to_the_stated_value(name: str) -> None:
    assert BACK[name](stored(name)) == OURS[name][1]


@pytest.mark.parametrize("name", ["exit_close", "exit_reduce_only_sell", "exit_stop_move"])
def test_our_exits_are_read_as_they_were_meant(name: str) -> None:
    assert delivered(stored(name)).content == OURS[name][1]
