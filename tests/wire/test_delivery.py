"""What a message asks for: which values count, in which mode, and what reduces."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import (
    LiveIntent,
    Mode,
    ReduceIntent,
    RiskBudget,
    ShadowIntent,
    Side,
    StopDistance,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Price, Quantity
from tests.wire.samples import (
    NOON,
    close,
    delivered,
    entry,
    envelope,
    fault_heads,
    faults,
    proposal,
    reduction,
    sound,
)

D = Decimal
SWING = POLICIES[HarvestMode.SWING]
RUNNER = HarvestPolicy(
    mode=HarvestMode.TREND_RUNNER,
    trail_pct=D("2.5"),
    hold_max_sec=7200,
    partial_trigger_pct=D(3),
    partial_close_fraction=D("0.5"),
)


def test_a_sound_message_is_understood_whole() -> None:
    got = entry(sound())

    assert (got.id, got.symbol, got.side, got.source) == (
        "i-1",
        "BTCUSDT",
        Side.BUY,
        "strategy",
    )
    assert got.confidence.value == D("0.85")
    assert got.stop == StopDistance(D("0.02"))  # 58,800 is 2 % below 60,000
    assert got.risk_budget == RiskBudget(D(20))
    assert got.reference_price == Price(D(60000))
    assert got.created_ms == NOON
    assert got.valid_until_ms is None


def test_a_delivery_keeps_the_text_as_it_came() -> None:
    """Unknown fields are part of the record, so the text is kept and not the fields."""
    text = '{"symbol":"BTCUSDT",  "action":"BUY","confidence":1.0,"x":{"y":[1,2]},'
    text += '"timestamp":"2025-05-04T12:00:00Z"}'
    got = delivered(text)

    assert isinstance(got.content, LiveIntent)
    assert (got.payload, got.entry_id) == (text, "7-0")


@pytest.mark.parametrize(
    ("mode", "drop", "margin", "leverage", "policy"),
    [
        (Mode.LIVE, [], "500", "10", SWING),
        (Mode.LIVE, ["position_size_usd"], "452.25", "10", SWING),
        (Mode.LIVE, ["leverage", "harvest_policy"], "500", "15.5", RUNNER),
        (Mode.SHADOW, [], "452.25", "15.5", RUNNER),
        (Mode.SHADOW, ["ai_leverage"], "452.25", "10", RUNNER),
        (Mode.SHADOW, ["ai_size_usd", "ai_harvest_policy"], "500", "15.5", SWING),
    ],
)
def test_which_values_are_judged(
    mode: Mode, drop: list[str], margin: str, leverage: str, policy: HarvestPolicy
) -> None:
    """LIVE reads its own fields first and SHADOW the AI's, each field by itself."""
    got = entry(sound(**dict.fromkeys(drop, ...)), mode=mode)

    assert got.proposal == proposal(margin, leverage)
    assert got.policy == policy


@pytest.mark.parametrize(
    ("drop", "missing"),
    [
        (("position_size_usd", "ai_size_usd"), "position_size_usd nor ai_size_usd"),
        (("leverage", "ai_leverage"), "leverage nor ai_leverage"),
    ],
)
def test_a_message_without_a_size_is_valid_and_proposes_nothing(
    drop: tuple[str, ...], missing: str
) -> None:
    """The Governor refuses it, so that it ends in a result."""
    got = entry(sound(**dict.fromkeys(drop, ...))).proposal

    assert isinstance(got, Unknown)
    assert missing in got.why


def test_a_message_without_a_policy_states_none() -> None:
    assert entry(sound(harvest_policy=..., ai_harvest_policy=...)).policy is None


@pytest.mark.parametrize(
    ("service", "stated", "live"),
    [
        (Mode.LIVE, ..., True),
        (Mode.LIVE, "live", True),
        (Mode.LIVE, "shadow", False),
        (Mode.SHADOW, ..., False),
        (Mode.SHADOW, "live", False),
        (Mode.SHADOW, "shadow", False),
    ],
)
def test_shadow_wins(service: Mode, stated: Any, live: bool) -> None:
    """A message may lower the service's mode and never raise it."""
    content = delivered(sound(mode=stated), mode=service).content

    assert isinstance(content, LiveIntent if live else ShadowIntent)


@pytest.mark.parametrize("flag", [..., True, False])
def test_close_reduces_flag_or_no_flag(flag: Any) -> None:
    got = reduction(close(reduce_only=flag))

    assert (got.side, got.quantity, got.stop_at, got.simulate) == (None, None, None, False)
    assert (got.symbol, got.created_ms, got.source) == ("BTCUSDT", NOON, "sender")
    assert reduction(close(reduceOnly=flag)) == got  # whatever else is said about it


def test_a_flagged_sell_reduces_by_its_quantity() -> None:
    got = reduction(sound(action="SELL", reduce_only=True, reason="part\nof it"))

    assert got.side is Side.SELL
    assert got.quantity == Quantity(D("0.5"))
    assert got.reason == "part of it"


def test_a_reduction_is_not_held_up_by_what_concerns_entries_only() -> None:
    """A stop that would be wrong for an entry says nothing about an exit."""
    stated = sound(action="CLOSE", schema="1.0", stop_loss=61000)
    stated = {k: v for k, v in stated.items() if k not in {"position_size_usd", "leverage"}}

    assert isinstance(delivered(stated).content, ReduceIntent)


def test_a_flag_that_says_false_makes_an_entry() -> None:
    assert isinstance(delivered(sound(reduce_only=False)).content, LiveIntent)


def test_a_resting_stop_can_be_moved() -> None:
    assert reduction(close(stop_move_to=59000.5)).stop_at == Price(D("59000.5"))
    assert fault_heads(sound(stop_move_to=59000)) == {"REDUCE_FLAG stop_move_to"}
    assert fault_heads(close(stop_move_to=59000, quantity=1)) == {"CONTRADICTION quantity"}


@pytest.mark.parametrize(
    ("mode", "simulate"), [(..., False), ("live", False), ("shadow", True)]
)
def test_a_reduction_that_says_shadow_leaves_the_venue_alone(
    mode: Any, simulate: bool
) -> None:
    assert reduction(close(mode=mode)).simulate is simulate


def test_side_is_the_old_name_of_action() -> None:
    """Still accepted, and told, so that its last users can be found."""
    got = delivered(sound(action=..., side="SELL", stop_loss=61200, take_profit=55000))

    assert isinstance(got.content, LiveIntent)
    assert got.content.entry.side is Side.SELL
    assert got.notes == ("`side` is the old name of `action`",)
    assert delivered(sound()).notes == ()
    assert delivered(sound(side="BUY")).notes != ()


@pytest.mark.parametrize(
    ("changes", "stop"),
    [
        ({}, StopDistance(D("0.02"))),
        ({"stop_loss": 58800, "stop_loss_pct": 2.1}, StopDistance(D("0.021"))),
        ({"stop_loss": ..., "stop_loss_pct": 1.5}, StopDistance(D("0.015"))),
        (
            {"action": "SELL", "stop_loss": 61500, "take_profit": 1},
            StopDistance(D("0.025")),
        ),
        ({"stop_loss": ...}, Unknown("no stop stated")),
        (
            {"entry_price": ...},
            Unknown("stop_loss is stated without entry_price or stop_loss_pct"),
        ),
    ],
)
def test_the_stop_comes_from_percent_or_price(
    changes: dict[str, Any], stop: StopDistance | Unknown
) -> None:
    """Of two that agree the wider one counts: it loses more, so it is judged harder."""
    assert entry(sound(**changes)).stop == stop


def test_a_budget_of_zero_is_a_budget() -> None:
    assert entry(sound(risk_budget_usd=0)).risk_budget == RiskBudget(D(0))
    assert entry(sound(risk_budget_usd=...)).risk_budget is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-05-04T12:00:00Z", NOON),
        ("2025-05-04T14:00:00.000+02:00", NOON),
        ("2025-05-04T12:00:00.999999+00:00", NOON + 999),
        ("2025-05-04T12:00:01Z", NOON + 1000),
        ("2024-12-31T23:59:59Z", 1_735_689_599_000),
    ],
)
def test_a_timestamp_is_an_instant_up_to_a_second_ahead(text: str, at: int) -> None:
    """How old it may be is the execution service's business, not the codec's."""
    assert entry(sound(timestamp=text)).created_ms == at


def test_an_entry_can_say_when_it_ends() -> None:
    """An instant that has passed is still well formed: execution lets it expire."""
    got = entry(sound(valid_until="2025-05-04T11:59:00Z"))

    assert got.valid_until_ms == UnixMs(NOON - 60_000)


def test_numbers_are_read_from_their_digits() -> None:
    """Through a float the first would be 0.1000000000000000055 and the second 1e22."""
    text = envelope(sound()).payload or ""
    exact = "9999999999999999999999.99"
    text = text.replace('"position_size_usd": 500', f'"position_size_usd": {exact}')
    text = text.replace('"confidence": 0.85', '"confidence": 0.1000000000000000000001')
    got = entry(text)

    assert got.proposal == proposal(exact, "10")
    assert got.confidence.value == D("0.1000000000000000000001")


def test_a_message_without_an_id_is_named_after_its_content() -> None:
    """The same content sent twice is one intent; order, spaces and zeros change nothing."""
    one = entry(
        '{"symbol":"BTCUSDT","action":"BUY","confidence":0.50,"leverage":10,'
        '"timestamp":"2025-05-04T12:00:00Z"}'
    )
    same = entry(
        '{"action": "BUY", "symbol": "BTCUSDT", "leverage": 1.0e1,'
        ' "timestamp":"2025-05-04T12:00:00Z", "confidence": 0.5}'
    )
    other = entry(
        '{"symbol":"BTCUSDT","action":"BUY","confidence":0.51,"leverage":10,'
        '"timestamp":"2025-05-04T12:00:00Z"}'
    )

    assert one.id == same.id != other.id
    assert one.id.startswith("c-")
    assert len(one.id) == 2 + 32


@pytest.mark.parametrize("schema", ["1.0", "1.1", "1.2"])
def test_every_schema_is_read(schema: str) -> None:
    assert isinstance(delivered(sound(schema=schema)).content, LiveIntent)


def test_only_1_0_requires_a_size() -> None:
    bare = {"position_size_usd": ..., "leverage": ...}

    assert fault_heads(sound(schema="1.0", **bare)) == {
        "MISSING position_size_usd",
        "MISSING leverage",
    }
    assert not faults(sound(schema="1.1", **bare))
    assert not faults(sound(**bare))


@pytest.mark.parametrize(
    ("sender", "source"),
    [("desk 3", "desk 3"), ("a\nb", ""), ("\udcff", ""), ("x" * 129, "")],
)
def test_the_sender_stands_in_for_a_source_if_it_is_plain(sender: str, source: str) -> None:
    fields = envelope(sound(source=...)).fields[:3]

    assert entry(Envelope((*fields, ("source", sender)))).source == source
