"""Incidents of the wire: what one side wrote was not what the other side read."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.example_ai import Blunder, distort
from bridge_patch.adapters.inbox import BusInbox
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.wire.schema import FIELDS, NUMBERS, Stated
from bridge_patch.app.contract.ai_sizer import AISizerPolicy, SizingConfig
from bridge_patch.app.contract.trade_intent import TradeIntent, validate_trade_intent
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import (
    LiveIntent,
    Mode,
    ReduceIntent,
    RiskBudget,
    ShadowIntent,
    Side,
    UnixMs,
)
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.services.messages import Delivery, Poison
from tests.wire.outcomes import SETTLED
from tests.wire.samples import (
    NOON,
    NOON_TEXT,
    close,
    delivered,
    draft,
    entry,
    envelope,
    exit_at_market,
    fault_heads,
    faults,
    reduction,
    sound,
)

D = Decimal


def over_the_bus(*messages: Envelope) -> tuple[Delivery, ...]:
    """What the execution side makes of messages that were put on a bus."""

    async def carried() -> tuple[Delivery, ...]:
        clock = ManualClock(NOON)
        bus = MemoryBus(MemoryStreams(), clock)
        await bus.publish([Post(TRADE_INTENT, message) for message in messages])
        inbox = BusInbox(
            bus, consumer="one", mode=Mode.LIVE, clock=clock, age_max_ms=60_000
        )
        found = await inbox.read(len(messages), 0)
        return tuple(
            one if isinstance(one, Delivery) else inbox.whole(one) for one in found
        )

    return asyncio.run(carried())


@pytest.mark.parametrize(
    ("flag", "head"),
    [
        ({"reduceOnly": True}, "REDUCE_FLAG reduceOnly"),
        ({"reduce-only": True}, 'REDUCE_FLAG "reduce-only"'),
        ({"reduceonly": True}, "REDUCE_FLAG reduceonly"),
        ({"REDUCE_ONLY": True}, "REDUCE_FLAG REDUCE_ONLY"),
        ({"reduce_onyl": True}, "REDUCE_FLAG reduce_onyl"),
        ({"redcue_only": True}, "REDUCE_FLAG redcue_only"),
        ({"reduce": True}, "REDUCE_FLAG reduce"),
        ({"is_reduce_only": True}, "REDUCE_FLAG is_reduce_only"),
        ({"closePosition": True}, "REDUCE_FLAG closePosition"),
        ({"reduce_only ": True}, 'REDUCE_FLAG "reduce_only "'),
        ({"reduce_only": True, "reduceOnly": True}, "REDUCE_FLAG reduceOnly"),
        ({"reduce_only": "true"}, "WRONG_TYPE reduce_only"),
        ({"reduce_only": 1}, "WRONG_TYPE reduce_only"),
        ({"reduce_only": None}, "WRONG_TYPE reduce_only"),
        ({"reduce_only": []}, "WRONG_TYPE reduce_only"),
        ({"stop_move_to": 59000}, "REDUCE_FLAG stop_move_to"),
    ],
)
def test_exit_without_a_valid_reduce_flag_is_refused(
    flag: dict[str, Any], head: str
) -> None:
    """M-01: an absent flag meant false, one side wrote reduceOnly: exits became entries.

    CLOSE needs no flag. BUY and SELL without one are entries by the contract, and what only
    an exit can say is refused in them; whether a position stands is the Governor's to ask.
    """
    for side in Side:
        exit_order = sound(action=side.value, reduce_only=True, stop_loss=...)
        exit_order.pop("take_profit")
        assert reduction(exit_order).side is side

        exit_order.pop("reduce_only")
        assert fault_heads(exit_order | flag) == {head}

    assert isinstance(reduction(close()), ReduceIntent)  # CLOSE reduces without a flag
    assert reduction(close(reduce_only=False)).side is None


def test_producer_and_consumer_share_one_codec() -> None:
    """M-02: written under payload, read under data: 25 hours without an order."""
    asked = draft()
    sent = codec.encode_draft(asked)
    unknown = json.dumps(json.loads(sent.payload or "") | {"future_field": {"x": [1]}})
    misplaced = Envelope(
        tuple(("data" if k == "payload" else k, v) for k, v in sent.fields)
    )
    first, extended, set_aside, last = over_the_bus(
        sent, envelope(unknown), misplaced, codec.encode_reduce(exit_at_market())
    )

    assert isinstance(first.content, LiveIntent)
    got = first.content.entry
    assert (got.id, got.symbol, got.side) == (asked.id, asked.symbol, asked.side)
    assert (got.confidence, got.proposal) == (asked.confidence, asked.proposal)
    assert (got.stop, got.policy) == (asked.stop, asked.policy)
    assert (got.created_ms, got.source) == (asked.created_ms, asked.source)
    assert extended.content == first.content
    assert extended.payload == unknown
    assert isinstance(set_aside.content, Poison)
    assert set_aside.content.faults == (
        "WRONG_PLACE payload: the message must stand under `payload`, was under `data`",
    )
    assert last.content == exit_at_market()


def produced() -> list[tuple[str, Envelope]]:
    """A message of every producer in the tree, in every mode, side and shape it has."""
    found = [
        (f"engine {mode} {side}", codec.encode_draft(draft(mode=mode, side=side)))
        for mode in Mode
        for side in Side
    ]
    honest = [b for b in Blunder if b not in {Blunder.NAN, Blunder.WRONG_SIDE_STOP}]
    found += [
        (f"example AI {blunder}", codec.encode_draft(spoilt))
        for blunder in honest
        for spoilt in distort(draft(blunder=blunder))
    ]
    found += [
        (f"exit {changes}", codec.encode_reduce(exit_at_market(**changes)))
        for changes in (
            {},
            {"side": Side.SELL, "quantity": Quantity(D("0.5"))},
            {"stop_at": Price(D(59000))},
            {"simulate": True},
        )
    ]
    for mode in Mode:
        sizer = AISizerPolicy(SizingConfig(ai_sizing_mode=mode.value))
        bare = sound(position_size_usd=..., leverage=..., harvest_policy=...)
        bare = {k: v for k, v in bare.items() if not k.startswith("ai_")}
        for confidence in (0.85, 0.53):  # the second abstains
            payload = sizer.inject_into_payload(dict(bare), confidence, 1.0, 10_000.0)
            found.append((f"sizer {mode} {confidence}", envelope(payload)))
    for intent in (TradeIntent(**sound()), TradeIntent(**close())):
        found.append((f"TradeIntent {intent.action}", envelope(intent.to_payload())))
        found.append((f"normalized {intent.action}", envelope(intent.normalized())))
    return found


def test_every_producer_emits_intents_the_codec_accepts() -> None:
    """M-03: side was renamed action on one side only: 18 hours without exits."""
    messages = produced()
    assert len(messages) > 20
    for name, message in messages:
        content = delivered(message).content
        assert isinstance(content, LiveIntent | ShadowIntent | ReduceIntent), (
            name,
            content,
        )

    assert fault_heads(sound(action="BUY", side="SELL")) == {"CONTRADICTION side"}
    assert fault_heads(sound(action=...)) == {"MISSING action"}
    assert not faults(sound(action="BUY", side="BUY"))


def test_no_schema_field_is_lost_on_the_wire() -> None:
    """M-04: a hand-kept list of fields dropped four, and a $1 budget became $500."""
    full = sound(
        schema="1.2",
        mode="live",
        side="BUY",
        reduce_only=False,
        stop_loss_pct=2,
        take_profit_pct=5,
        valid_until="2025-05-04T12:00:30Z",
        limits_hash="0123456789ab",
        build="0.1.0",
    )
    moved = close(stop_move_to=59000)
    assert {*full, *moved} == set(FIELDS)
    assert set(Stated.__struct_fields__) | {"side"} == set(FIELDS)

    ours = codec.encode_draft(replace(draft(), risk_budget=RiskBudget(D(1))))
    got, stop, dollar = over_the_bus(envelope(full), envelope(moved), ours)
    assert isinstance(dollar.content, LiveIntent)
    assert dollar.content.entry.risk_budget == RiskBudget(D(1))
    assert json.loads(got.payload) == full
    assert isinstance(got.content, LiveIntent)
    whole = got.content.entry
    assert whole.risk_budget == RiskBudget(D(20))
    assert whole.policy is not None
    assert whole.policy.mode == "swing"
    assert whole.valid_until_ms == UnixMs(NOON + 30_000)
    assert isinstance(stop.content, ReduceIntent)
    assert stop.content.stop_at == Price(D(59000))
    flagged = reduction(sound(reduce_only=True, reason="SL_HIT"))
    assert (flagged.reason, flagged.quantity) == ("SL_HIT", Quantity(D("0.5")))
    for name in FIELDS:  # each is read: a wrong value in it is noticed
        assert any(name in head for head in fault_heads(full | {name: {"wrong": 1}})), name


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_non_finite_number_never_crosses_the_wire(word: str) -> None:
    """M-05: a bare NaN passed the validator and reached the exchange as the quantity."""
    assert not faults(sound())
    for name in NUMBERS:
        text = json.dumps(sound(**{name: "@@"})).replace('"@@"', word)
        assert f"NOT_FINITE {name}" in fault_heads(text)
    policy = json.dumps(sound(harvest_policy={"mode": "swing", "trail_pct": "@@"}))
    assert fault_heads(policy.replace('"@@"', word)) == {
        "NOT_FINITE harvest_policy.trail_pct"
    }

    codec.encode_result(SETTLED)
    codec.encode_event(SETTLED)
    broken = replace(SETTLED, filled_quantity_base=D(word))
    for encode in (codec.encode_result, codec.encode_event):
        with pytest.raises(InvalidValueError):
            encode(broken)


WRONG: dict[str, list[Any]] = {
    "position_size_usd": [-5000, 0, "500", None, True],
    "leverage": [500, 0, "10", None, True],
    "ai_size_usd": [-5000, 0, "452", None, False],
    "ai_leverage": [500, 0.5, "15", None, True],
    "ai_harvest_policy": ["yolo", {"mode": "yolo"}, {}, None, 1],
    "harvest_policy": ["yolo", {"mode": "swing", "trail_pct": "1"}, None, True],
    "risk_budget_usd": [-1, "20", None, True],
    "entry_price": [0, -1, "60000", None],
    "stop_loss": [0, -1, "58800", None],
    "take_profit": [0, "63000", None],
    "stop_loss_pct": [0, 100, "2", None],
    "take_profit_pct": [-1, "2", None],
    "quantity": [0, -1, "1", None],
    "reason": [1, None, ["a"]],
    "source": [1, None],
    "intent_id": ["", 1, None],
    "schema": ["9.9", 1.1, None],
    "mode": ["LIVE", "trending", 1, None],
    "valid_until": ["soon", 1, None],
    "action": ["BANANA", 1, None],
    "confidence": [True, "0.9", None, 1.5],
}


@pytest.mark.parametrize("name", WRONG)
def test_optional_fields_are_checked_like_required_ones(name: str) -> None:
    """M-06: size -5000, leverage 500, mode yolo, confidence True, action BANANA passed."""
    for value in WRONG[name]:
        bad, good = over_the_bus(envelope(sound(**{name: value})), envelope(sound()))
        assert isinstance(bad.content, Poison), value
        assert any(name in fault for fault in bad.content.faults)
        assert bad.content.faults[0].split()[0].isupper()
        assert isinstance(good.content, LiveIntent)
        assert validate_trade_intent(sound(**{name: value}), now_ms=NOON)


def test_symbol_is_exact_listed_and_never_defaulted() -> None:
    """M-07: two traded symbols were refused, a newline passed, a missing one became BTC.

    Here: exact and never defaulted. Listed is the Governor's, which asks the venue's rules
    for the whole symbol and refuses what has none.
    """
    for symbol in ("1000PEPEUSDT", "OPUSDT", "ETHUSDT", "ETHFIUSDT"):
        assert entry(sound(symbol=symbol)).symbol == symbol
        assert reduction(close(symbol=symbol)).symbol == symbol
    wrong: list[Any] = ["BTCUSDT\n", " BTCUSDT", "btcusdt", "BTC-USDT", "", None, 1, ["B"]]
    for bad in [*wrong, "\uff22TCUSDT"]:
        for sent in (sound(symbol=bad), close(symbol=bad)):
            assert {head.split()[1] for head in fault_heads(sent)} == {"symbol"}
    for sent in (sound(symbol=...), close(symbol=...), {"timestamp": NOON_TEXT}):
        assert "MISSING symbol" in fault_heads(sent)
