"""Bad input ends as a list of faults: never as an exception, never as a trade."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.lines.text import word
from bridge_patch.adapters.wire.schema import NUMBERS, WORDS
from bridge_patch.domain.intent import LiveIntent, Mode, ReduceIntent, ShadowIntent
from bridge_patch.services.messages import Poison
from tests.wire.samples import (
    close,
    delivered,
    fault_heads,
    faults,
    sound,
)


def raw(name: str, value: str) -> str:
    """A sound message in which one field has this JSON text."""
    return json.dumps(sound(**{name: "@@"})).replace('"@@"', value)


def test_the_sound_messages_are_understood() -> None:
    """A codec that refuses everything would pass all that follows."""
    assert isinstance(delivered(sound()).content, LiveIntent)
    assert isinstance(delivered(sound(), mode=Mode.SHADOW).content, ShadowIntent)
    assert isinstance(delivered(close()).content, ReduceIntent)
    assert isinstance(delivered(raw("leverage", "12")).content, LiveIntent)


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("", "NOT_JSON payload"),
        ("BTCUSDT", "NOT_JSON payload"),
        ('{"symbol":', "NOT_JSON payload"),
        ("{'symbol': 1}", "NOT_JSON payload"),
        ('{"a":1}{"b":2}', "NOT_JSON payload"),
        ("\ufeff{}", "NOT_JSON payload"),
        ("\udcff\udcfe", "NOT_JSON payload"),
        (raw("x", '"\udcff"'), "NOT_JSON payload"),
        ("[]", "WRONG_TYPE payload"),
        ('[{"symbol":"BTCUSDT"}]', "WRONG_TYPE payload"),
        ("null", "WRONG_TYPE payload"),
        ("NaN", "WRONG_TYPE payload"),
        ('"text"', "WRONG_TYPE payload"),
        ("1e400", "WRONG_TYPE payload"),
        ("[" * 100_000, "TOO_LARGE payload"),
        ('{"a":' * 100_000, "TOO_LARGE payload"),
    ],
)
def test_what_is_no_json_object_is_set_aside(text: str, head: str) -> None:
    got = delivered(text)

    assert isinstance(got.content, Poison)
    assert [fault.split(":")[0] for fault in got.content.faults] == [head]
    assert got.payload == text


def test_five_megabytes_are_set_aside_unread_and_kept() -> None:
    text = json.dumps(sound(reason="x" * 5_000_000))
    got = delivered(text)

    assert isinstance(got.content, Poison)
    (fault,) = got.content.faults
    assert fault.startswith("TOO_LARGE payload: must be at most 1048576 bytes, was 50004")
    assert got.payload == text
    two_bytes = json.dumps(sound(x="@@")).replace("@@", "é" * 500_000)
    assert not faults(two_bytes)
    assert fault_heads(two_bytes.replace("é", "é1")) == {"TOO_LARGE payload"}


def test_the_message_under_data_is_set_aside_with_a_hint() -> None:
    """Writer and reader once disagreed about this name for 25 hours."""
    text = json.dumps(sound())
    fields = (("event_type", "trade.intent"), ("data", text), ("source", "s"))
    got = delivered(Envelope(fields))

    assert isinstance(got.content, Poison)
    assert got.content.faults == (
        "WRONG_PLACE payload: the message must stand under `payload`, was under `data`",
    )
    assert json.loads(got.payload) == [list(pair) for pair in fields]
    assert "WRONG_PLACE data" in fault_heads({"data": sound()})
    assert not faults(sound(data={"symbol": "X"}))


@pytest.mark.parametrize(
    ("fields", "heads"),
    [
        ((), {"NOT_A_CHOICE event_type", "WRONG_PLACE payload"}),
        ((("payload", json.dumps(sound())),), {"NOT_A_CHOICE event_type"}),
        (
            (("event_type", "trade.signal"), ("payload", json.dumps(sound()))),
            {"NOT_A_CHOICE event_type"},
        ),
        (
            (("event_type", "trade.intent"), ("payload", "{}"), ("payload", "{}")),
            {"STATED_TWICE payload"},
        ),
        (
            (("event_type", "trade.intent"), ("payload", ""), ("data", raw("x", "1"))),
            {"NOT_JSON payload"},
        ),
    ],
)
def test_an_envelope_must_be_of_the_contract(
    fields: tuple[tuple[str, str], ...], heads: set[str]
) -> None:
    assert fault_heads(Envelope(fields)) == heads


@pytest.mark.parametrize("name", ["symbol", "action", "confidence", "timestamp"])
def test_a_required_field_must_be_stated(name: str) -> None:
    assert fault_heads(sound(**{name: ...})) == {f"MISSING {name}"}
    assert fault_heads(close(**{name: ...})) == {f"MISSING {name}"}


WRONG_NUMBERS = [
    '"15"',
    "true",
    "null",
    "{}",
    "[]",
    '""',
    "NaN",
    "-Infinity",
    "1e400",
    "-1",
]


@pytest.mark.parametrize("text", [*WRONG_NUMBERS, "1" * 401, "1e-400", "1" + "0" * 5000])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_a_finite_json_number_in_its_range(name: str, text: str) -> None:
    found = {head.split()[1] for head in fault_heads(raw(name, text))}

    assert name in found


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("confidence", [1.0001, -0.0001], [0, 1, 0.5]),
        ("position_size_usd", [0, -1], [0.01, 1e9]),
        ("ai_size_usd", [0, -5000], [0.01]),
        ("leverage", [0.99, 125.01, 0], [1, 125, 15.5]),
        ("ai_leverage", [500, 0.5], [1, 125]),
        ("risk_budget_usd", [-0.01], [0, 20]),
        ("quantity", [0], [1e-8]),
        ("stop_loss_pct", [0, 100, 150], [2]),
        ("take_profit_pct", [0], [0.1, 400]),
    ],
)
def test_ranges_are_those_of_the_contract(
    name: str, bad: list[float], good: list[float]
) -> None:
    assert [fault_heads(sound(**{name: value})) for value in bad] == [
        {f"OUT_OF_RANGE {name}"} for _ in bad
    ]
    assert [faults(sound(**{name: value})) for value in good] == [() for _ in good]


@pytest.mark.parametrize("name", [*WORDS, "symbol", "source", "reason", "intent_id"])
@pytest.mark.parametrize("value", [1, True, None, [], {}, 1.5])
def test_a_text_is_text(name: str, value: Any) -> None:
    assert f"WRONG_TYPE {name}" in fault_heads(sound(**{name: value}))


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("action", "BANANA", "NOT_A_CHOICE"),
        ("action", "buy", "NOT_A_CHOICE"),
        ("action", "HOLD", "NOT_A_CHOICE"),
        ("mode", "LIVE", "NOT_A_CHOICE"),
        ("mode", "", "NOT_A_CHOICE"),
        ("schema", "2.0", "NOT_A_CHOICE"),
        ("symbol", "", "BAD_TEXT"),
        ("symbol", "btcusdt", "BAD_TEXT"),
        ("symbol", "BTCUSDT\n", "BAD_TEXT"),
        ("symbol", "BTC/USDT", "BAD_TEXT"),
        ("symbol", "B" * 25, "BAD_TEXT"),
        ("intent_id", "", "BAD_TEXT"),
        ("intent_id", "a b", "BAD_TEXT"),
        ("intent_id", "a\x1b[2J", "BAD_TEXT"),
        ("intent_id", "x" * 129, "BAD_TEXT"),
        ("intent_id", "REJECT", "BAD_TEXT"),
        ("intent_id", "run-LIVE-7", "BAD_TEXT"),
        ("intent_id", "[i-1]", "BAD_TEXT"),
        ("intent_id", "intent=i-1", "BAD_TEXT"),
        ("source", "s\r\n", "BAD_TEXT"),
        ("source", "s" * 129, "BAD_TEXT"),
        ("reason", "r" * 2001, "BAD_TEXT"),
        ("side", "SELL", "CONTRADICTION"),
        ("reduce_only", "true", "WRONG_TYPE"),
        ("reduce_only", 1, "WRONG_TYPE"),
        ("reduce_only", None, "WRONG_TYPE"),
    ],
)
def test_one_wrong_word_is_one_fault(name: str, value: Any, code: str) -> None:
    assert fault_heads(sound(**{name: value})) == {f"{code} {name}"}


@pytest.mark.parametrize("intent_id", ["reject", "live-7", "x" * 128, "é~:@#-1"])
def test_the_id_of_an_entry_is_printed_as_it_was_stated(intent_id: str) -> None:
    """One grep for it finds every line about it."""
    assert faults(sound(intent_id=intent_id)) == ()
    assert word(intent_id) == intent_id


def test_no_reduction_and_no_symbol_is_refused_for_a_word_in_its_id() -> None:
    assert faults(close(intent_id="run-LIVE-7")) == ()
    assert faults(sound(action="SELL", reduce_only=True, intent_id="LIVE", side=...)) == ()
    assert faults(sound(symbol="OLIVEUSDT", intent_id="e-OLIVEUSDT-buy-1")) == ()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2099-01-01T00:00:00Z", "IN_THE_FUTURE"),
        ("2025-05-04T12:00:01.001Z", "IN_THE_FUTURE"),
        ("2025-05-04T12:00:00", "BAD_TIME"),
        ("2025-05-04", "BAD_TIME"),
        ("yesterday", "BAD_TIME"),
        ("", "BAD_TIME"),
        ("2025-13-04T12:00:00Z", "BAD_TIME"),
        ("2025-05-04T12:00:00Z" + " " * 99, "BAD_TIME"),
        ("2025-05-04T12:00:00\ud800Z", "BAD_TIME"),
        (1746360000, "WRONG_TYPE"),
        (None, "WRONG_TYPE"),
    ],
)
def test_a_timestamp_is_a_past_instant_with_a_zone(value: Any, code: str) -> None:
    assert fault_heads(sound(timestamp=value)) == {f"{code} timestamp"}


@pytest.mark.parametrize(
    ("action", "prices", "wrong"),
    [
        ("BUY", {"stop_loss": 60000}, "stop_loss"),
        ("BUY", {"stop_loss": 60001}, "stop_loss"),
        ("BUY", {"take_profit": 59999}, "take_profit"),
        ("SELL", {"stop_loss": 59999, "take_profit": 1}, "stop_loss"),
        ("SELL", {"stop_loss": 61000, "take_profit": 60000}, "take_profit"),
        ("BUY", {"entry_price": ..., "stop_loss": 5, "take_profit": 4}, "stop_loss"),
        ("SELL", {"entry_price": ..., "stop_loss": 4, "take_profit": 5}, "stop_loss"),
    ],
)
def test_a_stop_on_the_wrong_side_is_a_fault(
    action: str, prices: dict[str, Any], wrong: str
) -> None:
    assert fault_heads(sound(action=action, **prices)) == {f"STOP_WRONG_SIDE {wrong}"}


def test_two_stops_must_be_one() -> None:
    assert fault_heads(sound(stop_loss_pct=3)) == {"CONTRADICTION stop_loss"}
    far = sound(action="SELL", stop_loss=120_000, take_profit=1)
    assert fault_heads(far) == {"OUT_OF_RANGE stop_loss"}


@pytest.mark.parametrize(
    "text",
    [
        '{"symbol":"BTCUSDT","symbol":"ETHUSDT"}',
        '{"leverage":1,"symbol":"BTCUSDT","symbol":"BTCUSDT"}',
    ],
)
def test_a_name_stated_twice_is_a_fault(text: str) -> None:
    """Which of the two counts would depend on who reads it."""
    assert "STATED_TWICE symbol" in fault_heads(text)
    inner = raw("harvest_policy", '{"mode":"swing","mode":"scalper"}')
    assert fault_heads(inner) == {"STATED_TWICE harvest_policy.mode"}


def test_unknown_fields_are_kept_but_must_be_json() -> None:
    assert not faults(sound(features={"rsi": 71.5, "deep": [[[1]]]}, model=None))
    assert not faults(raw("features", "[1e400, " + "9" * 500 + "]"))
    assert fault_heads(raw("features", '{"rsi":[1,NaN]}')) == {"NOT_FINITE features.rsi[1]"}
    deep = raw("features", "[" * 40 + "]" * 40)
    assert {head.split()[0] for head in fault_heads(deep)} == {"TOO_LARGE"}
    assert fault_heads(sound(**{f"x{n}": n for n in range(1000)})) == {"TOO_LARGE payload"}


def test_all_faults_are_told_at_once() -> None:
    bad = sound(action=..., leverage="15", ai_size_usd=-1, stop_loss=None, reduceOnly=True)

    assert fault_heads(bad) == {
        "MISSING action",
        "WRONG_TYPE leverage",
        "OUT_OF_RANGE ai_size_usd",
        "WRONG_TYPE stop_loss",
        "REDUCE_FLAG reduceOnly",
    }
